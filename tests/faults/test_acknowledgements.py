"""Acknowledgements race the moment at which somebody is to be called.

What counts is the commit. While it is under way nobody else can claim a message of the incident,
so the transaction itself sees exactly which sends have started before it; the receiver's journal
then says whether any other started after.
"""

import queue
import threading
import time
from collections import Counter
from copy import copy
from datetime import datetime, timedelta
from itertools import count

import pytest
from django.db import connection, transaction

from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.ids import uuid7
from incidents.models import Escalation, Event, Incident, Notification, Reminder, Severity
from incidents.services import lifecycle
from tests.factories.incidents import a_policy
from tests.faults.results import MINUTES, chance, long
from tests.processes import until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.faults,
    pytest.mark.timeout(0 if MINUTES else 240),
]

# 10,000 in a run of five minutes.
MANY = min(int(MINUTES * 2000), 10_000)
ACKNOWLEDGING = 6
# So many fall due one after another; the next ones as fast as these could be acknowledged.
WAVE = 250

IN_TIME, RACING, TOO_LATE = 4, 20, 4
SECONDS = 30

_number = count(1)


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
    """Takes incidents one after another, each at about the moment its call falls due."""

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
                self.waiting.task_done()
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


def copies(opened, instants):
    """Return as many incidents like one that was opened, whose call falls due at those instants.

    Opening each would take far longer than what is raced here.
    """
    escalation, reminder = opened.escalations.get(), opened.reminders.get(kind="escalation_step")
    rows: dict[type, list] = {Incident: [], Escalation: [], Reminder: []}
    for due in instants:
        incident, run, call = copy(opened), copy(escalation), copy(reminder)
        incident.pk, run.pk, call.pk = uuid7(), uuid7(), uuid7()
        incident.reference = f"CR-1999-{next(_number)}"
        run.incident, run.started_at = incident, due
        call.incident, call.subject_id, call.escalation = incident, incident.pk, run
        call.planned_at, call.due_at = due, due
        call.dedup_key = f"esc:{run.pk.hex}:1:1"
        for row in (incident, run, call):
            rows[type(row)].append(row)
    with transaction.atomic():
        for model, made in rows.items():
            model.objects.bulk_create(made)
    return rows[Incident]


@long
def test_nobody_is_called_after_any_of_many_acknowledgements(
    celery, engine, receiver, team, owner, results
):
    a_day = timedelta(days=1)
    opened = lifecycle.open_incident(
        team=team, category="spam", severity=Severity.CRITICAL, title="T", by=SYSTEM,
        owner=owner, policy=a_policy(team, [{"delay": a_day, "notify_owner": True}], rounds=1),
    ).incident  # fmt: skip
    waiting: queue.Queue = queue.Queue()
    threads = [Acknowledging(waiting, owner) for _ in range(ACKNOWLEDGING)]
    for each in threads:
        each.start()
    began, spread = time.monotonic(), 10.0
    for first in range(0, MANY, WAVE):
        size = min(WAVE, MANY - first)
        soon = clock.now() + timedelta(seconds=1)
        instants = [soon + timedelta(seconds=spread * n / size) for n in range(size)]
        wave = copies(opened, instants)
        since = time.monotonic()
        for raced in zip(wave, instants, strict=True):
            waiting.put(raced)
        waiting.join()
        # As fast as this machine acknowledges, or most would come long after their instant.
        spread = max((time.monotonic() - since - 1) * 0.9, 1.0)
    for _ in threads:
        waiting.put(None)
    for each in threads:
        each.join(60)
    took = time.monotonic() - began
    # What the others were copied from has not fallen due.
    lifecycle.resolve(opened, note="Over.", by=SYSTEM)
    until(nothing_is_left, 300)

    started = {pk: ids for each in threads for pk, ids in each.done.items()}
    assert len(started) == MANY
    raced = Notification.objects.filter(incident__in=Incident.objects.exclude(pk=opened.pk))
    about = dict(raced.values_list("pk", "incident_id"))
    arrived = Counter(line["id"] for line in receiver.journal())
    after = [
        pk
        for pk, incident in about.items()
        if f"ntf_{pk.hex}" in arrived and f"ntf_{pk.hex}" not in started[incident]
    ]
    assert after == []
    nothing_fires_after_any()
    off = sorted(abs(seconds) for each in threads for seconds in each.off)
    calls = Reminder.objects.filter(kind="escalation_step").exclude(incident=opened)
    results.note(
        "P10", f"{MANY} acknowledgements raced against their due instant",
        **{
            "started after": len(after),
            "calls that were faster": calls.filter(status="fired").count(),
            "sent": sum(len(ids) for ids in started.values()),
            "minutes": round(took / 60, 1),
            "off the instant p50 s": round(off[len(off) // 2], 2),
            "p90 s": round(off[len(off) * 9 // 10], 2),
        },
    )  # fmt: skip


def nothing_fires_after_any() -> None:
    """No incident's timeline has a call after its acknowledgement."""
    kinds = ("incident.acknowledged", "incident.escalated")
    told: dict[object, list[str]] = {}
    for incident, kind in (
        Event.objects.filter(kind__in=kinds).order_by("sequence").values_list("incident", "kind")
    ):
        told.setdefault(incident, []).append(kind)
    assert len(told) == MANY
    assert {kinds[-1] for kinds in told.values()} == {"incident.acknowledged"}
