"""Claiming notifications for sending. The commit of a claim is the start of the send.

What the senders of one process claim at the same moment is claimed in one transaction, so that a
commit serves several; each of them holds one message at a time, and sends it at once.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, When
from django.db.models.functions import Coalesce

from crisis_api.access.models import Membership
from crisis_api.access.permissions import permission
from crisis_api.lib import clock, lease
from crisis_api.lib.together import Together
from incidents import metrics
from incidents.escalation import subjects
from incidents.models import Notification, NotificationReminder, Reminder

LEASE = timedelta(seconds=20)
WITHOUT_SUCCESS = timedelta(seconds=30)
READ_AGAIN = 3


@dataclass(frozen=True, slots=True)
class Claim:
    """A notification that one sender alone may send now, and what it is to tell of."""

    notification: Notification
    reminders: list[Reminder]
    rows: dict[str, dict[UUID, Any]]
    at: datetime
    # Whether its person's role allows it: a link that will be refused helps nobody at night.
    may_acknowledge: bool


def claim(pk: UUID) -> Claim | None:
    """Claim one notification for sending; None where it is taken, not due, or no longer wanted.

    At least once: it is this sender's alone until its lease ends. The subjects are share-locked
    first, so that an acknowledgement either waits for the claim or is seen by it. What the message
    covers is read before these locks; whoever adds to that raises the version, and then it is read
    again.
    """
    return _together.do(pk)


def _alone(pk: UUID) -> Claim | None:
    for _ in range(READ_AGAIN):
        settled = _claimed([pk], patient=True)
        if pk in settled:
            return settled[pk]
    return None


def _claimed(ids: Sequence[UUID], *, patient: bool = False) -> dict[UUID, Claim | None]:
    """Claim what is due and wanted of these, and return what came of each.

    Left out is what changed since it was read, and, unless one is patient, that of which somebody
    holds a row.
    """
    with transaction.atomic():
        now = clock.decisive_now()
        waiting = Notification.objects.waiting(now).filter(pk__in=ids)
        rows = {row.pk: row for row in waiting.select_related("contact_point", "owner")}
        told = _told(rows)
        held = subjects.share(_subjects_of(told.values()), patient=patient)
        free = [pk for pk in rows if patient or _are_held(told[pk], held)]
        same = _unchanged([rows[pk] for pk in free], patient=patient)
        still = subjects.wanted([r for pk in same for r in told[pk]], held)
        wanted = {pk: [r for r in told[pk] if r.pk in still] for pk in same}
        _stamp([rows[pk] for pk in same if wanted[pk]], now)
        _cancel([pk for pk in same if not wanted[pk]])
        answering = _who_may_acknowledge(rows.values())
        settled: dict[UUID, Claim | None] = dict.fromkeys(pk for pk in ids if pk not in rows)
        for pk in same:
            row = rows[pk]
            may = (row.owner_id, row.team_id) in answering
            settled[pk] = Claim(row, wanted[pk], held, now, may) if wanted[pk] else None
        return settled


_together: Together[UUID, Claim | None] = Together(_claimed, _alone)


def _told(rows: Collection[UUID]) -> dict[UUID, list[Reminder]]:
    """Return what each of the messages covers, in the order of the plan."""
    told: dict[UUID, list[Reminder]] = {pk: [] for pk in rows}
    covered = NotificationReminder.objects.filter(
        notification_id__in=list(rows), reminder__status=Reminder.Status.FIRED
    )
    for each in covered.select_related("reminder"):
        told[each.notification_id].append(each.reminder)
    for reminders in told.values():
        reminders.sort(key=lambda reminder: (reminder.planned_at, reminder.pk))
    return told


def _subjects_of(told: Iterable[Iterable[Reminder]]) -> dict[str, list[UUID]]:
    found: dict[str, list[UUID]] = {}
    for reminders in told:
        for reminder in reminders:
            found.setdefault(reminder.subject_type, []).append(reminder.subject_id)
    return found


def _are_held(reminders: Iterable[Reminder], held: subjects.Held) -> bool:
    return all(r.subject_id in held[r.subject_type] for r in reminders)


def _unchanged(rows: Sequence[Notification], *, patient: bool) -> list[UUID]:
    """Lock the messages, in the order in which everybody does, and return those still as read."""
    versions = {row.pk: row.version for row in rows}
    now = Notification.objects.filter(pk__in=versions).order_by("pk")
    locked = now.select_for_update(no_key=True, skip_locked=not patient)
    return [pk for pk, version in locked.values_list("pk", "version") if versions[pk] == version]


def _stamp(rows: Sequence[Notification], now: datetime) -> None:
    """Write that they are being sent, and the same into the rows that we have."""
    values: dict[str, Any] = {
        "status": Notification.Status.SENDING,
        "sending_at": now,
        "lease_until": now + LEASE,
        "lease_owner": lease.owner_name(),
    }
    later = now + WITHOUT_SUCCESS
    if rows:
        Notification.objects.filter(pk__in=[row.pk for row in rows]).change(
            fence=F("fence") + 1,
            attempts=F("attempts") + 1,
            fallback_at=Case(When(owner=None, then=None), default=Coalesce("fallback_at", later)),
            **values,
        )
    for row in rows:
        if row.status == Notification.Status.SENDING:
            metrics.LEASES_EXPIRED.inc()
        if row.attempts == 0:
            late = max((now - row.due_at).total_seconds(), 0)
            metrics.LATENESS.labels(str(row.critical).lower()).observe(late)
        row.fence, row.attempts = row.fence + 1, row.attempts + 1
        row.fallback_at = (row.fallback_at or later) if row.owner_id else None
        for name, value in values.items():
            setattr(row, name, value)


def _cancel(ids: Sequence[UUID]) -> None:
    if ids:
        Notification.objects.filter(pk__in=ids).change(
            status=Notification.Status.CANCELLED, fallback_at=None
        )


def _who_may_acknowledge(rows: Iterable[Notification]) -> set[tuple[UUID | None, UUID]]:
    """Return the people, each with the team, whose role allows it."""
    members = Membership.objects.filter(role__in=permission("incidents.acknowledge").roles)
    people = {row.owner_id for row in rows if row.owner_id}
    if not people:
        return set()
    return set(members.filter(owner_id__in=people).values_list("owner_id", "team_id"))
