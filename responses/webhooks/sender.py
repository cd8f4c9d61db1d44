"""Sending deliveries: claim, send, write down what came of it.

At least once, always with the same message id: a sender that dies between the send and the stamp is
followed by another one after the lease. No transaction is held while the receiver answers.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from crisis_api.lib import clock, crash, logs, nudge, signing
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import ChannelError
from responses import metrics
from responses.models import WebhookDelivery, WebhookEndpoint
from responses.models.webhook import PING
from responses.webhooks import claims, health
from responses.webhooks.fan_out import DELIVER
from responses.webhooks.outcome import Outcome, failure_of
from responses.webhooks.payloads import message_id
from responses.webhooks.schedule import ATTEMPTS, next_delay

log = logging.getLogger("crisis.webhooks")

CLAIM_NONE_AFTER = 3.0
OFFERED_AT_ONCE = 100
UNCLAIMED_FOR = timedelta(seconds=5)

Status = WebhookDelivery.Status


def deliver(ids: Sequence[UUID]) -> int:
    """Send up to 100 deliveries, each claimed just before its own send; return how many arrived.

    Claims none after 3 seconds. What is left then is offered to others again, as long as this one
    got anything done; in any case the engine sees it as unclaimed.
    """
    started = time.monotonic()
    arrived, attempted = 0, 0
    offered = list(ids[:OFFERED_AT_ONCE])
    for place, pk in enumerate(offered):
        if time.monotonic() - started > CLAIM_NONE_AFTER:
            if attempted:
                nudge.hint(DELIVER, offered[place:], queue="slow")
            break
        claimed = claims.claim(pk)
        if claimed is not None:
            attempted += 1
            late = (clock.now() - claimed.due_at).total_seconds()
            metrics.WEBHOOK_LATENESS.observe(max(late, 0.0))
            crash.point("webhooks.claimed")
            outcome = _send(claimed)
            crash.point("webhooks.sent")
            arrived += _settle(claimed, outcome)
    return arrived


def deliver_waiting(limit: int = OFFERED_AT_ONCE) -> int:
    """Send what nobody has claimed for five seconds; what fell due since then is hinted at.

    The engine calls this. Without a broker it waits for nobody and sends everything itself.
    """
    now = clock.decisive_now()
    _bury(claims.given_up(now, limit), now)
    _tidy()
    patience = now - UNCLAIMED_FOR if nudge.broker_is_well() else now
    waiting = claims.waiting(now, limit)
    own = [pk for pk, due_at, _ in waiting if due_at <= patience]
    # First attempts were hinted at when they were written; nobody is there to hint at the others.
    retries = [pk for pk, due_at, attempts in waiting if due_at > patience and attempts]
    nudge.hint(DELIVER, retries, queue="slow")
    return deliver(own)


@logs.named("delivery")
def _send(delivery: WebhookDelivery) -> Outcome:
    endpoint = delivery.endpoint
    now = clock.now()
    try:
        answer = signing.signed_post(
            endpoint.url,
            secrets_of(endpoint, now),
            message_id(delivery.event_id),
            delivery.payload,
            at=now,
        )
    except ChannelError as error:
        log.warning("not delivered: %s", error.code)
        return failure_of(error)
    except Exception as error:  # whatever it is, the row must not stay claimed
        log.exception("could not be sent")
        return Outcome(error=type(error).__name__)
    log.info("delivered %s, answered %s", delivery.event.kind, answer.status)
    return Outcome(answer.status)


def secrets_of(endpoint: WebhookEndpoint, now: datetime) -> list[str]:
    """Return the secrets to sign with: the present one, and for a day the one before it."""
    until = endpoint.previous_secret_until
    previous = endpoint.previous_secret if until is not None and now < until else ""
    return [secret for secret in (endpoint.secret, previous) if secret]


def _settle(delivery: WebhookDelivery, outcome: Outcome) -> bool:
    """Write down what came of an attempt, unless somebody else has taken the delivery over."""
    now = clock.decisive_now()
    told = {"last_status": outcome.status, "last_error": outcome.error[:200], "lease_until": None}
    if outcome.error:
        _failed(delivery, outcome, told, now)
    else:
        _arrived(delivery, told, now)
    return not outcome.error


def _mine(delivery: WebhookDelivery) -> Any:
    return WebhookDelivery.objects.filter(
        pk=delivery.pk, fence=delivery.fence, status=Status.SENDING
    )


@transaction.atomic
def _arrived(delivery: WebhookDelivery, told: Mapping[str, Any], now: datetime) -> None:
    # The endpoint before its deliveries, as everywhere.
    if delivery.endpoint.failures:
        health.succeeded(delivery.endpoint)
    _mine(delivery).change(status=Status.DELIVERED, delivered_at=now, **told)
    metrics.WEBHOOK_SENDS.labels("delivered").inc()


@transaction.atomic
def _failed(
    delivery: WebhookDelivery, outcome: Outcome, told: Mapping[str, Any], now: datetime
) -> None:
    locked = WebhookEndpoint.objects.without_secrets().select_for_update(no_key=True)
    endpoint = locked.filter(pk=delivery.endpoint_id).first()
    if endpoint is None:
        return  # deleted meanwhile, its deliveries with it
    wait = _after_failure(delivery, endpoint, outcome)
    given_up = Status.DEAD if endpoint.disabled_at is None else Status.CANCELLED
    status = Status.PENDING if wait else given_up
    due_at = now + (wait or timedelta(0))
    if _mine(delivery).change(status=status, due_at=due_at, **told):
        metrics.WEBHOOK_SENDS.labels("failed" if wait else given_up.value).inc()
        _go_on(delivery, endpoint, outcome, now)


def _after_failure(
    delivery: WebhookDelivery, endpoint: WebhookEndpoint, outcome: Outcome
) -> timedelta | None:
    """Return how long to wait for the next attempt; None where there is none."""
    if delivery.event.kind == PING or outcome.is_gone or endpoint.disabled_at is not None:
        return None
    return next_delay(delivery.pk, delivery.attempts, retry_after=outcome.retry_after)


def _go_on(
    delivery: WebhookDelivery, endpoint: WebhookEndpoint, outcome: Outcome, now: datetime
) -> None:
    """Let the endpoint's health follow from a failure, and raise the alarm over a dead delivery."""
    if outcome.is_gone:
        health.disable(endpoint, health.GONE, now=now, by=SYSTEM)
    elif delivery.event.kind != PING:
        health.failed(endpoint, now, retry_after=outcome.retry_after)
        if delivery.attempts >= ATTEMPTS:
            health.died(delivery.pk, now)


def _bury(ids: Sequence[UUID], now: datetime) -> None:
    """Declare deliveries dead whose sender died in their last attempt."""
    for pk in ids:
        with transaction.atomic():
            lost = WebhookDelivery.objects.filter(
                pk=pk, status=Status.SENDING, lease_until__lte=now, attempts__gte=ATTEMPTS
            )
            was_a_test = lost.filter(event__kind=PING).exists()
            buried = lost.change(status=Status.DEAD, last_error="sender_died", lease_until=None)
            if buried and not was_a_test:
                health.died(pk, now)


def _tidy() -> None:
    """Cancel what was written for an endpoint while it was being disabled."""
    stray = WebhookDelivery.objects.filter(
        status=Status.PENDING, endpoint__disabled_at__isnull=False
    )
    # Every second, and nearly always in vain: on SQLite even an empty UPDATE takes the one lock.
    if stray.exists():
        stray.change(status=Status.CANCELLED)
