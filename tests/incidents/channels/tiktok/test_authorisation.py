"""An account holder lets us in, stays connected, and lets us go."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from incidents.channels.connection import AuthorisingChannel
from incidents.channels.errors import GiveUp, Reason, Reauthorise, RefreshToken, RetryLater
from incidents.channels.tiktok import Options, TikTokChannel
from incidents.channels.values import Credentials
from tests.platforms import OPEN_ID, FakeTikTok

REDIRECT = "https://crisis.test/callback/"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def code_of(channel: TikTokChannel) -> str:
    url = channel.authorize_url(state="s1", redirect_uri=REDIRECT)
    answer = requests.get(url, allow_redirects=False, timeout=5)
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["state"] == ["s1"]
    return query["code"][0]


def connected(channel: TikTokChannel) -> Credentials:
    return channel.exchange(code_of(channel), redirect_uri=REDIRECT, now=NOW)


def test_it_lets_us_in_with_every_scope_that_we_ask_for(channel: TikTokChannel):
    assert isinstance(channel, AuthorisingChannel)
    credentials = connected(channel)
    assert credentials.account_external_id == OPEN_ID
    assert credentials.scopes == set(channel.scopes)
    assert credentials.access_expires_at == NOW + timedelta(days=1)
    assert credentials.refresh_expires_at == NOW + timedelta(days=365)
    assert channel.connect(credentials).profile().handle == "lumelle"
    assert channel.granted_scopes(credentials) == credentials.scopes


def test_it_needs_a_person_where_the_code_was_used_or_its_answer_was_lost(
    fake_tiktok: FakeTikTok, channel: TikTokChannel
):
    code = code_of(channel)
    channel.exchange(code, redirect_uri=REDIRECT, now=NOW)
    with pytest.raises(Reauthorise, match="code_invalid"):
        channel.exchange(code, redirect_uri=REDIRECT, now=NOW)
    fake_tiktok.tell("faults", path="tt_user/oauth2/token/", drop_after_write=True)
    with pytest.raises(Reauthorise, match="exchange_unclear"):
        channel.exchange(code_of(channel), redirect_uri=REDIRECT, now=NOW)


def test_it_refreshes_and_keeps_what_it_was_given_last(
    fake_tiktok: FakeTikTok, channel: TikTokChannel
):
    old = connected(channel)
    fake_tiktok.tell("tokens", expire=True)
    with pytest.raises(RefreshToken):
        channel.connect(old).profile()
    new = channel.refresh(old, now=NOW + timedelta(hours=23))
    assert new.access_expires_at == NOW + timedelta(hours=47)
    assert channel.connect(new).profile().handle == "lumelle"
    with pytest.raises(Reauthorise):
        channel.refresh(old, now=NOW)
    assert channel.refresh(new, now=NOW).account_external_id == OPEN_ID


def test_it_may_ask_again_after_a_refresh_in_the_dark(
    fake_tiktok: FakeTikTok, channel: TikTokChannel
):
    old = connected(channel)
    path = "tt_user/oauth2/refresh_token/"
    fake_tiktok.tell("faults", path=path, drop=True)
    with pytest.raises(RetryLater):
        channel.refresh(old, now=NOW)
    assert channel.refresh(old, now=NOW).access_token != old.access_token
    fake_tiktok.tell("faults", path=path, drop_after_write=True)
    lost = connected(channel)
    with pytest.raises(RetryLater):
        channel.refresh(lost, now=NOW)
    # The answer with the only good token is lost for ever.
    with pytest.raises(Reauthorise):
        channel.refresh(lost, now=NOW)


def test_it_needs_a_person_when_the_year_is_over(fake_tiktok: FakeTikTok, channel: TikTokChannel):
    credentials = connected(channel)
    fake_tiktok.tell("tokens", expire_refresh=True)
    with pytest.raises(Reauthorise, match="refresh_token_expired"):
        channel.refresh(credentials, now=NOW)
    with pytest.raises(Reauthorise, match="no_credentials"):
        channel.refresh(Credentials(OPEN_ID, "act.1"), now=NOW)


def test_it_lets_us_go_twice(channel: TikTokChannel):
    credentials = connected(channel)
    channel.revoke(credentials)
    channel.revoke(credentials)
    with pytest.raises(RefreshToken):
        channel.connect(credentials).profile()


def test_it_says_that_the_installation_is_not_set_up(options: Options, channel: TikTokChannel):
    wrong = Options(app_id=options.app_id, app_secret="x", api_url=options.api_url)
    code = code_of(channel)
    for bad in (TikTokChannel(wrong), TikTokChannel(Options(api_url=options.api_url))):
        with pytest.raises(GiveUp) as refused:
            bad.exchange(code, redirect_uri=REDIRECT, now=NOW)
        assert refused.value.reason is Reason.MISCONFIGURED


def test_it_keeps_credentials_as_text_and_reads_them_back():
    credentials = Credentials(OPEN_ID, "act.1", "rft.1", NOW, None, frozenset({"a", "b"}))
    assert Credentials.from_json(credentials.to_json()) == credentials


def test_it_subscribes_never_narrowed_to_some_posts(
    fake_tiktok: FakeTikTok, channel: TikTokChannel
):
    assert channel.subscription("COMMENT").url is None
    for topic in channel.topics:
        channel.subscribe(topic, "https://crisis.test/hook/")
    told = channel.subscription("COMMENT")
    assert (told.url, told.only) == ("https://crisis.test/hook/", ())
    assert "item_list" not in fake_tiktok.calls("business/webhook/update/")[0]["parameters"]
    channel.unsubscribe("COMMENT")
    assert channel.subscription("COMMENT").url is None
    assert channel.subscription("VIDEO").url
    with pytest.raises(ValueError, match="no topic"):
        channel.subscribe("comment.update", "https://crisis.test/hook/")
