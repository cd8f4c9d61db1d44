"""What the auditor checks of what fired lately: that a message tells of it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from incidents.escalation.auditor.driving import alarm
from incidents.escalation.auditor.walks import Check, register_check, register_walk
from incidents.models import Incident, Notification, NotificationReminder, Reminder

FIRED = "fired"
# How far back it is seen that something fired without becoming a message.
LOOKED_BACK = timedelta(days=1)
# A tick that is being committed just now is nobody's oversight.
JUST_NOW = timedelta(seconds=5)


def _fired(now: datetime) -> QuerySet[Reminder]:
    rows: QuerySet[Reminder] = Reminder.objects.filter(
        status=Reminder.Status.FIRED,
        outcome__in=(Reminder.Outcome.NOTIFIED, Reminder.Outcome.NONE),
        fired_at__gt=now - LOOKED_BACK,
        fired_at__lte=now - JUST_NOW,
    )
    return rows


def without_message(window: QuerySet[Reminder], now: datetime) -> Iterable[UUID]:
    """Reminders of which somebody is being told, says the row, and no message tells."""
    told = NotificationReminder.objects.filter(reminder=OuterRef("pk"))
    return window.filter(~Exists(told)).values_list("pk", flat=True)


@transaction.atomic
def fire_again(pk: UUID, now: datetime) -> bool:
    """Let the engine fire it again, if its subject still wants it."""
    rows = _fired(now).filter(pk=pk)
    about = Incident.objects.filter(pk__in=rows.values("incident_id"))
    incident = about.select_for_update(no_key=True).first()
    row = rows.select_for_update(no_key=True, of=("self",)).first()
    if row is None or pk not in set(without_message(rows, now)):
        return False
    _set_aside(row)
    run = row.escalation
    # What comes after the last step of a round was laid out when it fired for the first time.
    is_last = row.is_last_of_round and run is not None and run.round == row.round
    Reminder.objects.filter(pk=pk).change(
        status=Reminder.Status.PENDING,
        outcome=Reminder.Outcome.NONE,
        due_at=now,
        fired_at=None,
        is_last_of_round=is_last,
    )
    if row.kind != "alarm" and incident is not None:
        alarm("overlooked", incident, now)
    return True


def _set_aside(row: Reminder) -> None:
    """Free the keys of messages that were written for the reminder and tell of nothing."""
    written = Q(dedup_key__startswith=f"one:{row.pk.hex}:")
    written |= Q(dedup_key__startswith=f"many:{row.pk.hex}:")
    empty = Notification.objects.filter(written, covered=None)
    for pk in list(empty.values_list("pk", flat=True)):
        mine = Notification.objects.filter(pk=pk)
        mine.update(dedup_key=f"empty:{pk.hex}")
        mine.filter(status=Notification.Status.PENDING).change(
            status=Notification.Status.CANCELLED, fallback_at=None
        )


def register() -> None:
    """Say what is walked through; called once, at start."""
    register_walk(FIRED, _fired, key="fired_at")
    register_check(FIRED, Check("fired_without_message", without_message, fire_again))
