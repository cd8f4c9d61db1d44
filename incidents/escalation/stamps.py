"""Writing down that notifications were sent: those of several senders in one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from crisis_api.access.models import ContactPoint
from crisis_api.lib import clock, lease
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.together import Together
from incidents import metrics, timeline
from incidents.models import Incident, Notification, Reminder

SUCCESS_NOTED_EVERY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class _Send:
    """One that succeeded, by the claim that its fence tells of."""

    notification: Notification = field(hash=False)
    incidents: tuple[UUID, ...]
    ref: str


def sent(notification: Notification, reminders: Sequence[Reminder], ref: str) -> None:
    """Stamp a success, unless another sender has taken the row over since."""
    if _together.do(_Send(notification, tuple(incidents_of(reminders)), ref[:200])):
        count("sent", notification)


def _alone(send: _Send) -> bool:
    return _stamped([send], patient=True).get(send, False)


def _stamped(sends: Sequence[_Send], *, patient: bool = False) -> dict[_Send, bool]:
    """Stamp successes, and return which of them were still their senders' to stamp.

    Unless one is patient, those are left out of which somebody holds a row.
    """
    with transaction.atomic():
        # Writing the timeline locks the incidents, which everybody does before the notification.
        wanted = {pk for send in sends for pk in send.incidents}
        held = set(lease.lock(Incident, wanted, skip_locked=not patient))
        free = {send.notification.pk: send for send in sends if held.issuperset(send.incidents)}
        rows = Notification.objects.filter(pk__in=free).order_by("pk")
        locked = rows.select_for_update(no_key=True, skip_locked=not patient)
        stood = {pk: now for pk, *now in locked.values_list("pk", "status", "fence")}
        reached = {free[pk]: _is_mine(free[pk], *now) for pk, now in stood.items()}
        _write([send for send, mine in reached.items() if mine])
        return reached


_together: Together[_Send, bool] = Together(_stamped, _alone)


def _is_mine(send: _Send, status: str, fence: int) -> bool:
    """Whether this sender's claim is still the latest."""
    return status == Notification.Status.SENDING and fence == send.notification.fence


def _write(sends: Sequence[_Send]) -> None:
    if not sends:
        return
    timeline.record_many(
        [
            entry
            for send in sends
            for entry in entries("notification.sent", send.notification, send.incidents)
        ]
    )
    now = clock.decisive_now()
    ids_by_ref: dict[str, list[UUID]] = {}
    for send in sends:
        ids_by_ref.setdefault(send.ref, []).append(send.notification.pk)
    for ref, ids in ids_by_ref.items():
        Notification.objects.filter(pk__in=ids).change(
            status=Notification.Status.SENT,
            sent_at=now,
            lease_until=None,
            fallback_at=None,
            last_error="",
            provider_ref=ref,
        )
    points = (send.notification.contact_point for send in sends)
    fresh = {point.pk for point in points if point and not _known_to_work(point, now)}
    if fresh:
        # Who holds one of them is writing the same.
        ids = lease.lock(ContactPoint, fresh, skip_locked=True)
        ContactPoint.objects.filter(pk__in=ids).update(last_success_at=now)


def _known_to_work(point: ContactPoint, now: datetime) -> bool:
    """Whether its last success is noted already: many messages a second need not all write it."""
    if point.last_success_at is None:
        return False
    failed_since = point.last_failure_at and point.last_failure_at >= point.last_success_at
    return not failed_since and now - point.last_success_at < SUCCESS_NOTED_EVERY


def incidents_of(reminders: Iterable[Reminder]) -> list[UUID]:
    """Return the incidents that a message is about, in the order in which they are locked."""
    return sorted({r.incident_id for r in reminders if r.incident_id is not None})


def count(outcome: str, notification: Notification) -> None:
    """Count what came of a send, by the kind of its contact point."""
    point = notification.contact_point
    metrics.SENDS.labels(point.kind if point else "none", outcome).inc()


def entries(
    kind: str, notification: Notification, incidents: Iterable[UUID], **data: Any
) -> list[timeline.Entry]:
    """Return what goes onto the timeline of every incident that the message was about."""
    point = notification.contact_point
    entry = {
        "notification": str(notification.pk),
        "person": str(notification.owner_id) if notification.owner_id else None,
        "by": point.kind if point else None,
        "attempt": notification.attempts,
        **data,
    }
    ids: list[UUID | None] = [*sorted(incidents)] or [None]
    return [
        timeline.Entry(
            kind=kind,
            team_id=notification.team_id,
            subject_type="notification",
            subject_id=notification.pk,
            incident_id=incident_id,
            by=SYSTEM,
            data=entry,
        )
        for incident_id in ids
    ]
