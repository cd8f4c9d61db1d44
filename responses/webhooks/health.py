"""How an endpoint is doing: failures are counted, followed by pauses, and in the end disable it.

Every function runs in a transaction and takes the endpoint before its deliveries.
"""

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F

from crisis_api.lib.actors import SYSTEM, Actor
from incidents import timeline
from incidents.escalation import alarms
from responses.models import WebhookDelivery, WebhookEndpoint
from responses.webhooks.schedule import pause

log = logging.getLogger("crisis.webhooks")

DISABLED_AFTER = timedelta(days=5)
ONE_ALARM_IN = timedelta(days=1)
# What a receiver asks for holds up everything that goes to it, so not for longer than this.
LONGEST_WISH = timedelta(hours=1)

GONE, FAILING, BY_HAND = "gone", "failing", "by_hand"


def succeeded(endpoint: WebhookEndpoint) -> None:
    """Forget what failed before."""
    WebhookEndpoint.objects.filter(pk=endpoint.pk, failures__gt=0).change(
        failures=0, failing_since=None, paused_until=None
    )


def failed(
    endpoint: WebhookEndpoint, now: datetime, *, retry_after: timedelta | None = None
) -> None:
    """Count a failure; a few pause the endpoint, five days of nothing else disable it."""
    mine = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    mine.change(failures=F("failures") + 1)
    row = mine.without_secrets().first()
    if row is None:
        return  # deleted meanwhile
    since = row.failing_since or now
    waits = [wait for wait in (pause(row.failures), retry_after) if wait is not None]
    until = [now + min(wait, LONGEST_WISH) for wait in waits]
    # Two attempts may fail at once: the longer pause stands.
    until += [row.paused_until] if row.paused_until is not None else []
    mine.change(failing_since=since, paused_until=max(until, default=None))
    if now - since >= DISABLED_AFTER and row.disabled_at is None:
        disable(row, FAILING, now=now, by=SYSTEM)


def disable(endpoint: WebhookEndpoint, reason: str, *, now: datetime, by: Actor) -> bool:
    """Send nothing more to the endpoint, and say so; return False where it was disabled already.

    What waits is cancelled: it can be replayed once the endpoint works again.
    """
    changed = (
        WebhookEndpoint.objects.active()
        .filter(pk=endpoint.pk)
        .change(disabled_at=now, disabled_reason=reason)
    )
    if not changed:
        return False
    cancel_waiting(endpoint)
    timeline.record("webhook_endpoint.disabled", endpoint, by=by, data={"reason": reason}, at=now)
    if reason != BY_HAND:
        alarms.raise_alarm("webhook_endpoint_disabled", endpoint, data={"reason": reason})
    return True


def cancel_waiting(endpoint: WebhookEndpoint) -> int:
    """Cancel what waits to be sent to an endpoint."""
    waiting: Any = WebhookDelivery.objects.filter(endpoint=endpoint, status="pending")
    return int(waiting.change(status=WebhookDelivery.Status.CANCELLED))


def died(delivery_id: UUID, now: datetime) -> None:
    """Say that a delivery's last attempt failed; one alarm a day for each endpoint."""
    delivery = WebhookDelivery.objects.get(pk=delivery_id)
    endpoint = WebhookEndpoint.objects.without_secrets().get(pk=delivery.endpoint_id)
    timeline.record(
        "webhook_endpoint.delivery_died",
        endpoint,
        by=SYSTEM,
        data={
            "delivery": str(delivery.pk),
            "event": str(delivery.event_id),
            "attempts": delivery.attempts,
            "last_status": delivery.last_status,
        },
        at=now,
    )
    lately = WebhookDelivery.objects.dead().filter(
        endpoint=endpoint, last_attempt_at__gt=now - ONE_ALARM_IN
    )
    if lately.exclude(pk=delivery.pk).exists():
        log.error("webhook delivery %s died", delivery.pk)
    else:
        alarms.raise_alarm("webhook_deliveries_dead", endpoint)
