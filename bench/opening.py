"""Incidents opened a second, and on to the first step done, with everything that is written."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from django.db import connection, transaction

from bench.table import Figure, rate, rates
from bench.world import Nowhere, a_team_with_people, bare_incident, bare_reminders
from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM
from incidents.escalation import decide, deliver
from incidents.escalation.senders import registry
from incidents.models import Incident, Reminder, Severity
from incidents.services import lifecycle
from incidents.services.beginning import Opening
from responses import reactions

OPENINGS = 500
A_SET = 100
SENDERS = 8


def _leave(together: threading.Barrier) -> None:
    """Give back this thread's connection, once every sender is here to do so."""
    together.wait()
    connection.close()


def figures(*, quick: bool) -> list[Figure]:
    """Open incidents one by one, each in a transaction of its own; then do what follows."""
    registry._SENDERS["console"] = Nowhere()
    team, people, policy = a_team_with_people(steps=5)

    def opened(severity: Severity = Severity.HIGH) -> int:
        for n in range(OPENINGS):
            lifecycle.open_incident(
                team=team,
                category="negative_comments",
                severity=severity,
                title="Bench",
                by=SYSTEM,
                owner=people[n % len(people)],
                policy=policy,
            )
        return OPENINGS

    def in_sets(severity: Severity = Severity.HIGH) -> int:
        for _ in range(OPENINGS // A_SET):
            openings = [
                Opening(
                    team=team,
                    category="negative_comments",
                    severity=severity,
                    title="Bench",
                    owner=people[n % len(people)],
                    policy=policy,
                )
                for n in range(A_SET)
            ]
            lifecycle.open_all(openings, by=SYSTEM)
        return OPENINGS

    def to_the_first_step(severity: Severity) -> int:
        in_sets(severity)
        decide.fire_all_due()
        senders = ThreadPoolExecutor(SENDERS)
        ids = deliver.waiting(clock.now(), limit=10_000)
        together = threading.Barrier(SENDERS)
        list(senders.map(deliver.deliver_one, ids))
        list(senders.map(_leave, [together] * SENDERS))
        senders.shutdown()
        reactions.react_to_all()
        return OPENINGS

    def bare() -> int:
        for _ in range(OPENINGS):
            with transaction.atomic():
                incident = bare_incident(team, people[0])
                Incident.objects.bulk_create([incident])
                Reminder.objects.bulk_create(bare_reminders(incident, 5))
        return OPENINGS

    ours, anchor = rates(opened, bare)
    in_hundreds, _ = rates(in_sets, bare)
    name = "opened in sets, first step decided, sent, reacted to"
    return [
        Figure(
            "5",
            "incidents opened, five-step policy",
            ours,
            "/s",
            anchor_name="bare ORM: one incident and five reminders, a commit",
            anchor=anchor,
        ),
        Figure("5", "the same in sets of 100", in_hundreds, "/s"),
        *(
            Figure("5", f"{name}{word}", rate(partial(to_the_first_step, severity)), "/s", goal=500)
            for severity, word in ((Severity.HIGH, ""), (Severity.CRITICAL, ", critical"))
        ),
    ]
