"""Laying out and taking back reminders; the engine fires them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from crisis_api.lib import clock
from incidents.escalation.plan import Target
from incidents.models import Incident, Notification, NotificationReminder, Reminder
from incidents.timeline import subject_type

ESCALATION_KINDS = ("escalation_step", "snooze_end", "acknowledgement_expiry")


def schedule(
    kind: str,
    subject: Any,
    *,
    due_at: datetime,
    dedup_key: str,
    incident: Incident | None = None,
    targets: Sequence[Target] = (),
    urgency: str = "normal",
    critical: bool = False,
    working_hours_only: bool = False,
    generation: int = 0,
) -> Reminder:
    """Have somebody reminded of `subject` at a time; the same `dedup_key` again changes nothing.

    Without targets the subject is asked whom it means when the time has come.
    """
    incident_id = incident.pk if incident else getattr(subject, "incident_id", None)
    if isinstance(subject, Incident):
        incident_id = subject.pk
    reminder, _ = Reminder.objects.get_or_create(
        dedup_key=dedup_key,
        defaults={
            "team_id": subject.team_id,
            "kind": kind,
            "subject_type": subject_type(subject),
            "subject_id": subject.pk,
            "incident_id": incident_id,
            "generation": generation,
            "targets": [targets_json(target) for target in targets],
            "urgency": urgency,
            "critical": critical,
            "working_hours_only": working_hours_only,
            "planned_at": due_at,
            "due_at": due_at,
        },
    )
    return reminder


def targets_json(target: Target) -> dict[str, str | None]:
    """Return the form in which a reminder stores whom it means."""
    return {"kind": target.kind, "id": target.id, "role": target.role}


def cancel(subject: Any, *, kinds: Collection[str] | None = None) -> int:
    """Take back the pending reminders of a subject, then the messages that told of nothing else.

    Called under the subject's lock. Two statements, reminders before notifications: the order in
    which everybody takes these locks.
    """
    due = Reminder.objects.pending().filter(subject_id=subject.pk)
    fired = Reminder.objects.filter(subject_id=subject.pk, status=Reminder.Status.FIRED)
    if kinds is not None:
        due, fired = due.filter(kind__in=kinds), fired.filter(kind__in=kinds)
    cancelled = due.change(status=Reminder.Status.CANCELLED)
    _cancel_messages_about(fired)
    return cancelled


def _cancel_messages_about(reminders: Any) -> None:
    """Cancel what waits to be sent and covers these reminders alone.

    A message that covers others too stays: its claim leaves out what is no longer wanted.
    """
    covered = NotificationReminder.objects.filter(notification=OuterRef("pk"))
    Notification.objects.filter(
        Exists(covered.filter(reminder__in=reminders)),
        ~Exists(covered.exclude(reminder__in=reminders)),
        status=Notification.Status.PENDING,
    ).change(status=Notification.Status.CANCELLED, fallback_at=None, updated_at=clock.now())


def cancel_escalation(incident: Incident) -> int:
    """Take back what the escalation of an incident still had before it.

    Called under the incident's lock, after its generation was raised.
    """
    mine = Reminder.objects.filter(
        subject_id=incident.pk, kind__in=ESCALATION_KINDS, generation__lt=incident.generation
    )
    cancelled = mine.pending().change(status=Reminder.Status.CANCELLED)
    _cancel_messages_about(mine.filter(status=Reminder.Status.FIRED))
    return cancelled
