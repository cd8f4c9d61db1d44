"""The fake TikTok lets apps in, and out again."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.platforms import APP_ID, APP_SECRET, OPEN_ID, FakeTikTok

REDIRECT = "https://crisis.test/callback/"
TOKEN = "tt_user/oauth2/token/"
REFRESH = "tt_user/oauth2/refresh_token/"


def visit(fake, **values):
    asked = {
        "client_key": APP_ID,
        "response_type": "code",
        "redirect_uri": REDIRECT,
        "scope": "comment.list,comment.list.manage",
        "state": "s1",
        **values,
    }
    return requests.get(
        f"{fake.url}/v2/auth/authorize/", params=asked, allow_redirects=False, timeout=5
    )


def sent_back(answer):
    assert answer.status_code == 302, answer.text
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    return {name: values[0] for name, values in query.items()}


def exchange(fake, code, **values):
    given = {
        "client_id": APP_ID,
        "client_secret": APP_SECRET,
        "grant_type": "authorization_code",
        "auth_code": code,
        "redirect_uri": REDIRECT,
        **values,
    }
    return fake.post(TOKEN, **given)


def refresh(fake, token, **values):
    given = {"client_id": APP_ID, "client_secret": APP_SECRET, "grant_type": "refresh_token"}
    return fake.post(REFRESH, **{**given, "refresh_token": token, **values})


def test_it_gives_a_code_and_tokens_for_it_once(fake_tiktok: FakeTikTok):
    back = sent_back(visit(fake_tiktok))
    assert (back["state"], back["scopes"]) == ("s1", "comment.list,comment.list.manage")
    wrong = exchange(fake_tiktok, back["code"], redirect_uri="https://crisis.test/other/")
    told = exchange(fake_tiktok, back["code"])["data"]
    again = exchange(fake_tiktok, back["code"])
    assert (wrong["code"], again["code"]) == (40110, 40110)
    assert (told["open_id"], told["expires_in"]) == (OPEN_ID, 86_400)
    assert told["scope"] == "comment.list,comment.list.manage"


def test_it_refuses_a_code_after_ten_minutes(fake_tiktok: FakeTikTok):
    code = sent_back(visit(fake_tiktok))["code"]
    fake_tiktok.tell("clock", advance_s=601)
    assert exchange(fake_tiktok, code)["code"] == 40110


@pytest.mark.parametrize(
    ("values", "code"),
    [({"client_secret": "other"}, 40101), ({"grant_type": "password"}, 40108)],
)
def test_it_refuses_who_is_not_the_app(fake_tiktok: FakeTikTok, values, code):
    granted = sent_back(visit(fake_tiktok))["code"]
    assert exchange(fake_tiktok, granted, **values)["code"] == code


def test_it_sends_back_with_an_error_for_an_unknown_scope_or_a_no(fake_tiktok: FakeTikTok):
    unknown = sent_back(visit(fake_tiktok, scope="comment.list,comment.create"))
    denied = sent_back(visit(fake_tiktok, fake_deny="1"))
    assert (unknown["error"], denied["error"]) == ("invalid_scope", "access_denied")
    assert unknown["state"] == denied["state"] == "s1"
    assert "code" not in unknown | denied


@pytest.mark.parametrize("redirect", ["https://crisis.test/callback", f"{REDIRECT}?a=1/", ""])
def test_it_sends_nobody_to_an_address_that_it_does_not_take(fake_tiktok: FakeTikTok, redirect):
    assert visit(fake_tiktok, redirect_uri=redirect).status_code == 400


def test_it_asks_on_a_page_where_told_to(fake_tiktok: FakeTikTok):
    fake_tiktok.tell("modes", consent_page=True)
    page = visit(fake_tiktok, state='"><b>')
    assert "Authorize as @lumelle" in page.text
    assert "<b>" not in page.text
    assert sent_back(visit(fake_tiktok, fake_account=OPEN_ID))["code"]


def test_it_gives_new_tokens_and_forgets_the_old_refresh_token(fake_tiktok: FakeTikTok):
    old = exchange(fake_tiktok, sent_back(visit(fake_tiktok))["code"])["data"]
    new = refresh(fake_tiktok, old["refresh_token"])["data"]
    assert new["refresh_token"] != old["refresh_token"]
    assert refresh(fake_tiktok, old["refresh_token"])["code"] == 40107
    fake_tiktok.tell("tokens", expire_refresh=True)
    assert refresh(fake_tiktok, new["refresh_token"])["code"] == 40103


def test_it_keeps_the_refresh_token_where_told_to(fake_tiktok: FakeTikTok):
    fake_tiktok.tell("modes", rotate_refresh=False)
    old = exchange(fake_tiktok, sent_back(visit(fake_tiktok))["code"])["data"]
    new = refresh(fake_tiktok, old["refresh_token"])["data"]
    assert new["refresh_token"] == old["refresh_token"]
    assert refresh(fake_tiktok, old["refresh_token"])["code"] == 0


def test_it_lets_an_app_in_no_longer_once_revoked(fake_tiktok: FakeTikTok):
    told = exchange(fake_tiktok, sent_back(visit(fake_tiktok))["code"])["data"]
    app = {"client_id": APP_ID, "client_secret": APP_SECRET}
    given = {**app, "access_token": told["access_token"]}
    info = {"app_id": APP_ID, "access_token": told["access_token"]}
    before = fake_tiktok.post("tt_user/token_info/get/", **info)
    answers = [fake_tiktok.post("tt_user/oauth2/revoke/", **given)["code"] for _ in range(2)]
    assert before["data"]["creator_id"] == OPEN_ID
    assert answers == [0, 40131]
    assert refresh(fake_tiktok, told["refresh_token"])["code"] == 40107
    assert fake_tiktok.get("business/get/", told["access_token"])["code"] == 40105
