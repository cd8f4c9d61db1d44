"""Sending notifications: claim, send, write down what came of it.

At least once, always with the same message id: a sender that dies after the send and before the
stamp is followed by another after the lease. The claim commits `sending` in one short transaction
that holds the subjects as they are, so after an acknowledgement has committed no send starts.
"""

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Q

from crisis_api.access.models import ContactPoint, unless_held
from crisis_api.lib import clock, crash, logs
from crisis_api.lib.errors import ChannelError
from incidents.escalation import aftermath, message, stamps
from incidents.escalation.claims import Claim, claim
from incidents.escalation.senders import registry
from incidents.models import Notification

log = logging.getLogger("crisis.deliver")

CLAIM_NONE_AFTER = 3.0
OFFERED_AT_ONCE = 100
TROUBLE = timedelta(hours=1)


def waiting(
    now: datetime, *, critical: bool | None = None, limit: int = OFFERED_AT_ONCE
) -> list[UUID]:
    """Return the notifications that nobody has claimed, the critical ones and the oldest first."""
    asked = Q() if critical is None else Q(critical=critical)
    return [pk for pk, _point in _oldest(now, asked, limit)]


def _oldest(now: datetime, asked: Q, limit: int) -> list[tuple[UUID, UUID | None]]:
    """Return what waits, with its contact point: two queries, each by the index made for it."""
    found: list[tuple[bool, datetime, UUID, UUID | None]] = []
    for rows in (Notification.objects.left_behind(now), Notification.objects.due(now)):
        oldest = rows.filter(asked).order_by("-critical", "due_at", "id")
        found += oldest.values_list("critical", "due_at", "pk", "contact_point_id")[:limit]
    found.sort(key=lambda row: (not row[0], row[1], row[2]))
    return [(pk, point) for _critical, _due_at, pk, point in found[:limit]]


def waiting_by_point(
    now: datetime, *, critical: bool, troubled: bool, limit: int
) -> list[tuple[UUID, UUID | None]]:
    """Return what nobody has claimed with its contact point, the oldest first.

    `troubled` are contact points whose latest send, within the last hour, failed: they may keep a
    sender waiting for ten seconds each time, so nobody else's message is to stand behind theirs.
    """
    failing = ContactPoint.objects.filter(last_failure_at__gt=now - TROUBLE).filter(
        Q(last_success_at=None) | Q(last_success_at__lt=F("last_failure_at"))
    )
    theirs = Q(contact_point__in=failing)
    return _oldest(now, Q(theirs if troubled else ~theirs, critical=critical), limit)


def deliver(ids: Sequence[UUID]) -> int:
    """Send up to 100 notifications, each claimed just before its own send; return how many.

    Claims none after 3 seconds: what is left stays for others, who see it as unclaimed.
    """
    started = time.monotonic()
    sent = 0
    for pk in ids[:OFFERED_AT_ONCE]:
        if time.monotonic() - started > CLAIM_NONE_AFTER:
            break
        sent += deliver_one(pk)
    return sent


@logs.named("notification")
def deliver_one(pk: UUID) -> bool:
    """Send one notification if it is due and still wanted; return whether it was sent."""
    claimed = claim(pk)
    if claimed is None:
        return False
    crash.point("deliver.claimed")
    point = claimed.notification.contact_point
    try:
        if point is None or point.disabled_at is not None:
            raise ChannelError("contact_point_gone", permanent=True)
        sender = registry.get(point.kind)
        ref = sender.send(
            point.address,
            message.compose(claimed),
            message_id=f"ntf_{claimed.notification.pk.hex}",
            secret=point.secret,
        )
    except ChannelError as error:
        log.warning("not sent to %s: %s", _where(claimed), error.code)
        aftermath.failed(claimed.notification, claimed.reminders, error)
        return False
    except Exception as error:
        log.exception("could not be sent to %s", _where(claimed))
        failure = ChannelError(type(error).__name__)
        aftermath.failed(claimed.notification, claimed.reminders, failure)
        return False
    crash.point("deliver.sent")
    stamps.sent(claimed.notification, claimed.reminders, ref)
    crash.point("deliver.stamped")
    log.info("sent to %s", _where(claimed))
    return True


def _where(claimed: Claim) -> str:
    """Return the contact point's kind and id and the incidents' references, for the log."""
    point = claimed.notification.contact_point
    of = ", ".join(sorted(row.reference for row in claimed.rows.get("incident", {}).values()))
    return f"{point.kind} {point.pk}{' of ' if of else ''}{of}" if point else "nobody"


def fall_back(limit: int = 500) -> int:
    """Write the next contact point's message where 30 seconds brought no success.

    Counted from the first attempt, so that a long queue does not make everybody's phone ring twice.
    """
    now = clock.decisive_now()
    late = Notification.objects.filter(unless_held(), fallback_at__lte=now).order_by("fallback_at")
    done = 0
    for pk in list(late.values_list("pk", flat=True)[:limit]):
        done += aftermath.take_next_point(pk, now)
    return done
