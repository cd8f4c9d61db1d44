"""The engine's ticks: what it does itself, what it leaves to workers, and how it rests."""

import socket
import threading
import time
from datetime import timedelta
from uuid import uuid4

import pytest

from crisis_api.lib import breaker, nudge
from crisis_api.lib import clock as the_clock
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.signing import new_secret
from incidents.escalation import decide, runs
from incidents.escalation import engine as engines
from incidents.escalation.engine import HINT_AGAIN_AFTER, LANES, OWN_SHARE, Engine, run_once
from incidents.escalation.senders import registry
from incidents.models import EngineHeartbeat, Notification, Reminder
from tests.factories.access import a_contact_point, a_person, a_team
from tests.factories.incidents import a_policy, an_incident
from tests.processes import until


class Nowhere:
    def send(self, address, message, *, message_id, secret=""):
        return ""


class Hanging:
    """A receiver that answers nobody but the good, until it is let go."""

    def __init__(self):
        self.let_go = threading.Event()

    def send(self, address, message, *, message_id, secret=""):
        if address != "good":
            self.let_go.wait(30)
        return ""


class OnlyHints(Engine):
    """Without senders of its own, so that nothing is taken from the queue meanwhile."""

    def _submit(self, *_):
        return


@pytest.fixture(autouse=True)
def _nothing_leaves(monkeypatch):
    monkeypatch.setitem(registry._SENDERS, "console", Nowhere())


def started(number, severity="critical", **point):
    team = a_team()
    owner = a_person(team)
    a_contact_point(owner, **point)
    policy = a_policy(team, [{"notify_owner": True}])
    for _ in range(number):
        incident = an_incident(team, owner=owner, policy=policy, severity=severity)
        runs.start(incident, policy=policy, at=incident.opened_at, by=SYSTEM)


@pytest.mark.django_db
def test_does_all_that_is_due_in_one_go(clock):
    started(3)
    run_once()
    assert set(Notification.objects.values_list("status", flat=True)) == {"sent"}


@pytest.mark.django_db
def test_forgets_reminders_of_what_is_no_more(clock):
    reminder = Reminder.objects.create(
        team=a_team(), kind="no_owner", subject_type="incident", subject_id=uuid4(),
        planned_at=clock.now(), due_at=clock.now(), dedup_key="gone",
    )  # fmt: skip
    decide.fire_all_due()
    reminder.refresh_from_db()
    assert reminder.status == "cancelled"


@pytest.mark.django_db(transaction=True)
def test_sends_by_itself_what_nobody_claims():
    started(8)
    engine = Engine()
    engine.open_lanes()
    engine.tick()
    engine.tick()
    until(lambda: Notification.objects.filter(status="sent").count() == 8)
    engine.close_lanes()
    assert EngineHeartbeat.objects.get(pk=engine.name).ticks == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("known", [True, False])
def test_sends_past_receivers_that_hang(monkeypatch, known):
    hanging = Hanging()
    monkeypatch.setitem(registry._SENDERS, "console", hanging)
    failed = the_clock.now() if known else None
    # Those of which nobody knows yet may hold one thread each.
    for _ in range(12 if known else LANES["critical"] - 1):
        started(20, last_failure_at=failed)
    started(1, address="good")
    engine = Engine()
    engine.open_lanes()
    try:
        engine.tick()
        until(lambda: Notification.objects.filter(status="sent").exists())
    finally:
        hanging.let_go.set()
        engine.close_lanes()


@pytest.mark.django_db(transaction=True)
def test_sends_past_many_people_behind_one_host_that_hangs(settings):
    settings.HTTP_ALLOW_PRIVATE = ["127.0.0.0/8"]
    with socket.create_server(("127.0.0.1", 0), backlog=100) as host:
        address = f"http://127.0.0.1:{host.getsockname()[1]}/hook/"
        # It takes connections and answers nobody; nobody has tried any of these people before.
        for person in range(10):
            started(1, kind="webhook", address=f"{address}{person}", secret=new_secret())
        started(1)
        engine = Engine()
        engine.open_lanes()
        try:
            engine.tick()
            until(lambda: Notification.objects.filter(status="sent").exists())
        finally:
            host.close()
            engine.close_lanes()
    tried = Notification.objects.filter(contact_point__kind="webhook")
    held = tried.filter(last_error__in=("timeout", "connection_lost", "connect_timeout"))
    assert held.count() <= breaker.HELD_AT_MOST
    assert tried.filter(last_error="destination_hangs").exists()


@pytest.mark.django_db
def test_hints_again_at_what_a_long_queue_left_over(broker, clock, monkeypatch):
    started(LANES["critical"] * OWN_SHARE + 120)
    decide.fire_all_due()
    hinted = []
    monkeypatch.setattr(nudge, "hint", lambda task, ids, queue: hinted.append((queue, len(ids))))
    clock.move(timedelta(seconds=3))
    engine = OnlyHints()
    engine._hand_out()
    engine._hand_out()
    assert hinted == [("critical", 120)]
    clock.move(HINT_AGAIN_AFTER)
    engine._hand_out()
    assert hinted == [("critical", 120)] * 2


@pytest.mark.django_db
def test_rests_while_it_cannot_take_what_is_due(clock):
    Reminder.objects.create(
        team=a_team(), kind="no_owner", subject_type="incident", subject_id=uuid4(),
        planned_at=clock.now(), due_at=clock.now() - timedelta(minutes=1), dedup_key="held",
    )  # fmt: skip
    assert Engine()._sleep(time.monotonic(), taken=0) >= 0.25
    assert Engine()._sleep(time.monotonic(), taken=5) < 0.25


@pytest.mark.django_db
def test_wakes_when_somebody_lays_out_what_is_due(clock, monkeypatch):
    looked = []

    def opens_an_incident(seconds):
        looked.append(seconds)
        if len(looked) == 2:
            started(1)
        return False

    engine = Engine()
    monkeypatch.setattr(engine.stopping, "wait", opens_an_incident)
    engine._rest(3600)
    assert len(looked) == 2
    assert max(looked) < 0.3


@pytest.mark.django_db
def test_lets_senders_and_sweeps_have_their_turn_in_a_storm(monkeypatch):
    turns = []
    monkeypatch.setattr(decide, "fire_all_due", lambda after_each: after_each() or 500)
    monkeypatch.setattr(Engine, "_hand_out", lambda _: turns.append("senders"))
    monkeypatch.setattr(Engine, "_sweep", lambda _: turns.append("sweeps"))
    monkeypatch.setattr(engines, "TURN_EVERY", timedelta(hours=1))
    Engine()._fire()
    assert turns == []
    monkeypatch.setattr(engines, "TURN_EVERY", timedelta(0))
    Engine()._fire()
    assert turns == ["senders", "sweeps"]
