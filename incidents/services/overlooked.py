"""What the auditor checks of milestones and receipts, which the services look after."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from incidents.escalation.auditor.checks import INCIDENTS
from incidents.escalation.auditor.driving import alarm
from incidents.escalation.auditor.walks import Check, register_check
from incidents.models import Incident, Milestone, Reminder
from incidents.services import milestones, receipts
from incidents.services.moves import put

# A fired one has told; a parked one has raised its own alarm.
KNOWN = (Reminder.Status.PENDING, Reminder.Status.FIRED, Reminder.Status.PARKED)


def without_reminder(window: QuerySet[Incident], now: datetime) -> Iterable[UUID]:
    """Milestones ahead, with a target, of which nobody will be reminded and nobody was."""
    said = Reminder.objects.filter(
        subject_id=OuterRef("incident_id"),
        kind=milestones.KIND,
        planned_at=OuterRef("target_at"),
        status__in=KNOWN,
    )
    rows = Milestone.objects.ahead().filter(incident__in=window, target_at__isnull=False)
    return rows.filter(~Exists(said)).values_list("pk", flat=True)


@transaction.atomic
def remind(pk: UUID, now: datetime) -> bool:
    """Lay out the reminder of a milestone; at once where its target has passed."""
    mine = Milestone.objects.filter(pk=pk)
    about = Incident.objects.unresolved().filter(pk__in=mine.values("incident_id"))
    row = about.select_for_update(no_key=True).first()
    milestone = mine.first()
    if row is None or milestone is None or pk not in set(without_reminder(about, now)):
        return False
    # Where the severity fell the target may have come to lie in the past, and was told before.
    about_it = Reminder.objects.filter(
        subject_id=row.pk,
        kind=milestones.KIND,
        dedup_key__startswith=f"milestone:{milestone.name}:{milestone.pk.hex}:",
    )
    if about_it.filter(status__in=KNOWN).exists():
        return False
    # Its key is that of the incident's version, which one that was taken back may have.
    put(row)
    milestones.remind_of(row, [milestone])
    alarm("overlooked", row, now)
    return True


def receipts_waiting(before: datetime) -> int:
    """Count what was kept and that nobody has read since."""
    return len(receipts.due(before, limit=100))


def register() -> None:
    """Say what is checked of incidents' milestones; called once, at start."""
    register_check(INCIDENTS, Check("milestone_without_reminder", without_reminder, remind))
