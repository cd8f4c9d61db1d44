"""Ten thousand reminders due at the same second: decided, and handed to their senders."""

from django.db import transaction

from bench.table import Figure, rate
from bench.world import Nowhere, a_team_with_people, bare_incident, bare_reminders
from crisis_api.lib import clock
from incidents.escalation import decide, deliver, plans, runs
from incidents.escalation.senders import registry
from incidents.models import Escalation, Event, Incident, Notification, Reminder, Severity

DUE = 10_000
HANDED_OVER = 500


def _due(critical: bool, number: int) -> None:
    team, people, policy = a_team_with_people(steps=5)
    plan = plans.to_plan(policy)
    incidents = [bare_incident(team, people[n % len(people)]) for n in range(number)]
    for incident in incidents:
        incident.severity = Severity.CRITICAL if critical else Severity.HIGH
    escalations = [
        Escalation(team=team, incident=i, generation=1, plan=plan.to_json(), started_at=i.opened_at)
        for i in incidents
    ]
    with transaction.atomic():
        Incident.objects.bulk_create(incidents)
        Escalation.objects.bulk_create(escalations)
        for start in range(0, number, 1000):
            pairs = list(zip(escalations, incidents, strict=True))[start : start + 1000]
            Reminder.objects.bulk_create(r for e, i in pairs for r in runs.round_of(e, plan, i, 1))


def figures(*, quick: bool) -> list[Figure]:
    """Decide ten thousand, critical ones and others; then send some of what that wrote."""
    registry._SENDERS["console"] = Nowhere()
    bare = "ORM in sets of 500: claim, event, outbox"
    found = []
    for critical in (False, True):
        _due(critical, DUE // 10 if quick else DUE)
        anchor = rate(_bare)
        taken = rate(_decided, rounds=1)
        anchor = (anchor + rate(_bare)) / 2
        name = "10,000 due at once, decided" + (", all critical" if critical else "")
        found.append(Figure("5", name, taken, "/s", 0.5, True, bare, anchor))
    anchor = rate(_bare)
    name = "critical messages claimed, sent, stamped"
    return [*found, Figure("6", name, rate(_send), "/s", None, True, bare, anchor)]


def _decided() -> int:
    total = 0
    while taken := decide.fire_all_due():
        total += taken
    return total


def _send() -> int:
    ids = deliver.waiting(clock.now(), critical=True, limit=HANDED_OVER)
    return sum(deliver.deliver_one(pk) for pk in ids)


def _bare() -> int:
    """What any product must write for 500 steps: the claim, an event, and an outbox row each."""
    team, people, _ = a_team_with_people(steps=1, people=1)
    incidents = [bare_incident(team, people[0]) for _ in range(500)]
    Incident.objects.bulk_create(incidents)
    reminders = [bare_reminders(incident, 1)[0] for incident in incidents]
    Reminder.objects.bulk_create(reminders)
    with transaction.atomic():
        mine = Reminder.objects.filter(pk__in=[r.pk for r in reminders])
        rows = list(mine.select_for_update())
        mine.update(status="fired")
        Event.objects.bulk_create(
            Event(
                team_id=row.team_id,
                incident_id=row.incident_id,
                sequence=1,
                kind="bench",
                subject_type="incident",
                subject_id=row.subject_id,
                actor_type="system",
            )
            for row in rows
        )
        Notification.objects.bulk_create(
            Notification(
                team_id=row.team_id,
                owner=people[0],
                incident_id=row.incident_id,
                critical=True,
                status="cancelled",
                planned_at=row.planned_at,
                due_at=row.due_at,
                dedup_key=f"bench:{row.pk.hex}",
            )
            for row in rows
        )
    return len(rows)
