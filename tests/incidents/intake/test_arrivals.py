"""What TikTok and Telegram push: who is believed, what is kept, and what becomes of it."""

import hashlib
import hmac
import itertools
import json
from datetime import timedelta

import pytest
from django.test import Client

from incidents.channels.values import Credentials
from incidents.escalation import engine
from incidents.intake import reading
from incidents.models import Connection, Event, Mention, Receipt, Reminder
from incidents.services import own_words
from tests.factories.access import a_contact_point, a_person, a_team
from tests.factories.connections import a_connected_account, an_account_with
from tests.platforms import OPEN_ID

pytestmark = pytest.mark.django_db
DOOR = "/api/v1/webhooks/tiktok/"
SECRET = "only-for-tests"
COMMENT = 7312345678901234567


@pytest.fixture
def account(db):
    return a_connected_account(a_team())


def _envelope(clock, event="comment.update", *, user=OPEN_ID, **content):
    return {
        "client_key": "app",
        "event": event,
        "create_time": int(clock.now().timestamp()),
        "user_openid": user,
        "content": json.dumps(content),
    }


def _comment(clock, action="insert", *, at=0, text="It burns, terrible!", **more):
    """Return what is told of a comment, `at` seconds from now on the platform's clock."""
    stamp = int((clock.now() + timedelta(seconds=at)).timestamp() * 1000)
    content = {
        "comment_id": COMMENT,
        "video_id": 7300000000000000001,
        "parent_comment_id": 0,
        "comment_type": "comment",
        "comment_action": action,
        "timestamp": stamp,
        "unique_identifier": "author-1",
        **({"text": text} if action == "insert" else {}),
        **more,
    }
    return _envelope(clock, **content)


def _push(clock, told, *, secret=SECRET, at=0, door=DOOR):
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    stamp = str(int(clock.now().timestamp()) + at)
    signed = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return Client().post(
        door,
        data=body,
        content_type="application/json",
        headers={"TikTok-Signature": f"t={stamp},s={signed}"},
    )


def test_keeps_what_is_signed_answers_at_once_and_reads_it_afterwards(account, clock):
    answer = _push(clock, _comment(clock))

    assert (answer.status_code, answer.content) == (200, b"")
    receipt = Receipt.objects.get()
    assert (receipt.status, receipt.source, receipt.account) == ("new", "webhook", account)
    assert not Mention.objects.exists()
    assert reading.sweep() == 1
    mention = Mention.objects.get()
    assert (mention.external_id, mention.text) == (str(COMMENT), "It burns, terrible!")
    assert (mention.kind, mention.parent_external_id, mention.receipt) == ("comment", "", receipt)
    assert Connection.objects.get().delivered_at == clock.now()


@pytest.mark.parametrize(
    ("how", "door"),
    [
        ({"secret": "guessed"}, DOOR),
        ({"at": -301}, DOOR),
        ({}, "/api/v1/webhooks/myspace/"),
        ({}, "/api/v1/webhooks/manual/"),
        ({}, "/api/v1/webhooks/telegram/01990000-0000-7000-8000-00000000dead/"),
    ],
    ids=["signature", "stale", "unknown", "without_webhooks", "unknown_bot"],
)
def test_answers_all_strangers_alike_and_keeps_nothing(account, clock, how, door):
    answer = _push(clock, _comment(clock), door=door, **how)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (401, "not_authenticated")
    assert told["detail"] == "This is not signed by the network."
    assert not Receipt.objects.exists()


def test_lets_the_platform_try_again_for_an_account_that_nobody_connected(account, clock):
    answer = _push(clock, _comment(clock) | {"user_openid": "-000nobody"})
    assert answer.status_code == 404
    Connection.objects.update(status="disconnected")
    assert _push(clock, _comment(clock)).status_code == 404
    assert not Receipt.objects.exists()


def test_keeps_copies_as_one_and_counts_them(account, clock):
    told = json.dumps(_comment(clock)).encode()
    assert [_push(clock, told).status_code for _ in range(5)] == [200] * 5
    assert reading.sweep() == 1
    assert _push(clock, told).status_code == 200
    assert reading.sweep() == 0
    assert Receipt.objects.get().copies == 5
    assert Mention.objects.count() == 1


def test_keeps_and_shows_what_cannot_be_read_and_what_nobody_knows(account, clock):
    broken = _comment(clock) | {"content": "{no json"}
    unknown = _envelope(clock, "comment.translated", comment_id=COMMENT)
    for told in (broken, unknown):
        assert _push(clock, told).status_code == 200
    reading.sweep()

    kept = {each.errors[0]["code"]: each for each in Receipt.objects.all()}
    assert {each.status for each in kept.values()} == {"unparsed"}
    assert kept["unknown_event"].errors[0]["params"]["event"] == "comment.translated"
    assert not Mention.objects.exists()


def test_refuses_what_is_too_long_and_other_methods(account, clock):
    assert _push(clock, b"x" * (256 * 1024 + 1)).status_code == 413
    assert Client().put(DOOR).status_code == 405


_STORY = {
    "insert": {"action": "insert", "at": -40},
    "hide": {"action": "set_to_hidden", "at": -30},
    "show": {"action": "set_to_public", "at": -20},
    "hide again": {"action": "set_to_hidden", "at": -10},
}


@pytest.mark.parametrize("order", list(itertools.permutations(_STORY)), ids="-".join)
def test_ends_the_same_in_whatever_order_it_is_told(account, clock, order):
    for name in order:
        assert _push(clock, _comment(clock, **_STORY[name])).status_code == 200
        reading.sweep()

    mention = Mention.objects.get()
    assert mention.text == "It burns, terrible!"
    assert mention.hidden_at is not None
    assert mention.is_negative
    assert mention.written_at < mention.hidden_at


@pytest.mark.parametrize("order", [("hide", "show", "insert"), ("show", "insert", "hide")])
def test_is_seen_again_where_that_was_the_last_word(account, clock, order):
    _push(clock, _comment(clock, **_STORY["insert"]))
    reading.sweep()
    for name in order:
        _push(clock, _comment(clock, **_STORY[name]))
        reading.sweep()
    assert Mention.objects.get().hidden_at is None


def test_stays_deleted_when_it_was_deleted_before_it_was_told_of(account, clock):
    _push(clock, _comment(clock, "delete"))
    reading.sweep()
    _push(clock, _comment(clock, at=-60))
    reading.sweep()

    mention = Mention.objects.get()
    assert mention.deleted_at is not None
    assert mention.text == "It burns, terrible!"


def test_does_not_take_our_own_reply_for_a_comment(account, clock, monkeypatch):
    monkeypatch.setattr(own_words, "_explaining", [])
    own_words.register(lambda _account, ids: {str(COMMENT)} & set(ids))
    _push(clock, _comment(clock))
    reading.sweep()
    assert not Mention.objects.exists()
    assert not Reminder.objects.filter(kind="posted_outside").exists()


def test_tells_the_managers_of_what_was_posted_past_the_process(account, clock, monkeypatch):
    manager = a_person(account.team, "manager")
    a_contact_point(manager)
    monkeypatch.setattr(own_words, "_explaining", [])
    own_words.learn(account, "brand-writes")
    for _ in range(2):
        _push(clock, _comment(clock, unique_identifier="brand-writes"))
        reading.sweep()
    assert not Mention.objects.exists()
    assert not Event.objects.filter(kind="account.posted_outside").exists()

    clock.move(minutes=5, seconds=1)
    engine.run_once()
    (event,) = Event.objects.filter(kind="account.posted_outside")
    assert event.data == {"what": "comment", "external_id": str(COMMENT)}
    assert manager.notifications.filter(status="sent").count() == 1


def test_tells_nobody_of_what_explains_itself_within_minutes(account, clock, monkeypatch):
    a_contact_point(a_person(account.team, "manager"))
    monkeypatch.setattr(own_words, "_explaining", [])
    own_words.learn(account, "brand-writes")
    _push(clock, _comment(clock, unique_identifier="brand-writes"))
    reading.sweep()
    own_words.register(lambda _account, ids: set(ids))
    clock.move(minutes=5, seconds=1)
    engine.run_once()
    assert not Event.objects.filter(kind="account.posted_outside").exists()


def test_reads_many_in_sets_and_a_bad_one_alone(account, clock, monkeypatch):
    for number in range(30):
        _push(clock, _comment(clock, comment_id=COMMENT + number, text=f"It burns {number}!"))
    monkeypatch.setattr(reading, "_read_together", _failing)
    assert reading.sweep() == 30
    assert Mention.objects.count() == 30
    assert not Receipt.objects.exclude(status="parsed").exists()
    brought = set(Mention.objects.values_list("receipt_id", flat=True))
    assert len(brought) == 30


def _failing(*_args):
    raise ValueError("one of them")


def test_names_the_receipt_that_brought_each_when_read_in_a_set(account, clock):
    for number in range(30):
        _push(clock, _comment(clock, comment_id=COMMENT + number))
    assert reading.sweep() == 30
    for mention in Mention.objects.select_related("receipt"):
        assert mention.external_id.encode() in bytes(mention.receipt.body)


def test_takes_what_a_bot_is_told_with_its_secret(clock):
    credentials = Credentials("4242", "4242:token", webhook_secret="s" * 32)
    account = an_account_with(a_team(), credentials, network="telegram", handle="@lumellebot")
    update = {
        "update_id": 1,
        "message": {
            "message_id": 9,
            "date": int(clock.now().timestamp()),
            "chat": {"id": -100500, "type": "supergroup", "username": "lumelle"},
            "from": {"id": 5, "username": "marta"},
            "text": "It burns, terrible!",
        },
    }
    door = f"/api/v1/webhooks/telegram/{account.pk}/"
    for secret, status in (("wrong", 401), ("", 401), ("s" * 32, 200)):
        answer = Client().post(
            door,
            data=json.dumps(update).encode(),
            content_type="application/json",
            headers={"X-Telegram-Bot-Api-Secret-Token": secret},
        )
        assert answer.status_code == status
    reading.sweep()
    assert Mention.objects.get().external_id == "-100500/9"
