"""Personal data in what people write is masked wherever it is shown."""

import pytest

from crisis_api.lib.actors import SYSTEM
from incidents.masking import masked
from incidents.models import Event, Unmasking
from incidents.services import inbox
from tests.factories.access import a_key, a_person, a_team, an_api
from tests.factories.admin import AdminPages
from tests.factories.incidents import a_mention, an_account, an_incident
from tests.factories.intake import a_receipt

pytestmark = pytest.mark.django_db

PHONE = "+7 916 123-45-67"
LEAK = f"Her number is {PHONE}, call her!"
HIDDEN = "Her number is +• ••• •••-••-••, call her!"
URL = "/api/v1/mentions/"


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def mention(team):
    return a_mention(
        an_account(team),
        text=LEAK,
        search_text=LEAK.lower(),
        incident=an_incident(team, mention_count=1),
    )


@pytest.mark.parametrize(
    "leak",
    [
        PHONE,
        "8 (916) 123-45-67",
        "4111 1111 1111 1111",
        "anna.b@example.com",
        "паспорт 4509 123456",
        "СНИЛС 112-233-445 95",
    ],
)
def test_leaves_no_letter_or_digit_of_it_and_each_place_where_it_was(leak):
    text = f"Look: {leak} !"
    shown = masked(text)
    assert len(shown) == len(text)
    assert not any(part in shown for part in leak.split() if len(part) > 3 and part.isalnum())
    assert (
        masked("Batch L0427, 300 ml, since 2026-11-22") == "Batch L0427, 300 ml, since 2026-11-22"
    )


@pytest.mark.parametrize("role", ["viewer", "moderator", "responder", "manager"])
def test_is_masked_for_everybody_in_lists_and_alone(team, mention, role):
    api = an_api(a_person(team, role))
    for url in (URL, f"{URL}inbox/", f"{URL}?q=call"):
        (row,) = api.get(url).json()["results"]
        assert row["text"] == HIDDEN, url
    assert api.get(f"{URL}{mention.pk}/").json()["text"] == HIDDEN
    handled = api.post(f"{URL}{mention.pk}/handle/", {"outcome": "answered"})
    assert PHONE not in handled.content.decode()


def test_is_masked_on_every_page_of_the_admin(team, mention):
    pages = AdminPages(a_person(team, "manager"))
    a_mention(mention.account, incident=mention.incident)
    shown = [
        pages.list(type(mention)),
        pages.open(mention),
        pages.open(mention.incident),
        pages.open(mention.account),
        pages.get(f"/admin/incidents/incident/{mention.incident_id}/split/"),
        pages.open(a_receipt(mention.account, body=LEAK.encode())),
    ]
    for response in shown:
        assert "123-45-67" not in response.content.decode(), response.request["PATH_INFO"]


def test_shows_the_teams_own_contacts(team, mention):
    settings = inbox.settings_of(team, by=SYSTEM)
    inbox.change_settings(settings, by=SYSTEM, values={"own_contacts": ["8 916 123 45 67"]})
    api = an_api(a_person(team, "moderator"))
    assert api.get(f"{URL}{mention.pk}/").json()["text"] == LEAK
    # What one team has published is another's secret.
    foreign = a_mention(an_account(a_team()), text=LEAK)
    other = an_api(a_person(foreign.team, "manager"))
    assert other.get(f"{URL}{foreign.pk}/").json()["text"] == HIDDEN


def test_is_shown_to_who_may_and_says_why_and_that_is_written_down(team, mention):
    anna = a_person(team, "responder")
    api = an_api(anna)
    url = f"{URL}{mention.pk}/unmask/"
    assert api.post(url, {}).status_code == 400
    assert api.post(url, {"reason": "   "}).status_code == 400
    assert not Unmasking.objects.exists()
    answer = api.post(url, {"reason": "To call her back"})
    assert answer.json()["text"] == LEAK
    assert answer.headers["Cache-Control"] == "no-store"
    row = Unmasking.objects.get()
    assert (row.owner, row.reason, row.mention) == (anna, "To call her back", mention)
    event = Event.objects.get(kind="mention.unmasked")
    assert event.data == {"unmasking": str(row.pk), "owner": str(anna.pk)}
    # Having looked once shows it nowhere else.
    assert api.get(f"{URL}{mention.pk}/").json()["text"] == HIDDEN


@pytest.mark.parametrize("role", ["viewer", "moderator"])
def test_is_not_shown_to_those_who_may_not_look(team, mention, role):
    answer = an_api(a_person(team, role)).post(
        f"{URL}{mention.pk}/unmask/", {"reason": "Curiosity"}
    )
    assert answer.status_code == 403
    key = an_api(a_key(team)).post(f"{URL}{mention.pk}/unmask/", {"reason": "Curiosity"})
    assert key.status_code == 403
    assert not Unmasking.objects.exists()


def test_is_shown_in_the_admin_for_a_reason(team, mention):
    pages = AdminPages(a_person(team, "manager"))
    answer = pages.do("unmask", mention, reason="To call her back")
    assert PHONE in answer.content.decode()
    assert Unmasking.objects.count() == 1
    assert AdminPages(a_person(team, "moderator")).press("unmask", mention).status_code == 403


def test_hides_press_enquiries_from_moderators(team):
    enquiry = a_mention(
        an_account(team), kind="press_enquiry", text="For tomorrow's paper", search_text="paper"
    )
    mia, anna = a_person(team, "moderator"), a_person(team, "responder")
    moderator, responder = an_api(mia), an_api(anna)
    for url in (URL, f"{URL}inbox/", f"{URL}?q=paper", f"{URL}?kind=press_enquiry"):
        assert moderator.get(url).json()["results"] == []
        assert len(responder.get(url).json()["results"]) == 1
    assert moderator.get(f"{URL}counts/").json()["total"] == 0
    assert moderator.get(f"{URL}counts/").json()["unanswered"] == 0
    assert responder.get(f"{URL}counts/").json()["unanswered"] == 1
    assert moderator.get(f"{URL}{enquiry.pk}/").status_code == 404
    for verb in ("lease", "handle", "reopen", "attach", "unmask"):
        assert moderator.post(f"{URL}{enquiry.pk}/{verb}/", {}).status_code in (403, 404), verb
    body = {"mentions": [str(enquiry.pk)], "outcome": "answered"}
    refused = moderator.post(f"{URL}handle/batch/", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_mentions")
    assert not AdminPages(mia).list(type(enquiry)).context["cl"].root_queryset.exists()
    assert AdminPages(anna).list(type(enquiry)).context["cl"].root_queryset.exists()


def test_moderators_work_the_inbox_and_little_else(team, mention):
    api = an_api(a_person(team, "moderator"))
    for path in ("statements", "support_tickets", "follow_ups", "notifications", "receipts"):
        assert api.get(f"/api/v1/{path}/").status_code == 403, path
    incident = f"/api/v1/incidents/{mention.incident_id}"
    assert api.get(f"{incident}/").status_code == 200
    for verb in ("acknowledge", "assign", "resolve", "close", "merge"):
        assert api.post(f"{incident}/{verb}/", {}).status_code == 403, verb
    author = api.get("/api/v1/authors/")
    assert author.status_code == 200
