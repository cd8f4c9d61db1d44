"""Acknowledgements race the moment at which somebody is to be called.

What counts is the commit. While it is under way nobody else can claim a message of the incident,
so the transaction itself sees exactly which sends have started before it; the receiver's journal
then says whether any other started after.
"""

import queue
import threading
import time
from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction

from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM
from incidents.models import Incident, Notification, Reminder, Severity
from incidents.services import lifecycle
from tests.factories.incidents import a_policy
from tests.faults.results import MINUTES, chance, long
from tests.processes import until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.faults,
    pytest.mark.timeout(0 if MINUTES else 240),
]

# 10,000 in a run of half an hour.
MANY = min(int(MINUTES * 350), 10_000)
ACKNOWLEDGING = 6

IN_TIME, RACING, TOO_LATE = 4, 20, 4
SECONDS = 30


class Acknowledgement(threading.Thread):
    """Acknowledges an incident when its time has come, and notes what had started by then."""

    def __init__(self, incident, owner, when):
        super().__init__(daemon=True)
        self.incident, self.owner, self.when = incident, owner, when
        self.started: set[str] | None = None

    def run(self) -> None:
        """Wait for the moment, acknowledge, and look around before the commit."""
        try:
            until(self.when, 60)
            with transaction.atomic():
                lifecycle.acknowledge(self.incident, by=SYSTEM, owner=self.owner)
                rows = Notification.objects.filter(incident=self.incident)
                self.started = set(ids(rows.exclude(sending_at=None)))
        finally:
            connection.close()


def ids(rows):
    """Return the messages' ids as the receiver sees them."""
    return [f"ntf_{pk.hex}" for pk in rows.values_list("pk", flat=True)]


@pytest.fixture
def opened(team, owner):
    """Incidents whose second call falls due at one moment, and that moment."""
    delay = timedelta(seconds=5)
    steps = [{"notify_owner": True}, {"delay": delay, "notify_owner": True}]
    policy = a_policy(team, steps, rounds=1)
    incidents = [
        lifecycle.open_incident(
            team=team, category="spam", severity=Severity.CRITICAL, title="T", by=SYSTEM,
            owner=owner, policy=policy,
        ).incident
        for _ in range(IN_TIME + RACING + TOO_LATE)
    ]  # fmt: skip
    return incidents


def second_call_of(incident) -> Reminder:
    return Reminder.objects.get(subject_id=incident.pk, kind="escalation_step", step=2)


def has_come(at: datetime):
    return lambda: clock.now() >= at


def calls(receiver, incident):
    """Return the ids of the messages about the incident's second step that arrived."""
    wanted = set(ids(Notification.objects.filter(incident=incident, reminders__step=2)))
    return [line["id"] for line in receiver.journal() if line["id"] in wanted]


def test_nobody_is_called_whose_call_had_not_started(celery, engine, receiver, owner, opened):
    due = {incident.pk: second_call_of(incident).due_at for incident in opened}
    in_time, racing = opened[:IN_TIME], opened[IN_TIME:-TOO_LATE]
    too_late = opened[-TOO_LATE:]
    acknowledgements = [
        *(Acknowledgement(each, owner, lambda: True) for each in in_time),
        *(
            # From just before the moment to well after it.
            Acknowledgement(each, owner, has_come(due[each.pk] + timedelta(milliseconds=at)))
            for each, at in zip(racing, range(-200, 1000, 1200 // RACING), strict=True)
        ),
        *(Acknowledgement(each, owner, lambda row=each: calls(receiver, row)) for each in too_late),
    ]
    for each in acknowledgements:
        each.start()
    for each in acknowledgements:
        each.join(90)
    until(nothing_is_left, SECONDS)

    for each in acknowledgements:
        assert each.started is not None
        about_it = Notification.objects.filter(incident=each.incident)
        arrived = {line["id"] for line in receiver.journal()} & set(ids(about_it))
        assert arrived == each.started
        nothing_fires_after_it(each.incident)
    assert [calls(receiver, each) for each in in_time] == [[]] * IN_TIME
    assert all(calls(receiver, each) for each in too_late)


def nothing_is_left() -> bool:
    """Return whether everything that was to be sent is sent or taken back."""
    waiting = Notification.objects.filter(status__in=["pending", "sending"])
    steps = Reminder.objects.pending().filter(kind="escalation_step")
    return not waiting.exists() and not steps.exists()


def nothing_fires_after_it(incident: Incident) -> None:
    events = incident.events.order_by("sequence")
    (acknowledged,) = events.filter(kind="incident.acknowledged")
    later = events.filter(kind="incident.escalated", sequence__gt=acknowledged.sequence)
    assert not later.exists()


class Acknowledging(threading.Thread):
    """Takes incidents one after another, each at about the moment its second call falls due."""

    def __init__(self, waiting: "queue.Queue", owner) -> None:
        super().__init__(daemon=True)
        self.waiting, self.owner, self.chance = waiting, owner, chance()
        self.done: dict[object, set[str]] = {}
        self.off: list[float] = []

    def run(self) -> None:
        """Work until None comes."""
        try:
            while (taken := self.waiting.get()) is not None:
                self.acknowledge(*taken)
        finally:
            connection.close()

    def acknowledge(self, incident, due) -> None:
        """Acknowledge, and see before the commit which sends had started."""
        at = due + timedelta(seconds=self.chance.uniform(-0.1, 0.6))
        time.sleep(max((at - clock.now()).total_seconds(), 0))
        with transaction.atomic():
            lifecycle.acknowledge(incident, by=SYSTEM, owner=self.owner)
            rows = Notification.objects.filter(incident=incident)
            self.done[incident.pk] = set(ids(rows.exclude(sending_at=None)))
        self.off.append((clock.now() - due).total_seconds())


@long
def test_nobody_is_called_after_any_of_many_acknowledgements(
    celery, engine, receiver, team, owner, results
):
    delay = timedelta(seconds=4)
    policy = a_policy(team, [{"notify_owner": True}, {"delay": delay, "notify_owner": True}])
    waiting: queue.Queue = queue.Queue()
    threads = [Acknowledging(waiting, owner) for _ in range(ACKNOWLEDGING)]
    for each in threads:
        each.start()
    for _ in range(MANY):
        incident = lifecycle.open_incident(
            team=team, category="spam", severity=Severity.CRITICAL, title="T", by=SYSTEM,
            owner=owner, policy=policy,
        ).incident  # fmt: skip
        waiting.put((incident, incident.opened_at + delay))
        while waiting.qsize() > 400:
            time.sleep(0.05)
    for _ in threads:
        waiting.put(None)
    for each in threads:
        each.join(600)
    until(nothing_is_left, 300)

    started = {pk: ids for each in threads for pk, ids in each.done.items()}
    assert len(started) == MANY
    about = dict(Notification.objects.values_list("pk", "incident_id"))
    arrived = Counter(line["id"] for line in receiver.journal())
    after = [
        pk
        for pk, incident in about.items()
        if f"ntf_{pk.hex}" in arrived and f"ntf_{pk.hex}" not in started[incident]
    ]
    assert after == []
    for incident in Incident.objects.all().iterator():
        nothing_fires_after_it(incident)
    second = Reminder.objects.filter(kind="escalation_step", step=2)
    off = sorted(abs(seconds) for each in threads for seconds in each.off)
    results.note(
        "P10", f"{MANY} acknowledgements raced against their due instant",
        **{
            "started after": len(after),
            "second calls that were faster": second.filter(status="fired").count(),
            "off the instant p50 s": round(off[len(off) // 2], 2),
            "p90 s": round(off[len(off) * 9 // 10], 2),
        },
    )  # fmt: skip
