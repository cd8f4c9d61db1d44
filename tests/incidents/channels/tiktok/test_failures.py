"""Whatever goes wrong over there, the error says what is to be done about it."""

import socket
import traceback
from dataclasses import replace
from datetime import timedelta

import pytest

from crisis_api.lib.errors import ChannelError
from incidents.channels.connection import Bucket
from incidents.channels.errors import (
    Ambiguous,
    GiveUp,
    Reason,
    Reauthorise,
    RefreshToken,
    RetryLater,
)
from incidents.channels.tiktok import Options, TikTokAccount, TikTokChannel
from incidents.channels.values import Credentials
from tests.platforms import APP_SECRET, OPEN_ID, FakeTikTok
from tests.processes import free_port

REPLY = "business/comment/reply/create/"
HIDE = "business/comment/hide/"
LIST = "business/comment/list/"


@pytest.fixture
def video(fake_tiktok: FakeTikTok) -> str:
    return fake_tiktok.video()


@pytest.fixture
def comment(fake_tiktok: FakeTikTok, video: str) -> str:
    return fake_tiktok.comment(video)


def reading(account: TikTokAccount, video: str, comment: str):
    account.list_comments(video)


def hiding(account: TikTokAccount, video: str, comment: str):
    account.set_visibility(video, comment, hidden=True)


def replying(account: TikTokAccount, video: str, comment: str):
    account.reply(video, comment, "We are sorry")


CALLS = {"read": (reading, LIST), "repeatable": (hiding, HIDE), "once": (replying, REPLY)}

CODES = [
    (40000, GiveUp, Reason.INVALID),
    (40002, GiveUp, Reason.INVALID),
    (40001, GiveUp, Reason.NOT_PERMITTED),
    (40118, GiveUp, Reason.NOT_PERMITTED),
    (40125, GiveUp, Reason.NOT_PERMITTED),
    (40130, GiveUp, Reason.NOT_PERMITTED),
    (40006, GiveUp, Reason.UNSUPPORTED),
    (40008, GiveUp, Reason.UNSUPPORTED),
    (40051, GiveUp, Reason.UNSUPPORTED),
    (40007, GiveUp, Reason.NOT_FOUND),
    (40064, GiveUp, Reason.POLICY),
    (40101, GiveUp, Reason.MISCONFIGURED),
    (40104, GiveUp, Reason.MISCONFIGURED),
    (40113, GiveUp, Reason.MISCONFIGURED),
    (40999, GiveUp, Reason.INVALID),
    (40016, RetryLater, None),
    (40100, RetryLater, None),
    (40133, RetryLater, None),
    (40202, RetryLater, None),
    (40102, RefreshToken, None),
    (40105, RefreshToken, None),
    (40103, Reauthorise, None),
    (40107, Reauthorise, None),
    (40110, Reauthorise, None),
    (40131, Reauthorise, None),
]


@pytest.mark.parametrize("effect", CALLS)
@pytest.mark.parametrize(("code", "kind", "reason"), CODES)
def test_it_says_what_to_do_about_each_code(
    fake_tiktok: FakeTikTok, account: TikTokAccount, video, comment, effect, code, kind, reason
):
    call, path = CALLS[effect]
    fake_tiktok.tell("faults", path=path, code=code, message="text: Longer than maximum")
    with pytest.raises(ChannelError) as raised:
        call(account, video, comment)
    error = raised.value
    assert type(error) is kind
    assert getattr(error, "reason", None) == reason
    assert error.trace.network_code == str(code)
    assert error.trace.request_id
    assert error.permanent == (kind in (GiveUp, Reauthorise))
    # A refusal is no mystery: nothing was done.
    assert not error.ambiguous
    if reason is Reason.INVALID and code != 40999:
        assert error.field == "text"


DARK = [
    {"code": 50000},
    {"code": 51010},
    {"code": 40050},
    {"code": 60000},
    {"http": 500},
    {"http": 502},
    {"garbage": True},
    {"drop": True},
    {"drop_after_write": True},
    {"hang": 3},
    {"hang_after_write": 3},
]


@pytest.mark.parametrize("effect", CALLS)
@pytest.mark.parametrize("fault", DARK, ids=str)
def test_it_never_calls_that_a_failure_which_may_have_worked(
    fake_tiktok: FakeTikTok, options: Options, video, comment, effect, fault
):
    call, path = CALLS[effect]
    impatient = TikTokChannel(replace(options, patience=timedelta(seconds=1)))
    account = impatient.connect(Credentials(OPEN_ID, fake_tiktok.token()))
    fake_tiktok.tell("faults", path=path, **fault)
    with pytest.raises(ChannelError) as raised:
        call(account, video, comment)
    assert type(raised.value) is (Ambiguous if effect == "once" else RetryLater)
    assert raised.value.ambiguous == (effect == "once")
    # Nothing is repeated by itself.
    assert len(fake_tiktok.calls(path)) == 1


@pytest.mark.parametrize("effect", CALLS)
def test_it_is_certain_that_nothing_was_done_where_nobody_listens(effect):
    nobody = Options(api_url=f"http://127.0.0.1:{free_port()}/open_api/v1.3")
    account = TikTokChannel(nobody).connect(Credentials(OPEN_ID, "act.1"))
    with pytest.raises(RetryLater) as raised:
        CALLS[effect][0](account, "1", "2")
    assert raised.value.code == "connection_refused"
    assert raised.value.retry_after == timedelta(seconds=30)


@pytest.mark.parametrize(
    ("status", "kind"), [(400, GiveUp), (404, GiveUp), (405, GiveUp), (302, GiveUp)]
)
def test_it_gives_up_on_a_status_that_calling_again_cannot_mend(
    fake_tiktok: FakeTikTok, account: TikTokAccount, video, comment, status, kind
):
    fake_tiktok.tell("faults", path=REPLY, http=status)
    with pytest.raises(kind):
        replying(account, video, comment)


def test_it_asks_for_a_person_where_it_has_no_token(channel: TikTokChannel):
    with pytest.raises(Reauthorise, match="no_credentials"):
        channel.connect(Credentials(OPEN_ID, "")).profile()


def test_it_leads_nowhere_but_where_the_operator_pointed(fake_tiktok: FakeTikTok, video, comment):
    elsewhere = Options(api_url=f"{fake_tiktok.url}@evil.test")
    account = TikTokChannel(elsewhere).connect(Credentials(OPEN_ID, "act.1"))
    with pytest.raises(GiveUp) as raised:
        replying(account, video, comment)
    assert raised.value.reason is Reason.MISCONFIGURED


class Pace:
    """Counts what is taken, and refuses once it was told that the limit is exceeded."""

    def __init__(self) -> None:
        self.taken: list[list[Bucket]] = []
        self.shut: set[str] = set()

    def take(self, buckets):
        if self.shut & {bucket.key for bucket in buckets}:
            raise RetryLater("too_often", retry_after=timedelta(minutes=5))
        self.taken.append(list(buckets))

    def exceeded(self, buckets):
        self.shut |= {bucket.key for bucket in buckets if OPEN_ID in bucket.key}


def test_it_counts_each_call_before_it_is_made_and_tells_when_shut_out(
    fake_tiktok: FakeTikTok, options: Options, video
):
    fake_tiktok.tell("modes", limits=True, app_per_second=1_000)
    pace = Pace()
    account = TikTokChannel(options, pace).connect(Credentials(OPEN_ID, fake_tiktok.token()))
    for _ in range(40):
        account.list_comments(video)
    with pytest.raises(RetryLater) as refused:
        account.list_comments(video)
    assert refused.value.retry_after == timedelta(minutes=5)
    assert [(bucket.most, bucket.within) for bucket in pace.taken[0]] == [
        (10, timedelta(seconds=1)),
        (600, timedelta(minutes=1)),
        (40, timedelta(minutes=1)),
    ]
    called = len(fake_tiktok.calls(LIST))
    with pytest.raises(RetryLater):
        account.list_comments(video)
    assert len(fake_tiktok.calls(LIST)) == called
    account.list_posts()


def test_it_counts_publications_apart(fake_tiktok: FakeTikTok, options: Options):
    pace = Pace()
    account = TikTokChannel(options, pace).connect(Credentials(OPEN_ID, fake_tiktok.token()))
    account.publish_video("https://cdn.test/a.mp4", "We are sorry")
    assert [(bucket.most, bucket.within) for bucket in pace.taken[0]][-2:] == [
        (6, timedelta(minutes=1)),
        (15, timedelta(days=1)),
    ]


def test_it_puts_no_secret_into_what_is_shown_of_it(options: Options, channel: TikTokChannel):
    credentials = Credentials(OPEN_ID, "act.secret", "rft.secret")
    shown = f"{options!r} {credentials!r} {channel.connect(credentials)!r}"
    assert "secret" not in shown


def test_it_tells_a_stranger_that_speaks_no_http_from_tiktok():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        options = Options(api_url=f"http://127.0.0.1:{port}", patience=timedelta(seconds=1))
        account = TikTokChannel(options).connect(Credentials(OPEN_ID, "act.1"))
        with pytest.raises(Ambiguous):
            replying(account, "1", "2")


def test_it_tells_nobody_the_address_that_holds_its_secret(
    fake_tiktok: FakeTikTok, channel: TikTokChannel
):
    # Of all calls this one has the app's secret in its address.
    fake_tiktok.tell("faults", path="business/webhook/list/", drop=True)
    with pytest.raises(RetryLater) as raised:
        channel.subscription("COMMENT")
    assert APP_SECRET not in "".join(traceback.format_exception(raised.value))
