"""Incidents opened a second, with everything that an opening writes."""

from django.db import transaction

from bench.table import Figure, rate
from bench.world import a_team_with_people, bare_incident, bare_reminders
from crisis_api.lib.actors import SYSTEM
from incidents.models import Incident, Reminder
from incidents.services import lifecycle

OPENINGS = 200


def figures() -> list[Figure]:
    """Open incidents one by one, each in a transaction of its own."""
    team, people, policy = a_team_with_people(steps=5)

    def open_them() -> int:
        for n in range(OPENINGS):
            lifecycle.open_incident(
                team=team,
                category="negative_comments",
                severity=3,
                title="Bench",
                by=SYSTEM,
                owner=people[n % len(people)],
                policy=policy,
            )
        return OPENINGS

    def bare() -> int:
        for _ in range(OPENINGS):
            with transaction.atomic():
                incident = bare_incident(team, people[0])
                Incident.objects.bulk_create([incident])
                Reminder.objects.bulk_create(bare_reminders(incident, 5))
        return OPENINGS

    anchor = rate(bare)
    return [
        Figure(
            "incidents opened, five-step policy",
            rate(open_them),
            "bare ORM: one incident and five reminders",
            anchor,
        )
    ]
