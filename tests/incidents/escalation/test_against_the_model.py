"""The engine and the verbs against the reference model, on random policies and random lives.

CRISIS_MODEL_RUNS makes it longer, or MODEL_STEPS says how many steps of the model to go at least,
from the seed MODEL_SEED on; a failing seed is printed.
"""

import logging
import os
import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from crisis_api.lib.actors import SYSTEM
from incidents.escalation import decide
from incidents.models import EscalationPolicy, EscalationStep, Reminder, Severity
from incidents.services import lifecycle, merging
from tests.factories.access import a_contact_point, a_person, a_team
from tests.factories.incidents import a_policy, an_incident
from tests.incidents.escalation.changes_of_clock import changes
from tests.incidents.escalation.reference_model import Model

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(0)]

log = logging.getLogger("model")

KINDS = ("escalation_step", "snooze_end", "acknowledgement_expiry")
SECOND = timedelta(seconds=1)
QUARTER = timedelta(minutes=15)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
STEPS = int(os.environ.get("MODEL_STEPS") or 0)


def policy_for(model, team, present, absent):
    steps = [
        {
            "delay": delay,
            "people": [absent if number in model.unreachable else present],
            "working_hours_only": number in model.hours,
        }
        for number, delay in enumerate(model.delays, start=1)
    ]
    return a_policy(team, steps, rounds=model.rounds, round_pause_seconds=model.pause // SECOND)


class AtWork:
    """When somebody is at work, found by looking at the clock on their wall every quarter."""

    def __init__(self, chance, zone):
        self.zone = ZoneInfo(zone)
        begins = chance.randrange(0, 80)
        ends = chance.randrange(begins + 4, 97)
        self.begins, self.ends = begins * QUARTER, ends * QUARTER
        self.days = chance.sample(range(7), chance.randint(2, 7))
        # Night shifts end on the next morning.
        self.crosses = chance.random() < 0.25
        if self.crosses:
            self.begins, self.ends = timedelta(hours=21), timedelta(hours=5)

    def document(self):
        span = [_wall(self.begins), _wall(self.ends)]
        return {DAYS[day]: [span] for day in sorted(self.days)}

    def __call__(self, due):
        """Return the first instant from a time on at which they are at work."""
        if self.is_at_work(due):
            return due
        at = due.replace(minute=due.minute // 15 * 15, second=0, microsecond=0) + QUARTER
        while not self.is_at_work(at):
            at += QUARTER
        return at

    def is_at_work(self, at):
        wall = at.astimezone(self.zone)
        clock = timedelta(hours=wall.hour, minutes=wall.minute, seconds=wall.second)
        clock += timedelta(microseconds=wall.microsecond)
        if not self.crosses:
            return wall.weekday() in self.days and self.begins <= clock < self.ends
        tonight = wall.weekday() in self.days and clock >= self.begins
        return tonight or ((wall.weekday() - 1) % 7 in self.days and clock < self.ends)


def _wall(since_midnight):
    minutes = since_midnight // timedelta(minutes=1)
    return f"{minutes // 60:02}:{minutes % 60:02}"


class Plan(Model):
    """A model with the steps at which nobody can ever be found."""

    unreachable: frozenset[int] = frozenset()


class Life:
    """One incident, what is done to it, and the same in the words of the model."""

    def __init__(self, seed, clock):
        self.chance, self.clock = random.Random(seed), clock
        self.jumps, self.away, self.actions = [], [], []
        # Whoever keeps working hours is never away: what is put off for them cannot find nobody.
        self.at_work = None
        if self.chance.random() < 0.4:
            change = self.chance.choice(changes())
            self.at_work = AtWork(self.chance, change.zone)
            clock.set(change.at - self.chance.randint(0, 3 * 86400) * SECOND)
        self.team = a_team()
        self.present, self.absent = a_person(self.team), a_person(self.team)
        if self.at_work is not None:
            type(self.present).objects.filter(pk=self.present.pk).update(
                time_zone=self.at_work.zone.key, working_hours=self.at_work.document()
            )
        self.point = a_contact_point(self.present)
        self.model = self.now = self.a_random_model()
        self.policy = policy_for(self.model, self.team, self.present, self.absent)
        self.opened = clock.now()
        self.incident = lifecycle.open_incident(
            team=self.team, category="spam", severity=Severity.MEDIUM, title="T", by=SYSTEM,
            owner=self.present, policy=self.policy,
        ).incident  # fmt: skip

    def a_random_model(self):
        chance = self.chance
        delays = [
            chance.choice([0, 0, 30, 60, 300, 301]) * SECOND for _ in range(chance.randint(1, 5))
        ]
        unreachable = frozenset(n for n in range(1, len(delays) + 1) if chance.random() < 0.2)
        hours = range(1, len(delays) + 1) if self.at_work else ()
        plan = Plan(
            delays=delays,
            rounds=chance.randint(1, 4),
            pause=chance.choice([60, 120, 600]) * SECOND,
            absent=lambda step, due: step in unreachable or self.is_away(due),
            hours=frozenset(n for n in hours if chance.random() < 0.6),
            at_work=self.at_work or (lambda due: due),
            seen=self.seen,
        )
        object.__setattr__(plan, "unreachable", unreachable)
        return plan

    def seen(self, due):
        """Return when the engine looks at what is due then."""
        return next((end for start, end in self.jumps if start < due <= end), due)

    def is_away(self, at):
        """Whether the person could not be reached at that time."""
        return next((away for since, away in reversed(self.away) if since < at), False)

    def act(self):
        """Do one thing that the status allows, and write it down for the model."""
        self.incident.refresh_from_db()
        is_open = ["acknowledge", "snooze", "stop", "policy", "raise", "fall", "merge", "again"]
        verbs = {
            "open": is_open,
            "acknowledged": ["stop", "raise", "extend", "contain", "again"],
            "contained": ["reopen", "raise", "stop"],
            "resolved": ["reopen"],
        }.get(self.incident.status, [])
        verbs = [*verbs, "edit", "delete", "jump", "leave"]
        if self.incident.snoozed_until is not None:
            # Then it only says what comes after the snooze.
            verbs.remove("policy")
            verbs.remove("fall")
        if self.incident.severity == Severity.CRITICAL and "raise" in verbs:
            verbs.remove("raise")
        done = getattr(self, f"_{self.chance.choice(verbs)}")()
        if done is not None:
            self.actions.append((self.clock.now(), *done))

    def _acknowledge(self):
        expires = self.chance.choice([None, 90 * SECOND, 900 * SECOND])
        lifecycle.acknowledge(self.incident, by=SYSTEM, owner=self.present, expires_in=expires)
        return "acknowledge", self.clock.now() + expires if expires else None

    def _extend(self):
        if self.incident.acknowledged_until is None:
            return None
        expires = self.incident.acknowledged_until - self.clock.now() + 60 * SECOND
        lifecycle.acknowledge(self.incident, by=SYSTEM, owner=self.present, expires_in=expires)
        return "acknowledge", self.clock.now() + expires

    def _snooze(self):
        until = self.clock.now() + self.chance.choice([45, 600]) * SECOND
        lifecycle.snooze(self.incident, until=until, by=SYSTEM)
        return "snooze", until

    def _stop(self):
        lifecycle.resolve(self.incident, note="Over.", by=SYSTEM)
        return "stop", None

    def _contain(self):
        lifecycle.contain(self.incident, by=SYSTEM)
        return "stop", None

    def _merge(self):
        other = an_incident(self.team, severity=Severity.CRITICAL, owner=self.present)
        merging.merge(self.incident, into=other, by=SYSTEM)
        return "stop", None

    def _reopen(self):
        lifecycle.reopen(self.incident, reason="", by=SYSTEM)
        return "restart", self.now

    def _again(self):
        """Do what was done already, or escalate now where nothing waits: the stored plan again."""
        if self.incident.status == "acknowledged" or self.incident.snoozed_until is not None:
            lifecycle.escalate(self.incident, by=SYSTEM)
            return "restart", None
        with transaction.atomic():
            lifecycle.reopen(self.incident, reason="", by=SYSTEM)
        return None

    def _raise(self):
        severity = self.incident.severity + 1
        lifecycle.change(self.incident, {"severity": severity}, by=SYSTEM)
        return "restart", self.now

    def _fall(self):
        if self.incident.severity == Severity.LOW:
            return None
        severity = self.incident.severity - 1
        lifecycle.change(self.incident, {"severity": severity}, by=SYSTEM)
        return "restart", self.now

    def _policy(self):
        self.now = self.a_random_model()
        self.policy = policy_for(self.now, self.team, self.present, self.absent)
        lifecycle.change(self.incident, {"policy": self.policy}, by=SYSTEM)
        return "restart", self.now

    def _edit(self):
        """Write the policy anew, which changes nothing that runs."""
        if self.now is None:
            return
        self.now = self.a_random_model()
        fresh = policy_for(self.now, self.team, self.present, self.absent)
        self.policy.steps.all().delete()
        EscalationStep.objects.filter(policy=fresh).update(policy=self.policy)
        EscalationPolicy.objects.filter(pk=self.policy.pk).update(
            rounds=fresh.rounds, round_pause_seconds=fresh.round_pause_seconds
        )
        fresh.delete()

    def _delete(self):
        """Delete the policy, which changes nothing that runs, or starts again."""
        if self.now is not None:
            self.policy.delete()
            self.now = None

    def _jump(self):
        """The machine sleeps, or its clock is set ahead: nobody looks meanwhile."""
        before = self.clock.now()
        after = self.clock.move(self.chance.choice([1, 60, 3600, 86400]) * SECOND)
        self.jumps.append((before, after))
        decide.fire_all_due()

    def _leave(self):
        """The person cannot be reached for a while, or can be again."""
        if self.at_work is not None:
            return
        away = not self.is_away(self.clock.now() + SECOND)
        self.away.append((self.clock.now(), away))
        type(self.point).objects.filter(pk=self.point.pk).update(
            disabled_at=self.clock.now() if away else None
        )

    def next_due(self):
        ahead = Reminder.objects.pending().filter(incident=self.incident, kind__in=KINDS)
        return ahead.order_by("due_at").values_list("due_at", flat=True).first()

    def live_until(self, at):
        """Let the engine tick at each due instant, up to that time."""
        while (due := self.next_due()) is not None and due <= at:
            if due > self.clock.now():
                self.clock.set(due)
            decide.fire_all_due()
        self.clock.set(at)

    def fired(self):
        rows = Reminder.objects.filter(incident=self.incident, kind__in=KINDS, status="fired")
        return sorted(
            (
                row.fired_at - self.opened,
                row.planned_at - self.opened,
                row.kind,
                row.round,
                row.step,
                row.outcome != Reminder.Outcome.NOBODY,
            )
            for row in rows
        )

    def expected(self, until):
        return sorted(
            (
                f.due - self.opened,
                f.planned - self.opened,
                f.kind,
                f.round or 0,
                f.step or 0,
                f.reached,
            )
            for f in self.model.run(self.opened, self.actions, until)
        )


def live(seed, clock):
    """Live one life, compare it with the model, and return how many steps it had."""
    life = Life(seed, clock)
    for _ in range(life.chance.randint(0, 8)):
        life.live_until(clock.now() + life.chance.randint(1, 700) * SECOND)
        life.act()
    end = clock.now() + timedelta(hours=2 if life.at_work is None else 24 * 9)
    life.live_until(end)
    fired = life.fired()
    assert fired == life.expected(end), f"seed {seed}: {life.actions}"
    return len(fired) + len(life.actions) + len(life.jumps) + len(life.away)


@pytest.mark.parametrize("seed", range(int(os.environ.get("CRISIS_MODEL_RUNS", "30"))))
def test_fires_exactly_what_the_model_says(seed, clock):
    live(seed, clock)


@pytest.mark.skipif(not STEPS, reason="asked for by MODEL_STEPS")
def test_fires_exactly_what_the_model_says_for_as_many_steps_as_asked(clock):
    first = seed = int(os.environ.get("MODEL_SEED") or 0)
    gone = 0
    began = clock.now()
    while gone < STEPS:
        clock.set(began)
        with transaction.atomic():
            gone += live(seed, clock)
            transaction.set_rollback(True)
        seed += 1
        if seed % 500 == 0:
            log.info("%d steps, seeds %d to %d", gone, first, seed - 1)
    log.info("%d steps, seeds %d to %d: equal to the model", gone, first, seed - 1)


def test_the_clock_on_the_wall_is_read_right():
    work = AtWork(random.Random(3), "Europe/Berlin")
    work.begins, work.ends, work.days, work.crosses = 36 * QUARTER, 68 * QUARTER, [6], False
    # The clock jumps from two to three in the night before.
    sunday = datetime(2026, 3, 28, 20, tzinfo=UTC)
    assert work(sunday) == datetime(2026, 3, 29, 7, tzinfo=UTC)
    assert work(datetime(2026, 3, 29, 15, tzinfo=UTC)) == datetime(2026, 4, 5, 7, tzinfo=UTC)
