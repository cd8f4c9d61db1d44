"""The fake TikTok tells what happens, in every way in which webhooks go wrong."""

import hashlib
import hmac
import json

import pytest

from tests.fake_tiktok.deliveries import sign
from tests.platforms import APP_ID, APP_SECRET, OPEN_ID, FakeTikTok
from tests.processes import until
from tests.rig import Receiver

VECTOR = (
    '{"client_key":"7000000000000000001","event":"comment.update","create_time":1790000000,'
    '"user_openid":"-000fakeBusinessOpenId","content":"{\\"comment_id\\":7247303576418566913,'
    '\\"video_id\\":7203946942097902849,\\"parent_comment_id\\":0,\\"comment_type\\":\\"comment\\",'
    '\\"comment_action\\":\\"insert\\",\\"unique_identifier\\":\\"+ABc1D2/E0fGhijkl\\",'
    '\\"timestamp\\":1790000000123,\\"text\\":\\"Where is my refund? 😡\\"}"}'
)


@pytest.fixture
def connected(fake_tiktok: FakeTikTok, receiver: Receiver) -> FakeTikTok:
    """A TikTok that sends everything to the receiver."""
    fake_tiktok.token()
    fake_tiktok.hook(receiver.url("/hook"), "COMMENT", "VIDEO", "DIRECT_MESSAGE", "BRAND_MENTION")
    return fake_tiktok


def arrived(receiver: Receiver, count: int):
    return until(lambda: (lines := receiver.journal("/hook")) and len(lines) >= count and lines, 10)


def content(delivery):
    return json.loads(json.loads(delivery["payload"])["content"])


def actions(fake: FakeTikTok):
    return [content(each)["comment_action"] for each in fake.deliveries()]


def test_it_signs_as_the_test_vector_says():
    body = VECTOR.encode()
    expected = "518e0038a8cd8301636f7aa102fca52709ad2961b24191ac5f5865877780916c"
    assert len(body) == 400
    assert sign(APP_SECRET, 1_790_000_000, body) == f"t=1790000000,s={expected}"


def test_it_tells_of_a_comment_with_bare_numbers_in_a_string(
    connected: FakeTikTok, receiver: Receiver
):
    comment = connected.comment(connected.video(), "Жжёт 😡")
    (line,) = arrived(receiver, 1)
    (delivery,) = connected.deliveries()
    body = delivery["payload"]
    t, _, s = delivery["headers"]["TikTok-Signature"].partition(",")
    signed = f"{t.removeprefix('t=')}.{body}".encode()
    assert line["body"] == body
    assert s == f"s={hmac.new(APP_SECRET.encode(), signed, hashlib.sha256).hexdigest()}"
    assert f'\\"comment_id\\":{comment},' in body
    assert '\\"parent_comment_id\\":0,' in body
    assert "Жжёт 😡" in body
    assert (json.loads(body)["user_openid"], json.loads(body)["client_key"]) == (OPEN_ID, APP_ID)


def test_it_tells_of_everything_that_becomes_of_a_comment(connected: FakeTikTok):
    video = connected.video()
    comment = connected.comment(video)
    reply = connected.comment(video, parent_id=comment)
    for action in ("hide", "publish", "friends_only", "delete"):
        connected.tell("comment", comment_id=comment, action=action)
    told = [content(each) for each in connected.deliveries()]
    assert [each["comment_action"] for each in told] == [
        "insert",
        "insert",
        "set_to_hidden",
        "set_to_public",
        "set_to_friends_only",
        "delete",
    ]
    assert "text" not in told[-1]
    assert (told[1]["comment_type"], told[1]["parent_comment_id"]) == ("reply", int(comment))
    assert told[1]["comment_id"] == int(reply)


def test_it_tells_of_messages_mentions_and_whatever_it_is_given(connected: FakeTikTok):
    connected.tell("dm", username="anna", text="Help!")
    connected.tell("dm", username="otto", text="Hilfe!", region="EU")
    connected.tell("mention", username="blogger", caption="@lumelle")
    connected.tell("tell", event_type="COMMENT", event="comment.pinned", content={"comment_id": 7})
    told = connected.deliveries()
    assert [each["event"] for each in told] == [
        "im_receive_msg",
        "im_receive_msg_eu",
        "brand.mention.event",
        "comment.pinned",
    ]
    assert (content(told[0])["type"], content(told[0])["text"]) == ("text", {"body": "Help!"})
    assert set(content(told[1])) == {"to", "to_user", "timestamp"}
    assert content(told[2])["comment_id"] == "0"


def test_it_tells_nothing_where_it_was_not_asked_or_not_let_in(connected: FakeTikTok):
    video, other = connected.video(), connected.video()
    connected.comment(connected.video(open_id=""))
    connected.post(
        "business/webhook/update/",
        app_id=APP_ID,
        secret=APP_SECRET,
        event_type="COMMENT",
        callback_url="http://127.0.0.1:9/",
        item_list=[video],
    )
    connected.hook("http://127.0.0.1:9/")
    connected.comment(other)
    assert connected.deliveries() == []
    connected.tell("modes", paused=True)
    connected.comment(video)
    connected.tell("tokens", drop_scope="comment.list")
    connected.comment(video)
    assert len(connected.deliveries()) == 1


def test_it_sets_and_forgets_addresses_for_the_app_alone(fake_tiktok: FakeTikTok):
    app = {"app_id": APP_ID, "secret": APP_SECRET}
    url = {"callback_url": "https://crisis.test/hook"}
    path = "business/webhook/update/"
    assert fake_tiktok.post(path, **app, **url, event_type="comment.update")["code"] == 40002
    wrong = {**app, "secret": "x"}
    assert fake_tiktok.post(path, **wrong, **url, event_type="COMMENT")["code"] == 40101
    fake_tiktok.tell("modes", allow_http=False)
    plain = {"callback_url": "http://crisis.test/hook"}
    assert fake_tiktok.post(path, **app, **plain, event_type="COMMENT")["code"] == 40002
    told = fake_tiktok.post(path, **app, **url, event_type="COMMENT")["data"]
    assert told == {"app_id": APP_ID, "event_type": "COMMENT", **url}
    gone = fake_tiktok.post("business/webhook/delete/", **app, event_type="COMMENT")["data"]
    assert "callback_url" not in gone


def test_it_repeats_what_it_is_told_to_repeat(connected: FakeTikTok, receiver: Receiver):
    connected.tell("modes", duplicate=3)
    connected.comment(connected.video())
    lines = arrived(receiver, 4)
    assert len({line["body"] for line in lines}) == 1


def test_it_mixes_up_the_order(connected: FakeTikTok, receiver: Receiver):
    connected.tell("modes", reorder="reverse", reorder_window=3)
    video = connected.video()
    ids = [connected.comment(video, f"{n}") for n in range(3)]
    bodies = [json.loads(line["body"]) for line in arrived(receiver, 3)]
    told = [str(json.loads(body["content"])["comment_id"]) for body in bodies]
    assert told == ids[::-1]


def test_it_is_late_by_its_own_clock(connected: FakeTikTok, receiver: Receiver):
    connected.tell("modes", delay_s=600.0)
    connected.comment(connected.video())
    assert connected.deliveries()[0]["attempts"] == []
    connected.tell("clock", advance_s=601)
    arrived(receiver, 1)


@pytest.mark.parametrize("resigned", [True, False])
def test_it_tries_again_for_three_days(connected: FakeTikTok, receiver: Receiver, resigned):
    receiver.answers("status 500")
    connected.tell("modes", resign_retries=resigned)
    connected.tell("clock", stopped=True)
    connected.comment(connected.video())

    def attempts():
        return len(connected.deliveries()[0]["attempts"])

    for tries, wait in enumerate([10, 20, 40], start=1):
        until(lambda tries=tries: attempts() == tries, 10)
        connected.tell("clock", advance_s=wait - 1)
        assert attempts() == tries
        connected.tell("clock", advance_s=1)
    until(lambda: attempts() == 4, 10)
    delivery = connected.deliveries()[0]
    assert {each["status"] for each in delivery["attempts"]} == {500}
    first, last = (round(delivery["attempts"][place]["at"]) for place in (0, -1))
    signed = int(delivery["headers"]["TikTok-Signature"].partition(",")[0].removeprefix("t="))
    assert last - first == 70
    assert abs(signed - (last if resigned else first)) <= 1
    connected.tell("clock", advance_s=73 * 3600)
    until(lambda: connected.deliveries()[0]["state"] == "dropped", 10)


def test_it_sends_one_again_when_asked(connected: FakeTikTok, receiver: Receiver):
    connected.comment(connected.video())
    (first,) = arrived(receiver, 1)
    connected.tell(f"deliveries/{connected.deliveries()[0]['id']}/redeliver")
    assert arrived(receiver, 2)[1]["body"] == first["body"]


@pytest.mark.parametrize(
    ("mode", "differs"),
    [
        ({"wrong_openid": True}, lambda body: body["user_openid"] != OPEN_ID),
        ({"unparsable": True}, lambda body: body["content"] == '{"comment_id":'),
        ({"unknown_event": True}, lambda body: body["event"] == "comment.something_new"),
        ({"omit_text": True}, lambda body: "text" not in json.loads(body["content"])),
        ({"omit_parent_zero": True}, lambda body: "parent_comment_id" not in body["content"]),
    ],
)
def test_it_sends_odd_bodies_where_told_to(connected: FakeTikTok, mode, differs):
    connected.tell("modes", **mode)
    connected.comment(connected.video())
    assert differs(json.loads(connected.deliveries()[0]["payload"]))


def test_it_escapes_letters_where_told_to(connected: FakeTikTok):
    connected.tell("modes", ensure_ascii=True)
    connected.comment(connected.video(), "Жжёт")
    assert connected.deliveries()[0]["payload"].isascii()


@pytest.mark.parametrize("mode", [{"bad_signature": True}, {"stale_s": 900.0}])
def test_it_signs_wrongly_or_long_ago_where_told_to(
    connected: FakeTikTok, receiver: Receiver, mode
):
    connected.tell("modes", **mode)
    connected.comment(connected.video())
    arrived(receiver, 1)
    (delivery,) = connected.deliveries()
    t = int(delivery["headers"]["TikTok-Signature"].partition(",")[0].removeprefix("t="))
    good = sign(APP_SECRET, t, delivery["payload"].encode())
    is_good = delivery["headers"]["TikTok-Signature"] == good
    at = delivery["attempts"][0]["at"]
    assert (is_good, at - t > 800) == ("stale_s" in mode, "stale_s" in mode)


def test_it_loses_what_it_is_told_to_lose(connected: FakeTikTok):
    connected.tell("modes", drop_percent=100.0)
    connected.comment(connected.video())
    assert connected.ask("deliveries")["counts"] == {"lost": 1}


def test_it_hides_some_by_itself_as_the_platform_does(connected: FakeTikTok):
    connected.tell("modes", filter_percent=100.0)
    connected.comment(connected.video())
    assert actions(connected) == ["insert", "set_to_hidden"]


def test_it_makes_a_wave_as_its_clock_runs(connected: FakeTikTok, receiver: Receiver):
    video = connected.video()
    connected.tell("clock", stopped=True)
    mix = {"injury": 1.0, "refund": 2.0}
    connected.tell("burst", video=video, n=50, per_second=10, mix=mix, reply_share=0.3)
    connected.tell("clock", advance_s=2)
    connected.tell("clock", advance_s=0)
    assert len(connected.deliveries()) == 21
    connected.tell("clock", advance_s=60)
    told = [json.loads(line["body"])["content"] for line in arrived(receiver, 50)]
    kinds = {json.loads(each)["comment_type"] for each in told}
    assert (len(told), kinds) == (50, {"comment", "reply"})
