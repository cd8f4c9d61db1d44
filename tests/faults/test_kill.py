"""A worker is killed, engines are away for hours; an independent receiver's journal is the judge.

What an engine leaves that dies is in test_crash.py, what goes on without a broker in test_redis.py.
"""

from datetime import timedelta

import pytest

from crisis_api.lib.actors import SYSTEM
from incidents.models import Incident, Notification, Severity
from incidents.services import lifecycle
from tests.factories.incidents import a_policy
from tests.processes import Process, manage, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]

SECONDS = 20


@pytest.fixture
def open_some(team, owner):
    policy = a_policy(team, [{"notify_owner": True}], rounds=1)

    def open_some(number):
        return [
            lifecycle.open_incident(
                team=team, category="spam", severity=Severity.CRITICAL, title="T", by=SYSTEM,
                owner=owner, policy=policy,
            ).incident.reference
            for _ in range(number)
        ]  # fmt: skip

    return open_some


def arrived(receiver, references):
    return lambda: set(references) <= set(receiver.references())


def test_sends_again_what_a_killed_worker_was_sending(
    celery, engine, receiver, open_some, shared_clock, broker
):
    receiver.answers("slow 8")

    def held_by_the_worker():
        (reference,) = open_some(1)
        until(lambda: reference in receiver.references(), SECONDS)
        row = Notification.objects.get(incident__reference=reference)
        return row if f":{engine.popen.pid}:" not in row.lease_owner else None

    # On a busy machine the engine may be faster than a hint.
    held = until(held_by_the_worker, SECONDS)
    celery.kill()
    receiver.answers("ok")
    shared_clock.move(seconds=21)
    until(lambda: Notification.objects.filter(pk=held.pk, status="sent").exists(), SECONDS)
    ids = [line["id"] for line in receiver.journal()]
    assert ids.count(f"ntf_{held.pk.hex}") == 2


def test_goes_on_where_it_stopped_after_a_long_silence(
    variables, receiver, team, owner, tmp_path, shared_clock
):
    steps = [{"delay": timedelta(minutes=1), "notify_owner": True} for _ in range(3)]
    policy = a_policy(team, steps)
    incident = lifecycle.open_incident(
        team=team, category="spam", severity=Severity.CRITICAL, title="T", by=SYSTEM,
        owner=owner, policy=policy,
    ).incident  # fmt: skip
    shared_clock.move(hours=2)
    process = Process(manage("engine", "engine", environment=variables), tmp_path / "e.log").start()
    until(arrived(receiver, [incident.reference]), SECONDS)
    until(lambda: Notification.objects.filter(status="sent").exists())
    process.stop()
    assert len(receiver.journal()) == 1, "every missed step in one message"
    events = Incident.objects.get(pk=incident.pk).events.filter(kind="incident.escalated")
    assert [e.data["step"] for e in events.order_by("sequence")] == [1, 2, 3]
    late = [e.data["late_seconds"] // 60 for e in events.order_by("sequence")]
    assert late == [119, 118, 117]
