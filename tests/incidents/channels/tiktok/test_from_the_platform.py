"""What the platform sends is verified and read: the fake signs, our channel looks."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from incidents.channels.protocol import EventKind, ParseOutcome, WebhookRequest
from incidents.channels.tiktok import TikTokAccount, TikTokChannel
from tests.platforms import APP_SECRET, OPEN_ID, FakeTikTok
from tests.processes import until

TOLERANCE = timedelta(minutes=5)


@pytest.fixture
def platform(fake_tiktok: FakeTikTok, receiver) -> FakeTikTok:
    """A TikTok that sends everything, which somebody takes."""
    fake_tiktok.token()
    fake_tiktok.hook(receiver.url("/"), "COMMENT", "VIDEO", "DIRECT_MESSAGE", "BRAND_MENTION")
    return fake_tiktok


def sent(platform: FakeTikTok, count: int):
    """Return what was sent, once it was, as the raw requests."""

    def all_tried():
        found = platform.deliveries()
        return len(found) >= count and all(each["attempts"] for each in found) and found

    return [
        WebhookRequest(
            "POST",
            {},
            {name.lower(): value for name, value in each["headers"].items()},
            each["payload"].encode(),
        )
        for each in until(all_tried, 10)
    ]


def verified(channel: TikTokChannel, request: WebhookRequest) -> bool:
    return channel.verify(request, (APP_SECRET,), datetime.now(UTC), TOLERANCE)


def read(channel: TikTokChannel, request: WebhookRequest) -> ParseOutcome:
    return channel.parse(request.body, "application/json")


def test_it_verifies_and_reads_what_was_written(platform: FakeTikTok, channel: TikTokChannel):
    comment = platform.comment(platform.video(), "Жжёт 😡 \u0000")
    (request,) = sent(platform, 1)
    assert verified(channel, request)
    assert channel.addressee(request.body) == OPEN_ID
    outcome = read(channel, request)
    assert outcome.mentions[0].external_id == comment
    assert outcome.mentions[0].text == "Жжёт 😡 �"


def test_it_says_the_same_of_a_comment_as_the_list_does(
    platform: FakeTikTok, channel: TikTokChannel, account: TikTokAccount
):
    video = platform.video()
    comment = platform.comment(video, "It burns")
    platform.comment(video, "Same here", parent_id=comment)
    told = [read(channel, each).events[0].mention for each in sent(platform, 2)]
    listed = account.list_comments(video).items[0]
    for mention, there in zip(told, (listed, listed.replies[0]), strict=True):
        assert mention is not None
        same = ("external_id", "text", "author_external_id", "post_external_id", "kind")
        names = (*same, "parent_external_id")
        assert [getattr(mention, name) for name in names] == [
            getattr(there.mention, name) for name in names
        ]
        assert mention.written_at.replace(microsecond=0) == there.mention.written_at


def test_it_knows_its_own_answer_by_its_id_when_it_comes_back(
    platform: FakeTikTok, channel: TikTokChannel, account: TikTokAccount
):
    video = platform.video()
    comment = platform.comment(video)
    answer = account.reply(video, comment, "We are sorry")
    _, insert, public = [read(channel, each).events[0] for each in sent(platform, 3)]
    assert insert.external_id == answer.external_id
    assert insert.author_external_id == answer.author_external_id
    assert insert.own is None
    assert public.kind is EventKind.COMMENT_PUBLISHED


def test_it_reads_every_way_that_a_comment_goes(platform: FakeTikTok, channel: TikTokChannel):
    comment = platform.comment(platform.video())
    for action in ("hide", "publish", "friends_only", "delete"):
        platform.tell("comment", comment_id=comment, action=action)
    events = [read(channel, each).events[0] for each in sent(platform, 5)]
    assert [each.kind for each in events] == [
        EventKind.COMMENT_CREATED,
        EventKind.COMMENT_HIDDEN,
        EventKind.COMMENT_PUBLISHED,
        EventKind.COMMENT_RESTRICTED,
        EventKind.COMMENT_DELETED,
    ]
    assert {each.external_id for each in events} == {comment}
    assert len({each.dedupe_key for each in events}) == 5


def test_it_gives_repetitions_one_key(platform: FakeTikTok, channel: TikTokChannel):
    platform.tell("modes", duplicate=4)
    platform.comment(platform.video())
    keys = [read(channel, each).events[0].dedupe_key for each in sent(platform, 5)]
    assert len(keys) == 5
    assert len(set(keys)) == 1


@pytest.mark.parametrize("mode", [{"bad_signature": True}, {"stale_s": 900.0}])
def test_it_refuses_what_is_signed_wrongly_or_long_ago(
    platform: FakeTikTok, channel: TikTokChannel, mode
):
    platform.tell("modes", **mode)
    platform.comment(platform.video())
    (request,) = sent(platform, 1)
    assert not verified(channel, request)


def test_it_says_what_is_wrong_with_a_signed_body_that_it_cannot_read(
    platform: FakeTikTok, channel: TikTokChannel
):
    platform.tell("modes", unparsable=True)
    platform.comment(platform.video())
    (request,) = sent(platform, 1)
    assert verified(channel, request)
    assert channel.addressee(request.body) == OPEN_ID
    outcome = read(channel, request)
    assert [(each.pointer, each.code) for each in outcome.errors] == [("/content", "broken_json")]


def test_it_names_another_account_so_that_the_door_can_refuse_it(
    platform: FakeTikTok, channel: TikTokChannel
):
    platform.tell("modes", wrong_openid=True)
    platform.comment(platform.video())
    (request,) = sent(platform, 1)
    assert verified(channel, request)
    assert channel.addressee(request.body) == "-000somebodyElse"


@pytest.mark.parametrize(
    "mode", [{"ensure_ascii": True}, {"omit_text": True}, {"omit_parent_zero": True}]
)
def test_it_reads_the_same_however_it_is_written(
    platform: FakeTikTok, channel: TikTokChannel, mode
):
    platform.tell("modes", **mode)
    comment = platform.comment(platform.video(), "Жжёт 😡")
    (request,) = sent(platform, 1)
    mention = read(channel, request).events[0].mention
    assert mention is not None
    assert (mention.external_id, mention.parent_external_id) == (comment, None)
    assert mention.text == ("" if "omit_text" in mode else "Жжёт 😡")


def test_it_keeps_an_event_that_nobody_knows_yet(platform: FakeTikTok, channel: TikTokChannel):
    platform.tell("modes", unknown_event=True)
    comment = platform.comment(platform.video())
    (request,) = sent(platform, 1)
    (event,) = read(channel, request).events
    assert (event.kind, event.name) == (EventKind.UNKNOWN, "comment.something_new")
    assert event.external_id == comment


def test_it_reads_messages_mentions_and_publications(
    platform: FakeTikTok, channel: TikTokChannel, account: TikTokAccount
):
    talk = platform.tell("dm", username="anna", text="Help!")["conversation_id"]
    answer = account.send_message(talk, "What happened?").external_id
    platform.tell("dm", conversation_id=talk, read=True)
    platform.tell("mention", username="blogger", caption="@lumelle")
    job = account.publish_video("https://cdn.test/a.mp4", "We are sorry").external_id
    platform.tell("clock", advance_s=31)
    events = [read(channel, each).events[0] for each in sent(platform, 6)]
    assert [each.kind for each in events] == [
        EventKind.MESSAGE_RECEIVED,
        EventKind.MESSAGE_SENT,
        EventKind.MESSAGE_READ,
        EventKind.MENTION_CREATED,
        EventKind.PUBLICATION_COMPLETED,
        EventKind.PUBLICATION_VISIBLE,
    ]
    assert {each.conversation_external_id for each in events[:3]} == {talk}
    assert (events[1].external_id, events[1].through_api) == (answer, True)
    assert {each.external_id for each in events[4:]} == {job}
    (post,) = account.publication_status(job).post_external_ids
    assert events[5].post_external_id == post


def test_it_loses_no_digit_between_the_wire_and_a_string(
    platform: FakeTikTok, channel: TikTokChannel
):
    exact = "9223372036854775807"
    video = platform.video(item_id="9007199254740993")
    platform.comment(video, comment_id=exact)
    (request,) = sent(platform, 1)
    assert f'\\"comment_id\\":{exact},'.encode() in request.body
    (event,) = read(channel, request).events
    assert json.loads(json.dumps(event.external_id)) == exact
    assert event.post_external_id == "9007199254740993"
