"""A second network of another shape: a shared secret, no history, nothing to hide with."""

import json
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisis_api.lib.errors import ChannelError
from incidents.channels.connection import AuthorisingChannel
from incidents.channels.errors import Ambiguous, GiveUp, Reason, Reauthorise, RetryLater
from incidents.channels.protocol import (
    Capability,
    EventKind,
    MentionKind,
    WebhookChannel,
    WebhookRequest,
)
from incidents.channels.telegram import TelegramAccount, TelegramChannel
from incidents.channels.values import Credentials
from tests.fake_telegram import BOT, TOKEN, FakeTelegram, Refused

SECRET = "a-secret-of-this-account"
AT = datetime.fromtimestamp(1_790_000_000, UTC)
GROUP = -1_001_234_567_890_123


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    fake = FakeTelegram()
    yield fake
    fake.stop()


@pytest.fixture
def channel(telegram: FakeTelegram) -> TelegramChannel:
    return TelegramChannel(api_url=telegram.url)


def credentials(token: str = TOKEN) -> Credentials:
    return Credentials(str(BOT["id"]), token, webhook_secret=SECRET)


@pytest.fixture
def account(channel: TelegramChannel) -> TelegramAccount:
    return channel.connect(credentials())


def event_of(channel: TelegramChannel, raw: bytes):
    outcome = channel.parse(raw)
    assert outcome.errors == ()
    return outcome.events[0]


def test_it_is_a_channel_that_pushes_and_needs_no_browser(channel: TelegramChannel):
    assert isinstance(channel, WebhookChannel)
    assert not isinstance(channel, AuthorisingChannel)
    assert Capability.REPLY in channel.capabilities
    assert not {Capability.HIDE, Capability.LIST_COMMENTS, Capability.GET_COMMENT} & (
        channel.capabilities
    )


@pytest.mark.parametrize(
    ("given", "secrets", "good"),
    [
        (SECRET, (SECRET,), True),
        (SECRET, ("older", SECRET), True),
        (SECRET[:-1], (SECRET,), False),
        ("", (SECRET,), False),
        ("", ("",), False),
        (SECRET, (), False),
        ("é", (SECRET,), False),
    ],
)
def test_it_knows_telegram_by_the_secret_that_it_was_given(
    channel: TelegramChannel, given, secrets, good
):
    headers = {"x-telegram-bot-api-secret-token": given}
    request = WebhookRequest("POST", {}, headers, b"{}")
    # No time is signed, so none can be too long ago.
    assert channel.verify(request, secrets, AT, timedelta(0)) is good
    assert channel.addressee(request.body) is None


def test_it_reads_a_comment_in_a_group_and_an_answer_to_it(
    telegram: FakeTelegram, channel: TelegramChannel
):
    of_chat = {"username": "lumelle_chat", "title": "Lumelle"}
    group = {"chat": GROUP, "kind": "supergroup", "of_chat": of_chat}
    comment = event_of(channel, telegram.said("Жжёт 😡", **group))
    answer = telegram.said("Same", reply_to_message={"message_id": 11}, **group)
    reply = event_of(channel, answer)
    mention = comment.mention
    assert (comment.kind, mention.kind) == (EventKind.COMMENT_CREATED, MentionKind.COMMENT)
    assert mention.external_id == f"{GROUP}/11"
    assert mention.post_external_id == str(GROUP)
    assert mention.url == "https://t.me/lumelle_chat/11"
    assert (mention.text, mention.author_name) == ("Жжёт 😡", "anna")
    assert mention.author_external_id == "5555555555"
    assert mention.written_at == AT
    assert (reply.mention.kind, reply.parent_external_id) == (MentionKind.REPLY, f"{GROUP}/11")
    assert len(channel.parse(answer).mentions) == 1


def test_it_reads_a_private_message(telegram: FakeTelegram, channel: TelegramChannel):
    event = event_of(channel, telegram.said("Help!", chat=5))
    assert (event.kind, event.mention.kind) == (
        EventKind.MESSAGE_RECEIVED,
        MentionKind.DIRECT_MESSAGE,
    )
    assert (event.conversation_external_id, event.post_external_id) == ("5", None)
    assert event.mention.url == ""


def test_it_takes_an_edit_for_later_news_of_the_same(
    telegram: FakeTelegram, channel: TelegramChannel
):
    raw = telegram.said("Burns!!", name="edited_message", edit_date=1_790_000_060)
    event = event_of(channel, raw)
    assert event.kind is EventKind.MESSAGE_EDITED
    assert event.mention.written_at == AT + timedelta(minutes=1)


def test_it_gives_repetitions_one_key(telegram: FakeTelegram, channel: TelegramChannel):
    raw, other = telegram.said("Help!"), telegram.said("Help!")
    keys = [event_of(channel, each).dedupe_key for each in (raw, raw, other)]
    assert keys[0] == keys[1] != keys[2]


def test_it_keeps_what_nobody_asked_for(channel: TelegramChannel):
    raw = b'{"update_id":7,"my_chat_member":{"date":1790000000,"chat":{"id":5}}}'
    event = event_of(channel, raw)
    assert (event.kind, event.name, event.mention) == (EventKind.UNKNOWN, "my_chat_member", None)


@pytest.mark.parametrize(
    ("raw", "pointer", "code"),
    [
        (b"", "", "broken_json"),
        (b"[]", "", "invalid_type"),
        (b"{}", "/update_id", "required"),
        (b'{"update_id":7}', "", "unknown_update"),
        (b'{"update_id":7,"message":[]}', "/message", "invalid_type"),
        (b'{"update_id":7,"message":{"message_id":1}}', "/message/date", "required"),
        (
            b'{"update_id":7,"message":{"message_id":1,"date":1790000000}}',
            "/message/chat/id",
            "required",
        ),
    ],
    ids=lambda value: "raw" if isinstance(value, bytes) else None,
)
def test_it_says_what_it_cannot_read(raw, pointer, code):
    outcome = TelegramChannel().parse(raw)
    assert [(error.pointer, error.code) for error in outcome.errors] == [(pointer, code)]


@given(
    st.dictionaries(
        st.sampled_from(["update_id", "message", "edited_message", "poll"]),
        st.none()
        | st.integers()
        | st.dictionaries(
            st.sampled_from(["message_id", "date", "chat", "from", "text", "reply_to_message"]),
            st.none() | st.integers() | st.text() | st.dictionaries(st.just("id"), st.integers()),
        ),
    )
)
def test_it_never_raises_whatever_it_is_sent(update):
    outcome = TelegramChannel().parse(json.dumps(update).encode())
    assert len(outcome.events) + len(outcome.errors) == 1


def test_it_answers_where_the_comment_stands(telegram: FakeTelegram, account: TelegramAccount):
    telegram.said("Burns", chat=GROUP, kind="supergroup")
    sent = account.reply(str(GROUP), f"{GROUP}/11", "We are sorry")
    assert (sent.external_id, sent.parent_external_id) == (f"{GROUP}/12", f"{GROUP}/11")
    assert sent.author_external_id == str(BOT["id"])
    assert telegram.messages[(GROUP, 12)]["text"] == "We are sorry"
    for _ in range(2):
        account.delete_own(str(GROUP), sent.external_id)
    assert (GROUP, 12) not in telegram.messages
    with pytest.raises(GiveUp) as gone:
        account.reply(str(GROUP), f"{GROUP}/99", "We are sorry")
    assert gone.value.reason is Reason.NOT_FOUND


def test_it_writes_to_who_has_written(telegram: FakeTelegram, account: TelegramAccount):
    telegram.said("Help!", chat=5)
    assert account.send_message("5", "What happened?").external_id == "5/12"
    for nobody in ("6", "anna", ""):
        with pytest.raises(GiveUp) as unknown:
            account.send_message(nobody, "Hello")
        assert unknown.value.reason is Reason.NOT_FOUND


def test_it_counts_a_text_as_telegram_does(
    telegram: FakeTelegram, channel: TelegramChannel, account: TelegramAccount
):
    telegram.said("Help!", chat=5)
    fits = "🙏" * 2_048
    assert channel.length(fits) == channel.text_limit()
    account.send_message("5", fits)
    with pytest.raises(GiveUp) as refused:
        account.send_message("5", f"{fits}!")
    assert refused.value.reason is Reason.INVALID


@pytest.mark.parametrize(
    ("instead", "kind", "reason"),
    [
        (Refused(429, "Too Many Requests: retry after 17", retry_after=17), RetryLater, None),
        (Refused(401, "Unauthorized"), Reauthorise, None),
        (Refused(404, "Not Found"), Reauthorise, None),
        (Refused(403, "Forbidden: bot was blocked by the user"), GiveUp, Reason.NOT_PERMITTED),
        (Refused(400, "Bad Request: chat not found"), GiveUp, Reason.NOT_FOUND),
        (Refused(400, "Bad Request: message is too long"), GiveUp, Reason.INVALID),
        (Refused(409, "Conflict"), GiveUp, Reason.MISCONFIGURED),
        (Refused(500, "Internal Server Error"), Ambiguous, None),
        (b"<html>", Ambiguous, None),
        (b'{"ok":true,"result":true}', Ambiguous, None),
    ],
    ids=str,
)
def test_it_says_what_to_do_about_each_failure(
    telegram: FakeTelegram, account: TelegramAccount, instead, kind, reason
):
    telegram.said("Help!", chat=5)
    telegram.instead.append(instead)
    with pytest.raises(ChannelError) as raised:
        account.send_message("5", "Hello")
    assert type(raised.value) is kind
    assert getattr(raised.value, "reason", None) == reason
    if kind is RetryLater:
        assert raised.value.retry_after == timedelta(seconds=17)
    assert len(telegram.calls) == 1


def test_it_does_not_know_whether_it_was_sent_and_tells_nobody_its_token(
    telegram: FakeTelegram, account: TelegramAccount
):
    telegram.said("Help!", chat=5)
    telegram.drop_after_write = True
    with pytest.raises(Ambiguous) as raised:
        account.send_message("5", "Hello")
    assert len(telegram.messages) == 2
    told = "".join(traceback.format_exception(raised.value))
    assert TOKEN not in f"{told} {account!r} {account.client!r}"


def test_it_is_introduced_by_the_token_that_a_person_brings(
    telegram: FakeTelegram, channel: TelegramChannel
):
    profile = channel.connect(Credentials("", TOKEN)).profile()
    assert (profile.external_id, profile.handle) == ("7000000001", "lumelle_bot")
    with pytest.raises(Reauthorise):
        channel.connect(Credentials("", "7:wrong")).profile()
    with pytest.raises(Reauthorise):
        channel.connect(Credentials("", "")).profile()


def test_it_gives_telegram_an_address_and_a_secret_of_its_own(
    telegram: FakeTelegram, channel: TelegramChannel, account: TelegramAccount
):
    (topic,) = channel.topics
    account.subscribe(topic, "https://crisis.test/hook/7/")
    assert telegram.webhook["secret_token"] == SECRET
    assert account.subscription(topic).url == "https://crisis.test/hook/7/"
    account.unsubscribe(topic)
    assert account.subscription(topic).url is None
    with pytest.raises(GiveUp):
        channel.connect(Credentials("", TOKEN)).subscribe(topic, "https://crisis.test/")


def test_it_holds_the_limits_of_bot_chat_and_group(telegram: FakeTelegram):
    taken: list[list[tuple[str, int]]] = []

    class Pace:
        def take(self, buckets):
            taken.append([(bucket.key, bucket.most) for bucket in buckets])

        def exceeded(self, buckets):
            taken.append([("exceeded", len(buckets))])

    telegram.said("Burns", chat=GROUP, kind="supergroup")
    account = TelegramChannel(api_url=telegram.url, pace=Pace()).connect(credentials())
    account.reply(str(GROUP), f"{GROUP}/11", "Sorry")
    bot = "telegram:7000000001"
    assert taken == [[(bot, 30), (f"{bot}:{GROUP}:second", 1), (f"{bot}:{GROUP}:minute", 20)]]
    telegram.instead.append(Refused(429, "Too Many Requests", retry_after=5))
    with pytest.raises(RetryLater):
        account.reply(str(GROUP), f"{GROUP}/11", "Sorry")
    assert taken[-1] == [("exceeded", 3)]
