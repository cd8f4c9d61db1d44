"""Connecting an account to TikTok and back, over the API and in a browser."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.test import Client

from incidents.models import Account, AuthorizationRequest, Connection, Event
from incidents.services import connections, subscribing, tokens
from tests.factories.access import a_person, a_team, an_api
from tests.factories.connections import a_connected_account
from tests.factories.incidents import an_account
from tests.platforms import OPEN_ID

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def manager(team):
    return a_person(team, "manager")


@pytest.fixture
def api(manager):
    return an_api(manager)


@pytest.fixture
def account(team):
    return an_account(team, network="tiktok", handle="@new", external_id="new")


@pytest.fixture
def fake(connected_tiktok):
    connected_tiktok.tell("modes", allow_http=True)
    return connected_tiktok


def _authorised(api, account, **query):
    """Let the account holder consent, and return where the browser is sent back to."""
    begun = api.post(f"/api/v1/accounts/{account.pk}/authorize/")
    assert begun.status_code == 200, begun.json()
    with requests.Session() as browser:
        browser.trust_env = False
        answer = browser.get(
            begun.json()["authorize_url"], params=query, allow_redirects=False, timeout=30
        )
    back = answer.headers["Location"]
    assert back.startswith("http://testserver/connect/tiktok/?")
    return back.removeprefix("http://testserver")


def test_connects_an_account_and_never_shows_its_tokens(fake, api, account):
    page = Client().get(_authorised(api, account))

    assert page.status_code == 200, page.content
    shown = api.get(f"/api/v1/accounts/{account.pk}/").json()
    assert shown["connection"]["status"] == "connected"
    assert shown["connection"]["subscribed_at"]
    assert shown["connection"]["missing_scopes"] == []
    assert (shown["external_id"], shown["replies_enabled"]) == (OPEN_ID, False)
    assert shown["handle"].startswith("@")
    stored = tokens.credentials_of(account)
    assert stored.access_token not in str(shown)
    assert tokens.client_for(account).profile().external_id == OPEN_ID
    assert Event.objects.filter(kind="account.connected", subject_id=account.pk).count() == 1
    hooked = fake.calls("business/webhook/update/")
    assert len(hooked) == 4


def test_is_good_once_and_not_for_long(fake, api, account, clock):
    back = _authorised(api, account)
    assert Client().get(back).status_code == 200
    assert Client().get(back).status_code == 404

    late = _authorised(api, account)
    clock.move(minutes=11)
    assert Client().get(late).status_code == 404
    assert Client().get("/connect/tiktok/?state=guessed&code=x").status_code == 404


def test_keeps_nothing_of_the_state_but_its_hash(fake, api, account):
    back = _authorised(api, account)
    (state,) = parse_qs(urlsplit(back).query)["state"]
    assert state not in str(AuthorizationRequest.objects.values_list())


def test_says_so_when_the_account_holder_refuses(fake, api, account):
    page = Client().get(_authorised(api, account, fake_deny="1"))

    assert page.status_code == 422
    assert AuthorizationRequest.objects.get().outcome == "access_denied"
    assert not Connection.objects.exists()


def test_refuses_and_gives_back_what_lacks_a_scope_it_needs(fake, api, account, monkeypatch):
    monkeypatch.setattr(connections, "NEEDED", frozenset({"comment.list", "message.nothing"}))
    page = Client().get(_authorised(api, account))

    assert page.status_code == 422
    assert "message.nothing" in page.content.decode()
    assert len(fake.calls("tt_user/oauth2/revoke/")) == 1
    assert not Connection.objects.exists()


def test_is_connected_by_one_team_alone(fake, api, account):
    a_connected_account(a_team(), fake)
    assert Client().get(_authorised(api, account)).status_code == 409
    account.refresh_from_db()
    assert (account.credentials, account.external_id) == ("", "new")


def test_does_not_become_another_account_when_it_is_authorised_again(fake, api, team):
    account = a_connected_account(team, external_id="-000somebodyElse")
    assert Client().get(_authorised(api, account)).status_code == 409
    assert tokens.credentials_of(account).account_external_id == "-000somebodyElse"


def test_is_authorised_again_after_it_was_lost(fake, api, team):
    account = a_connected_account(team, fake)
    Connection.objects.update(status="reauthorization_required")
    assert Client().get(_authorised(api, account)).status_code == 200
    assert tokens.client_for(account).profile().external_id == OPEN_ID


def test_stores_nothing_of_a_refresh_that_began_before_it_was_authorised_again(fake, api, team):
    account = a_connected_account(team, fake)
    stale, row = tokens.credentials_of(account), Connection.objects.get()
    Client().get(_authorised(api, account))
    fresh = tokens.credentials_of(account)
    assert tokens._store(account, row.pk, row.fence, stale) == fresh
    assert tokens.credentials_of(account) == fresh


def test_sets_up_webhooks_later_where_they_could_not_be(fake, api, account, clock):
    fake.tell("faults", path="business/webhook/update/", http=500, times=1)
    assert Client().get(_authorised(api, account)).status_code == 200
    assert Connection.objects.get().subscribed_at is None

    assert subscribing.sweep() == 0
    clock.move(minutes=11)
    assert subscribing.sweep() == 1
    assert Connection.objects.get().subscribed_at is not None


def test_is_disconnected_and_the_token_is_good_for_nothing(fake, api, team):
    account = a_connected_account(team, fake)
    token = tokens.credentials_of(account).access_token
    for _ in range(2):
        answer = api.post(f"/api/v1/accounts/{account.pk}/disconnect/")
        assert (answer.status_code, answer.json()["connection"]["status"]) == (200, "disconnected")

    assert fake.get("business/get/", token)["code"] == 40105
    assert Account.objects.get(pk=account.pk).credentials == ""
    assert Event.objects.filter(kind="account.disconnected").count() == 1


def test_says_where_the_network_could_not_be_told_of_the_end(fake, api, team):
    account = a_connected_account(team, fake)
    fake.tell("faults", path="tt_user/oauth2/revoke/", http=500, times=1)
    answer = api.post(f"/api/v1/accounts/{account.pk}/disconnect/").json()
    assert answer["connection"]["status"] == "disconnected"
    assert answer["connection"]["last_error_code"] == "service_failed"


def test_lets_nothing_out_until_a_manager_enables_it(fake, api, team):
    account = a_connected_account(team, fake)
    address = f"/api/v1/accounts/{account.pk}"
    nobody = an_api(a_person(team, "responder"))
    assert nobody.post(f"{address}/enable/", {"what": "replies"}).status_code == 403
    for _ in range(2):
        assert api.post(f"{address}/enable/", {"what": "replies"}).json()["replies_enabled"]
    assert not api.get(f"{address}/").json()["hides_enabled"]
    assert not api.post(f"{address}/disable/", {"what": "replies"}).json()["replies_enabled"]
    kinds = Event.objects.filter(subject_id=account.pk).values_list("kind", "data__what")
    assert list(kinds) == [("account.enabled", "replies"), ("account.disabled", "replies")]


def test_enables_nothing_that_the_network_cannot_do(api, team):
    by_hand = an_account(team)
    refused = api.post(f"/api/v1/accounts/{by_hand.pk}/enable/", {"what": "hides"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/what")


def test_offers_no_authorisation_where_the_network_or_the_installation_has_none(
    api, team, account, settings
):
    by_hand = api.post(f"/api/v1/accounts/{an_account(team).pk}/authorize/")
    assert (by_hand.status_code, by_hand.json()["code"]) == (422, "not_authorised_so")
    settings.TIKTOK_APP_ID = ""
    without = api.post(f"/api/v1/accounts/{account.pk}/authorize/")
    assert (without.status_code, without.json()["code"]) == (409, "app_not_set")
