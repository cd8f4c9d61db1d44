"""What waits of webhook deliveries while sending is held."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from crisis_api.access.services.holding import Outgoing, Waiting
from responses.models import WebhookDelivery

Status = WebhookDelivery.Status


def _unsent(now: datetime) -> Q:
    # Those that wait for a later attempt too: it is the release that lets them go on.
    return Q(status=Status.PENDING) | Q(status=Status.SENDING, lease_until__lte=now)


def _deliveries(now: datetime) -> Iterator[Waiting]:
    rows = WebhookDelivery.objects.filter(_unsent(now)).order_by("created_at", "id")
    for team, since, kind in rows.values_list("team__slug", "created_at", "event__kind"):
        yield Waiting(team, since, kind)


def _drop(before: datetime, now: datetime) -> int:
    stale = WebhookDelivery.objects.filter(_unsent(now), created_at__lt=before)
    return int(stale.change(status=Status.CANCELLED, lease_until=None))


DELIVERIES = Outgoing("webhook deliveries", _deliveries, _drop)
