"""What TikTok's webhooks say, and who signed them: pure, from bytes to values."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.channels.protocol import (
    EventKind,
    MentionKind,
    Visibility,
    WebhookChannel,
    WebhookRequest,
)
from incidents.channels.tiktok import TikTokChannel

SECRET = "fake-app-secret"
AT = datetime.fromtimestamp(1_790_000_000, UTC)
TOLERANCE = timedelta(minutes=5)
VECTOR = (
    '{"client_key":"7000000000000000001","event":"comment.update","create_time":1790000000,'
    '"user_openid":"-000fakeBusinessOpenId","content":"{\\"comment_id\\":7247303576418566913,'
    '\\"video_id\\":7203946942097902849,\\"parent_comment_id\\":0,\\"comment_type\\":\\"comment\\",'
    '\\"comment_action\\":\\"insert\\",\\"unique_identifier\\":\\"+ABc1D2/E0fGhijkl\\",'
    '\\"timestamp\\":1790000000123,\\"text\\":\\"Where is my refund? 😡\\"}"}'
).encode()
SIGNATURE = "518e0038a8cd8301636f7aa102fca52709ad2961b24191ac5f5865877780916c"
HEADER = f"t=1790000000,s={SIGNATURE}"

channel = TikTokChannel()


def request(header=HEADER, body=VECTOR):
    return WebhookRequest("POST", {}, {"tiktok-signature": header}, body)


def verified(header=HEADER, body=VECTOR, secrets=(SECRET,), now=AT, tolerance=TOLERANCE):
    return channel.verify(request(header, body), secrets, now, tolerance)


def delivery(content, event="comment.update", **envelope):
    inner = content if isinstance(content, str) else json.dumps(content)
    told = {
        "client_key": "7000000000000000001",
        "event": event,
        "create_time": 1_790_000_000,
        "user_openid": "-000fakeBusinessOpenId",
        "content": inner,
        **envelope,
    }
    return json.dumps(told).encode()


def comment(**values):
    content = {
        "comment_id": 7247303576418566913,
        "video_id": 7203946942097902849,
        "parent_comment_id": 0,
        "comment_type": "comment",
        "comment_action": "insert",
        "unique_identifier": "+ABc1D2/E0fGhijkl",
        "timestamp": 1_790_000_000_123,
        "text": "Where is my refund? 😡",
        **values,
    }
    return {name: value for name, value in content.items() if value is not None}


def event_of(raw):
    outcome = channel.parse(raw)
    assert outcome.errors == ()
    (event,) = outcome.events
    return event


def test_it_is_a_channel_that_pushes():
    assert isinstance(channel, WebhookChannel)
    assert channel.handshake(request()) is None


def test_it_takes_the_signature_of_the_test_vector():
    assert verified()
    assert verified(secrets=("next-secret", SECRET))
    assert verified(f" s={SIGNATURE} , t=1790000000")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=1790000000",
        f"s={SIGNATURE}",
        f"t=1790000001,s={SIGNATURE}",
        f"t=1790000000,s={SIGNATURE.upper()}",
        f"t=1790000000,s={SIGNATURE[:-1]}",
        f"t=1790000000,t=1790000000,s={SIGNATURE}",
        f"t=١٧٩٠٠٠٠٠٠٠,s={SIGNATURE}",
        f"t=-1790000000,s={SIGNATURE}",
        "t=1790000000,s=é",
        "," * 5_000,
    ],
)
def test_it_refuses_any_other_signature(header):
    assert not verified(header)


def test_it_refuses_other_bytes_other_secrets_and_none():
    assert not verified(body=VECTOR + b" ")
    assert not verified(secrets=("other",))
    assert not verified(secrets=())
    assert not verified(secrets=("",))


def test_it_refuses_what_was_signed_too_long_ago_or_ahead_by_the_tolerance_given():
    assert verified(now=AT + TOLERANCE)
    assert not verified(now=AT + TOLERANCE + timedelta(seconds=1))
    assert not verified(now=AT - TOLERANCE - timedelta(seconds=1))
    assert not verified(now=AT + timedelta(seconds=6), tolerance=timedelta(seconds=5))


def test_it_reads_a_comment_with_every_digit_of_its_ids():
    outcome = channel.parse(VECTOR)
    (event,), (mention,) = outcome.events, outcome.mentions
    assert event.kind is EventKind.COMMENT_CREATED
    assert event.account_external_id == "-000fakeBusinessOpenId"
    assert (mention.external_id, mention.post_external_id) == (
        "7247303576418566913",
        "7203946942097902849",
    )
    assert (mention.kind, mention.parent_external_id) == (MentionKind.COMMENT, None)
    assert mention.text == "Where is my refund? 😡"
    assert mention.author_external_id == "+ABc1D2/E0fGhijkl"
    assert mention.written_at == datetime(2026, 9, 21, 14, 13, 20, 123_000, tzinfo=UTC)
    assert event.own is None
    assert event.partial
    assert channel.addressee(VECTOR) == "-000fakeBusinessOpenId"


@pytest.mark.parametrize(
    ("values", "kind", "parent"),
    [
        ({}, MentionKind.COMMENT, None),
        ({"parent_comment_id": None}, MentionKind.COMMENT, None),
        ({"parent_comment_id": "0"}, MentionKind.COMMENT, None),
        (
            {"comment_type": "reply", "parent_comment_id": 7247303576418566999},
            MentionKind.REPLY,
            "7247303576418566999",
        ),
        ({"comment_type": "reply"}, MentionKind.REPLY, None),
        ({"comment_type": None, "parent_comment_id": 7}, MentionKind.REPLY, "7"),
        ({"parent_comment_id": 7}, MentionKind.COMMENT, None),
    ],
)
def test_it_tells_answers_from_comments_by_their_type(values, kind, parent):
    event = event_of(delivery(comment(**values)))
    assert (event.mention.kind, event.mention.parent_external_id) == (kind, parent)
    assert event.parent_external_id == parent


@pytest.mark.parametrize(
    ("action", "kind", "visibility", "hidden", "deleted"),
    [
        ("delete", EventKind.COMMENT_DELETED, Visibility.DELETED, False, True),
        ("set_to_hidden", EventKind.COMMENT_HIDDEN, Visibility.HIDDEN, True, False),
        ("set_to_friends_only", EventKind.COMMENT_RESTRICTED, Visibility.RESTRICTED, True, False),
        ("set_to_public", EventKind.COMMENT_PUBLISHED, Visibility.PUBLIC, False, False),
    ],
)
def test_it_reads_what_became_of_a_comment_that_it_never_saw(
    action, kind, visibility, hidden, deleted
):
    raw = delivery(comment(comment_action=action, text=None))
    event = event_of(raw)
    assert (event.kind, event.visibility) == (kind, visibility)
    assert event.external_id == "7247303576418566913"
    assert (event.mention.hidden, event.mention.deleted, event.mention.text) == (
        hidden,
        deleted,
        "",
    )
    # Only a deletion is news enough to be stored as it is.
    assert len(channel.parse(raw).mentions) == deleted


def test_it_gives_the_same_key_to_the_same_news_and_another_to_other_news():
    keys = {
        event_of(delivery(comment(**values))).dedupe_key
        for values in (
            {},
            {"text": "edited or not"},
            {"comment_action": "delete"},
            {"timestamp": 1_790_000_000_124},
            {"comment_id": 7247303576418566914},
        )
    }
    assert len(keys) == 4


def test_it_takes_the_text_for_optional():
    outcome = channel.parse(delivery(comment(text=None)))
    assert outcome.mentions == ()
    assert outcome.events[0].partial


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (delivery({"comment_id": 7247303576418566913}, "comment.pinned"), "comment.pinned"),
        (delivery({}, "im_referral_msg"), "im_referral_msg"),
        (delivery(comment(comment_action="set_to_sparkling")), "comment.update"),
    ],
    ids=lambda value: "raw" if isinstance(value, bytes) else None,
)
def test_it_keeps_an_event_that_nobody_knows(raw, name):
    outcome = channel.parse(raw)
    (event,) = outcome.events
    assert (event.kind, event.name, outcome.mentions) == (EventKind.UNKNOWN, name, ())
    assert event.external_id in ("7247303576418566913", None)


def test_it_reads_a_message_of_a_person_and_one_of_ours():
    content = {
        "from": "anna",
        "to": "lumelle",
        "unique_identifier": "+anna/1",
        "from_user": {"id": "+anna/1", "role": "personal_account"},
        "conversation_id": "abc+/=",
        "message_id": "7301",
        "timestamp": 1_790_000_000_500,
        "type": "text",
        "text": {"body": "Help!"},
        "message_tag": {"source": "APP"},
    }
    heard = event_of(delivery(content, "im_receive_msg"))
    said = event_of(
        delivery({**content, "message_tag": {"source": "API"}, "from": "lumelle"}, "im_send_msg")
    )
    assert (heard.kind, heard.own, heard.mention.kind) == (
        EventKind.MESSAGE_RECEIVED,
        False,
        MentionKind.DIRECT_MESSAGE,
    )
    assert (heard.conversation_external_id, heard.mention.text) == ("abc+/=", "Help!")
    assert (said.kind, said.own, said.through_api) == (EventKind.MESSAGE_SENT, True, True)
    assert said.author_external_id == "-000fakeBusinessOpenId"
    # What we wrote ourselves is nobody's mention of us.
    assert channel.parse(delivery(content, "im_send_msg")).mentions == ()


def test_it_reads_a_message_that_europe_tells_nothing_of():
    content = {"to": "lumelle", "to_user": {"id": "x"}, "timestamp": 1_790_000_000_500}
    event = event_of(delivery(content, "im_receive_msg_eu"))
    assert (event.kind, event.partial, event.mention) == (EventKind.MESSAGE_RECEIVED, True, None)


@pytest.mark.parametrize("kind", ["VIDEO_MENTION", "VIDEO MENTION", "COMMENT"])
def test_it_reads_who_names_the_brand(kind):
    content = {
        "type_of_event": "CREATE",
        "mention_type": kind,
        "video_id": 7203946942097902849,
        "video_create_time": 1_789_990_000,
        "unique_identifier": "+blog/1",
        "share_url": "https://www.tiktok.com/@blogger/video/7203946942097902849",
        "video_caption": "@lumelle burnt me",
        "comment_id": 7247303576418566913 if kind == "COMMENT" else "0",
    }
    event = event_of(delivery(content, "brand.mention.event"))
    in_comment = kind == "COMMENT"
    assert event.kind is EventKind.MENTION_CREATED
    assert event.external_id == "7247303576418566913" if in_comment else "7203946942097902849"
    assert event.mention.text == ("" if in_comment else "@lumelle burnt me")
    assert event.mention.post_url.endswith("7203946942097902849")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("complete", EventKind.PUBLICATION_COMPLETED),
        ("publicly_available", EventKind.PUBLICATION_VISIBLE),
        ("no_longer_publicly_available", EventKind.PUBLICATION_WITHDRAWN),
        ("failed", EventKind.PUBLICATION_FAILED),
    ],
)
def test_it_reads_how_far_a_publication_has_come(name, kind):
    content = {"publish_id": "v_pub~7301", "post_id": 7203946942097902849, "reason": "internal"}
    event = event_of(delivery(content, f"post.publish.{name}"))
    assert (event.kind, event.external_id) == (kind, "v_pub~7301")
    assert (event.post_external_id, event.reason) == ("7203946942097902849", "internal")


@pytest.mark.parametrize(
    ("raw", "pointer", "code"),
    [
        (b"", "", "broken_json"),
        (b"\xff\xfe", "", "broken_json"),
        (b"[1]", "", "invalid_type"),
        (b"[" * 100_000, "", "broken_json"),
        (b'{"a":' + b"9" * 5_000 + b"}", "", "broken_json"),
        (b'{"event":"comment.update"}', "/user_openid", "required"),
        (delivery('{"comment_id":'), "/content", "broken_json"),
        (delivery("[]"), "/content", "invalid_type"),
        (delivery({"video_id": 7}), "/content/comment_id", "required"),
        (delivery(comment(comment_id=7.2e18)), "/content/comment_id", "invalid_type"),
        (delivery(comment(comment_id="7" * 300)), "/content/comment_id", "too_long"),
        (delivery({}, create_time="soon"), "/create_time", "invalid_time"),
        (delivery({}, event=""), "/event", "required"),
    ],
    ids=lambda value: "raw" if isinstance(value, bytes) else None,
)
def test_it_says_what_it_cannot_read(raw, pointer, code):
    outcome = channel.parse(raw)
    assert (outcome.events, outcome.mentions) == ((), ())
    assert [(error.pointer, error.code) for error in outcome.errors] == [(pointer, code)]


def test_it_stores_no_character_that_a_database_refuses():
    event = event_of(delivery(comment(text="a\x00b\ud800c", unique_identifier="x\x00")))
    assert event.mention.text == "a�b�c"
    assert event.author_external_id == "x�"


leaves = (
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=20)
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(
    content=st.dictionaries(
        st.sampled_from([*comment(), "message_id", "from_user", "text", "publish_id"]), values
    ),
    name=st.sampled_from(
        ["comment.update", "brand.mention.event", "im_receive_msg", "post.publish.failed", "?"]
    ),
)
def test_it_never_raises_whatever_it_is_sent(content, name):
    outcome = channel.parse(delivery(content, name))
    assert len(outcome.events) + len(outcome.errors) == 1


@given(st.binary(max_size=200))
def test_it_never_raises_on_any_bytes(raw):
    channel.parse(raw)
    channel.addressee(raw)
    verified(body=raw)
