"""What comes of a send that failed: another try, the next contact point, or a dead letter."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q

from crisis_api.access.models import ContactPoint
from crisis_api.lib import clock
from crisis_api.lib.errors import ChannelError
from incidents import timeline
from incidents.escalation import alarms, firing, outbox, preferences, stamps
from incidents.models import Incident, Notification, Reminder

# A late page is a failed page: short waits, and the next contact point after 30 seconds.
RETRIES = tuple(timedelta(seconds=s) for s in (2, 5, 15, 30, 60, 120, 300))
LONGEST_WAIT = timedelta(minutes=5)
Status = Notification.Status


def failed(notification: Notification, reminders: Sequence[Reminder], error: ChannelError) -> None:
    """Stamp a failure: try again, or go on to the person's next contact point, or give up."""
    with transaction.atomic():
        incidents = _lock_incidents(reminders)
        now = clock.decisive_now()
        tries = notification.attempts
        following = None if notification.fallback_at is None else _next_point(notification)
        if not error.permanent and tries <= len(RETRIES):
            wait = min(max(RETRIES[tries - 1], error.retry_after or RETRIES[0]), LONGEST_WAIT)
            stamped = _mine(notification).change(
                status=Status.PENDING, due_at=now + wait, lease_until=None, last_error=error.code
            )
        else:
            last = following is None and not _told_elsewhere(notification)
            stamped = _mine(notification).change(
                status=Status.DEAD if last else Status.FAILED,
                lease_until=None,
                fallback_at=None,
                last_error=error.code,
            )
            if stamped and following is not None:
                outbox.next_in_chain(notification, following, now)
            if stamped and last:
                _nobody_got_it(notification, reminders, incidents, now)
        if not stamped:
            return
        _point(notification).update(last_failure_at=now)
        if error.permanent:
            _disable(notification, error)
        timeline.record_many(
            stamps.entries("notification.failed", notification, incidents, code=error.code)
        )
    stamps.count("failed", notification)


def take_next_point(pk: UUID, now: datetime) -> bool:
    """Write the message for the next contact point of the chain, if there is one; once.

    What is being sent at this moment is left to end: the person may then get it twice.
    """
    with transaction.atomic():
        row = (
            Notification.objects.filter(pk=pk, fallback_at__lte=now)
            .select_for_update(skip_locked=True, no_key=True)
            .first()
        )
        if row is None:
            return False
        same = Notification.objects.filter(pk=pk)
        point = _next_point(row)
        if row.status in (Status.PENDING, Status.SENDING) and point is not None:
            outbox.next_in_chain(row, point, now)
            same.filter(status=Status.PENDING).change(
                status=Status.FAILED, last_error="next_contact_point"
            )
        same.change(fallback_at=None)
        return point is not None


def _mine(notification: Notification) -> Any:
    """The row, if this sender's claim is still the latest."""
    return Notification.objects.filter(
        pk=notification.pk, fence=notification.fence, status=Status.SENDING
    )


def _point(notification: Notification) -> Any:
    """The contact point it went to, as long as there is one."""
    return ContactPoint.objects.filter(pk__in=[notification.contact_point_id or UUID(int=0)])


def _lock_incidents(reminders: Sequence[Reminder]) -> dict[UUID, Incident]:
    """Take the incidents before the notification, in the order in which everybody does."""
    rows = (
        Incident.objects.filter(pk__in=stamps.incidents_of(reminders))
        .order_by("pk")
        .select_for_update(no_key=True)
    )
    return {row.pk: row for row in rows}


def _next_point(notification: Notification) -> ContactPoint | None:
    """Return the contact point after this one in the person's chain as it is now."""
    if notification.owner is None:
        return None
    points = list(ContactPoint.objects.usable().filter(owner_id=notification.owner_id))
    chain = preferences.chain(
        points,
        urgency=notification.urgency,
        severity=_severity(notification),
        at=clock.decisive_now(),
        zone=notification.owner.time_zone,
    )
    tried = set(_chain_of(notification).values_list("contact_point_id", flat=True))
    tried.add(notification.contact_point_id)
    return next((point for point in chain if point.pk not in tried), None)


def _severity(notification: Notification) -> int:
    """How grave the gravest thing is that the message tells of; an alarm is as grave as can be."""
    covered = Reminder.objects.filter(covered_by__notification=notification)
    if notification.critical or covered.filter(kind="alarm").exists():
        return preferences.CRITICAL
    gravest = covered.aggregate(gravest=Max("incident__severity"))["gravest"]
    return int(gravest or preferences.LOW)


def _chain_of(notification: Notification) -> Any:
    """The messages to this person about the same reminders, through whatever contact point."""
    return Notification.objects.filter(
        owner=notification.owner,
        covered__reminder__in=notification.covered.values("reminder"),
    )


def _told_elsewhere(notification: Notification) -> bool:
    """Whether the person got it, or may still get it, through another contact point."""
    alive = Q(status__in=(Status.SENT, Status.PENDING, Status.SENDING))
    others = _chain_of(notification).exclude(pk=notification.pk)
    return notification.owner_id is not None and others.filter(alive).exists()


def _disable(notification: Notification, error: ChannelError) -> None:
    """Stop using a contact point that refused for good, but never a person's last one."""
    point = _point(notification).usable().first()
    if point is None:
        return
    others = ContactPoint.objects.usable().filter(owner=point.owner).exclude(pk=point.pk)
    if point.owner is not None and not others.exists():
        alarms.raise_alarm("last_contact_point_refuses", notification, data={"code": error.code})
        return
    ContactPoint.objects.filter(pk=point.pk).change(
        disabled_at=clock.decisive_now(), disabled_reason=error.code[:60]
    )


def _nobody_got_it(
    notification: Notification,
    reminders: Sequence[Reminder],
    incidents: dict[UUID, Incident],
    now: datetime,
) -> None:
    """A dead letter: a person is told of it, and the next step of the plan comes at once."""
    timeline.record_many(stamps.entries("notification.dead", notification, incidents))
    stamps.count("dead", notification)
    told = [reminder for reminder in reminders if reminder.kind != "alarm"]
    if not told:
        return
    incident = next(iter(incidents.values()), None)
    alarms.raise_alarm("notification_dead", notification, incident=incident)
    for reminder in told:
        others = Notification.objects.filter(covered__reminder=reminder).exclude(
            status__in=(Status.DEAD, Status.FAILED, Status.CANCELLED)
        )
        if reminder.kind == "escalation_step" and not others.exclude(pk=notification.pk).exists():
            firing.nobody_reached(reminder, now)
