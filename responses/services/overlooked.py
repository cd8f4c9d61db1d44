"""What the auditor checks of what goes out: follow-ups, reviews, promises, events, deliveries."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from crisis_api.lib import clock
from incidents.escalation.auditor.driving import alarm
from incidents.escalation.auditor.walks import (
    Check,
    Queue,
    register_check,
    register_queue,
    register_walk,
)
from incidents.models import PendingEvent, Reminder
from incidents.models.escalation import ReminderKind
from responses.models import FollowUp, Statement, WebhookDelivery, WebhookEndpoint
from responses.services import follow_up_reminders, statement_reminders

FOLLOW_UPS, STATEMENTS = "follow_ups", "statements"
COUNTED = 1_000
AHEAD = (Reminder.Status.PENDING, Reminder.Status.PARKED)
KNOWN = (*AHEAD, Reminder.Status.FIRED)
ASKED = len(statement_reminders.APPROVERS_AFTER) + 1


def _about(kind: str, **values: Any) -> QuerySet[Reminder]:
    rows: QuerySet[Reminder] = Reminder.objects.filter(
        subject_id=OuterRef("pk"), kind=kind, **values
    )
    return rows


def forgotten(window: QuerySet[FollowUp], now: datetime) -> Iterable[UUID]:
    """Unfinished follow-ups of which nobody is reminded when they are overdue, or ignored."""
    ignored = _about(ReminderKind.FOLLOW_UP_IGNORED, status__in=AHEAD)
    overdue = _about(
        ReminderKind.FOLLOW_UP_OVERDUE, status__in=KNOWN, planned_at__gte=OuterRef("due_at")
    )
    return window.filter(~Exists(ignored) | ~Exists(overdue)).values_list("pk", flat=True)


@transaction.atomic
def remind_of(pk: UUID, now: datetime) -> bool:
    """Lay out anew what is ahead of a follow-up."""
    rows = FollowUp.objects.unfinished().filter(pk=pk)
    row = rows.select_for_update(no_key=True, of=("self",)).first()
    if row is None or pk not in set(forgotten(rows, now)):
        return False
    pending = Reminder.objects.pending().filter(subject_id=pk)
    pending.change(status=Reminder.Status.CANCELLED)
    # Its reminders' keys are those of its version, which one that was taken back may have.
    FollowUp.objects.filter(pk=pk).change(updated_at=clock.now())
    row.refresh_from_db()
    follow_up_reminders.lay_out(row, now=now)
    alarm("overlooked", row, now)
    return True


def unasked(window: QuerySet[Statement], now: datetime) -> Iterable[UUID]:
    """Statements that wait for approval and of which not everybody was, or will be, told."""
    told = Count("pk", filter=Q(status__in=KNOWN, kind=ReminderKind.APPROVAL_NEEDED), distinct=True)
    asked = (
        Reminder.objects.filter(
            subject_id=OuterRef("pk"),
            generation=OuterRef("review_round"),
            person=None,
        )
        .order_by()
        .values("subject_id")
        .annotate(told=told)
        .filter(told__gte=ASKED)
    )
    return window.filter(~Exists(asked), status="in_review").values_list("pk", flat=True)


@transaction.atomic
def ask(pk: UUID, now: datetime) -> bool:
    """Lay out what is missing of a review's reminders, at the times they had."""
    rows = Statement.objects.filter(pk=pk)
    row = rows.select_for_update(no_key=True, of=("self",)).first()
    if row is None or pk not in set(unasked(rows, now)):
        return False
    _revive(row, kind=ReminderKind.APPROVAL_NEEDED, generation=row.review_round)
    statement_reminders.ask_for_approval(row, now=row.submitted_at or now)
    alarm("overlooked", row, now)
    return True


def unpromised(window: QuerySet[Statement], now: datetime) -> Iterable[UUID]:
    """Published promises of an update that nobody has kept, and nobody is reminded of."""
    later = Statement.objects.filter(
        incident=OuterRef("incident"), published_at__gt=OuterRef("published_at")
    )
    said = _about(
        ReminderKind.PROMISED_UPDATE, status__in=KNOWN, planned_at=OuterRef("next_update_at")
    )
    promises = window.filter(status="published", next_update_at__gt=F("published_at"))
    return promises.filter(~Exists(said), ~Exists(later)).values_list("pk", flat=True)


@transaction.atomic
def remind_of_promise(pk: UUID, now: datetime) -> bool:
    """Lay out the reminder of a promise; at once where its time has passed."""
    rows = Statement.objects.filter(pk=pk)
    row = rows.select_for_update(no_key=True, of=("self",)).first()
    if row is None or row.published_at is None or pk not in set(unpromised(rows, now)):
        return False
    _revive(row, kind=ReminderKind.PROMISED_UPDATE, planned_at=row.next_update_at)
    statement_reminders.remind_of_promise(row, now=row.published_at)
    alarm("overlooked", row, now)
    return True


def _revive(row: Statement, **values: Any) -> None:
    """Have reminders that were taken back wait again."""
    lost = Reminder.objects.filter(subject_id=row.pk, status=Reminder.Status.CANCELLED, **values)
    lost.change(status=Reminder.Status.PENDING, due_at=F("planned_at"))


def events_waiting(before: datetime) -> int:
    """Count the events that nobody has reacted to since they were due, before that time."""
    rows = PendingEvent.objects.filter(parked_at=None, due_at__lte=before)
    return len(rows.values_list("pk")[:COUNTED])


def deliveries_waiting(before: datetime) -> int:
    """Count the deliveries that could have been sent since; not those of a receiver that fails."""
    ready = WebhookEndpoint.objects.ready(before).filter(failures=0)
    rows = WebhookDelivery.objects.waiting(before).filter(endpoint__in=ready)
    return len(rows.values_list("pk")[:COUNTED])


def register(react: Any, deliver: Any) -> None:
    """Say what is walked through, and which queues there are; called once, at start."""
    register_walk(FOLLOW_UPS, lambda now: FollowUp.objects.unfinished())
    register_check(FOLLOW_UPS, Check("follow_up_without_reminder", forgotten, remind_of))
    waiting = ("in_review", "published")
    register_walk(STATEMENTS, lambda now: Statement.objects.filter(status__in=waiting))
    register_check(STATEMENTS, Check("approval_without_reminder", unasked, ask))
    register_check(STATEMENTS, Check("promise_without_reminder", unpromised, remind_of_promise))
    register_queue(Queue("events_not_taken", events_waiting, react))
    register_queue(
        Queue(
            "deliveries_not_sent",
            deliveries_waiting,
            deliver,
            drive_after=timedelta(minutes=2),
            tell_after=timedelta(minutes=15),
        )
    )
