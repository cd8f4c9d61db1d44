"""Which deliveries wait, and taking one of them just before it is sent.

Locks are taken in one order everywhere: the team, the endpoint, the delivery.
"""

from datetime import datetime, timedelta
from itertools import chain, zip_longest
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef

from crisis_api.access.models import SendingHold, Team
from crisis_api.lib import clock, lease
from incidents.models import Mode
from responses.models import WebhookDelivery, WebhookEndpoint
from responses.webhooks.schedule import ATTEMPTS

LEASE = timedelta(seconds=20)
PER_ENDPOINT = 2

Status = WebhookDelivery.Status


@transaction.atomic
def claim(delivery_id: UUID) -> WebhookDelivery | None:
    """Take a waiting delivery for 20 seconds, with its endpoint and event; None where it may not.

    One sender has it at a time: whoever is late stamps nothing, since the fence has risen. Not
    taken while sending is held, the team is frozen, the endpoint is disabled, paused or has two
    under way, and never for a drill. The commit is the start of the send.
    """
    found = WebhookDelivery.objects.filter(pk=delivery_id).values_list("team_id", "endpoint_id")
    for team_id, endpoint_id in found:
        # Held until the commit: a freeze that is committed lets nothing start after it.
        lease.share_lock(Team, [team_id])
        now = clock.decisive_now()
        if not _is_free(endpoint_id, now):
            return None
        taken = (
            WebhookDelivery.objects.waiting(now)
            .filter(pk=delivery_id, attempts__lt=ATTEMPTS)
            .exclude(event__incident__mode=Mode.DRILL)
            .change(
                status=Status.SENDING,
                fence=F("fence") + 1,
                attempts=F("attempts") + 1,
                lease_until=now + LEASE,
                lease_owner=lease.owner_name(),
                last_attempt_at=now,
            )
        )
        if taken:
            return _with_endpoint(delivery_id)
    return None


def _with_endpoint(delivery_id: UUID) -> WebhookDelivery:
    rows = WebhookDelivery.objects.select_related("endpoint", "event")
    # The secrets are read where a failure to do so is a failed attempt like any other.
    row: WebhookDelivery = rows.defer("endpoint__secret", "endpoint__previous_secret").get(
        pk=delivery_id
    )
    return row


def _is_free(endpoint_id: UUID, now: datetime) -> bool:
    """Lock the endpoint, and say whether something may be sent to it now.

    One that is failing gets one attempt at a time, so that it costs a sender and not two.
    """
    ready = WebhookEndpoint.objects.ready(now).filter(pk=endpoint_id)
    locked = ready.select_for_update(no_key=True, of=("self",))
    failures = locked.values_list("failures", flat=True).first()
    if failures is None:
        return False
    under_way = WebhookDelivery.objects.filter(
        endpoint_id=endpoint_id, status=Status.SENDING, lease_until__gt=now
    ).count()
    return bool(under_way < (1 if failures else PER_ENDPOINT))


def waiting(now: datetime, limit: int) -> list[tuple[UUID, datetime, int]]:
    """Return the id, due time and attempts of deliveries that may be taken, the endpoints in turn.

    No endpoint's backlog hides another's: each gives an equal share, in a new order every time.
    """
    if SendingHold.current():
        return []
    left_behind = WebhookDelivery.objects.filter(
        status=Status.SENDING, lease_until__lte=now, attempts__lt=ATTEMPTS
    )
    oldest = left_behind.order_by("lease_until")
    found = list(oldest.values_list("pk", "due_at", "attempts")[:limit])
    pending = WebhookDelivery.objects.filter(status=Status.PENDING, due_at__lte=now)
    free = (
        WebhookEndpoint.objects.ready(now)
        .filter(Exists(pending.filter(endpoint=OuterRef("pk"))))
        .exclude(pk__in=_busy(now))
        .order_by("?")
    )
    ids = list(free.values_list("pk", flat=True)[:limit])
    share = max(limit // max(len(ids), 1), 1)
    columns = [
        pending.filter(endpoint_id=pk)
        .order_by("due_at", "id")
        .values_list("pk", "due_at", "attempts")[:share]
        for pk in ids
    ]
    in_turn = chain.from_iterable(zip_longest(*columns))
    return [*found, *(row for row in in_turn if row is not None)][:limit]


def _busy(now: datetime) -> list[UUID]:
    """Return the endpoints that have as many under way as they may."""
    under_way = WebhookDelivery.objects.filter(status=Status.SENDING, lease_until__gt=now)
    counted = under_way.order_by().values("endpoint_id").annotate(number=Count("pk"))
    return list(counted.filter(number__gte=PER_ENDPOINT).values_list("endpoint_id", flat=True))


def given_up(now: datetime, limit: int) -> list[UUID]:
    """Return the deliveries whose sender died in their last attempt."""
    lost = WebhookDelivery.objects.filter(
        status=Status.SENDING, lease_until__lte=now, attempts__gte=ATTEMPTS
    )
    return list(lost.values_list("pk", flat=True)[:limit])
