"""The engine and the verbs against the reference model, on random policies and random lives.

CRISIS_MODEL_RUNS makes it longer; a failing seed is printed with the test's name.
"""

import os
import random
from datetime import timedelta

import pytest

from crisis_api.lib.actors import SYSTEM
from incidents.escalation import decide
from incidents.models import Reminder, Severity
from incidents.services import lifecycle
from tests.factories.access import a_contact_point, a_person, a_team
from tests.factories.incidents import a_policy
from tests.incidents.escalation.reference_model import Model

pytestmark = pytest.mark.django_db

KINDS = ("escalation_step", "snooze_end", "acknowledgement_expiry")
SECOND = timedelta(seconds=1)


def a_random_model(chance):
    delays = [chance.choice([0, 0, 30, 60, 300, 301]) * SECOND for _ in range(chance.randint(1, 5))]
    unreachable = {n for n in range(1, len(delays) + 1) if chance.random() < 0.25}
    return Model(
        delays=delays,
        rounds=chance.randint(1, 4),
        pause=chance.choice([60, 120, 600]) * SECOND,
        absent=lambda step, due: step in unreachable,
    )


def policy_for(model, team, present, absent, clock):
    steps = [
        {"delay": delay, "people": [absent if model.absent(number, clock.now()) else present]}
        for number, delay in enumerate(model.delays, start=1)
    ]
    return a_policy(team, steps, rounds=model.rounds, round_pause_seconds=model.pause // SECOND)


class Life:
    """One incident, what is done to it, and the same in the words of the model."""

    def __init__(self, chance, clock):
        self.chance, self.clock = chance, clock
        self.team = a_team()
        self.present, self.absent = a_person(self.team), a_person(self.team)
        a_contact_point(self.present)
        self.model = a_random_model(chance)
        policy = policy_for(self.model, self.team, self.present, self.absent, clock)
        self.opened = clock.now()
        self.incident = lifecycle.open_incident(
            team=self.team, category="spam", severity=Severity.LOW, title="T", by=SYSTEM,
            owner=self.present, policy=policy,
        ).incident  # fmt: skip
        self.actions = []

    def act(self):
        """Do one thing that the status allows, and write it down for the model."""
        self.incident.refresh_from_db()
        verbs = {
            "open": ["acknowledge", "snooze", "stop", "policy", "raise"],
            "acknowledged": ["stop", "raise"],
            "resolved": ["reopen"],
        }[self.incident.status]
        if self.incident.snoozed_until is not None:
            # Then it only says what comes after the snooze.
            verbs.remove("policy")
        verb = self.chance.choice(verbs)
        if verb == "raise" and self.incident.severity == Severity.CRITICAL:
            verb = "stop"
        self.actions.append((self.clock.now(), *getattr(self, f"_{verb}")()))

    def _acknowledge(self):
        expires = self.chance.choice([None, 90 * SECOND, 900 * SECOND])
        lifecycle.acknowledge(self.incident, by=SYSTEM, owner=self.present, expires_in=expires)
        return "acknowledge", self.clock.now() + expires if expires else None

    def _snooze(self):
        until = self.clock.now() + self.chance.choice([45, 600]) * SECOND
        lifecycle.snooze(self.incident, until=until, by=SYSTEM)
        return "snooze", until

    def _stop(self):
        lifecycle.resolve(self.incident, note="Over.", by=SYSTEM)
        return "stop", None

    def _reopen(self):
        lifecycle.reopen(self.incident, reason="", by=SYSTEM)
        return "restart", None

    def _raise(self):
        severity = self.incident.severity + 1
        lifecycle.change(self.incident, {"severity": severity}, by=SYSTEM)
        return "restart", None

    def _policy(self):
        model = a_random_model(self.chance)
        policy = policy_for(model, self.team, self.present, self.absent, self.clock)
        lifecycle.change(self.incident, {"policy": policy}, by=SYSTEM)
        return "restart", model

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
        return [
            (
                row.kind,
                row.round or None,
                row.step or None,
                row.planned_at - self.opened,
                row.fired_at - self.opened,
                row.outcome != Reminder.Outcome.NOBODY,
            )
            for row in rows.order_by("generation", "planned_at", "round", "step", "id")
        ]

    def expected(self, until):
        return [
            (f.kind, f.round, f.step, f.planned - self.opened, f.due - self.opened, f.reached)
            for f in self.model.run(self.opened, self.actions, until)
        ]


@pytest.mark.parametrize("seed", range(int(os.environ.get("CRISIS_MODEL_RUNS", "25"))))
def test_fires_exactly_what_the_model_says(seed, clock):
    life = Life(random.Random(seed), clock)
    for _ in range(life.chance.randint(0, 6)):
        life.live_until(clock.now() + life.chance.randint(1, 700) * SECOND)
        life.act()
    end = clock.now() + timedelta(hours=2)
    life.live_until(end)
    assert life.fired() == life.expected(end)
