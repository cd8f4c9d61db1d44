"""Webhook deliveries: sending one again, or everything of a time that an endpoint missed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from crisis_api.access.services import changes
from crisis_api.lib import clock, nudge
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Conflict, FieldError, Invalid
from crisis_api.lib.states import Edges
from incidents.models import Event
from responses.models import WebhookDelivery, WebhookEndpoint
from responses.webhooks import fan_out, patterns

AT_ONCE = 1000

EDGES = Edges(
    {
        "pending": {"replay": "pending"},
        "sending": {},
        "delivered": {"replay": "pending"},
        "dead": {"replay": "pending"},
        "cancelled": {"replay": "pending"},
    }
)
MISSED = ("dead", "cancelled")


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many deliveries go out again; `since` where there is more, to go on from."""

    count: int
    next_since: datetime | None = None


@transaction.atomic
def replay(delivery: WebhookDelivery, *, by: Actor) -> WebhookDelivery:
    """Send it again now, under the same message id, with all attempts before it.

    One that waits for its next attempt gets it now, and keeps the attempts that it has had.
    """
    row: WebhookDelivery = (
        WebhookDelivery.objects.select_for_update(no_key=True, of=("self",))
        .select_related("endpoint", "team")
        .get(pk=delivery.pk)
    )
    EDGES.follow(row.status, "replay")
    _refuse_disabled(row.endpoint)
    now = clock.now()
    mine = WebhookDelivery.objects.filter(pk=row.pk)
    if row.status == WebhookDelivery.Status.PENDING:
        mine.filter(due_at__gt=now).change(due_at=now)
    else:
        mine.change(status=WebhookDelivery.Status.PENDING, due_at=now, attempts=0)
    nudge.hint(fan_out.DELIVER, [row.pk], queue="slow")
    changes.note("webhook_delivery.replayed", row, teams=[row.team], by=by)
    row.refresh_from_db()
    return row


@transaction.atomic
def replay_range(
    endpoint: WebhookEndpoint,
    *,
    since: datetime,
    until: datetime,
    by: Actor,
    include_delivered: bool = False,
) -> Replayed:
    """Send an endpoint all events of a time that it has missed, or all of them.

    Missed is what died, what was cancelled while it was disabled, and what happened meanwhile and
    made no delivery. 1,000 events at once, the oldest first; `next_since` says where to go on.
    """
    if since >= until:
        detail = _("This must be after since.")
        raise Invalid(errors=[FieldError("/until", "empty_range", detail)])
    _refuse_disabled(endpoint)
    now = clock.now()
    events = _events(endpoint, since, until, include_delivered)
    found = list(events[: AT_ONCE + 1])
    batch, more = found[:AT_ONCE], found[AT_ONCE:]
    told = [event for event in batch if fan_out.is_told(event)]
    wanted = [event for event in told if patterns.matches(endpoint.event_kinds, event.kind)]
    ids = _again(endpoint, wanted, now, include_delivered)
    known = WebhookDelivery.objects.filter(endpoint=endpoint, event__in=wanted)
    there = set(known.values_list("event_id", flat=True))
    ids += fan_out.write([(event, endpoint) for event in wanted if event.pk not in there], now=now)
    changes.note(
        "webhook_endpoint.replayed", endpoint, teams=[endpoint.team], by=by, deliveries=len(ids)
    )
    return Replayed(len(ids), more[0].occurred_at if more else None)


def _events(
    endpoint: WebhookEndpoint, since: datetime, until: datetime, include_delivered: bool
) -> QuerySet[Event]:
    """Return the events of the time that may be told, the oldest first."""
    settled = WebhookDelivery.objects.filter(endpoint=endpoint, event=OuterRef("pk"))
    kept = ("pending", "sending") if include_delivered else ("pending", "sending", "delivered")
    events: QuerySet[Event] = (
        Event.objects.filter(
            ~Exists(settled.filter(status__in=kept)),
            team_id=endpoint.team_id,
            occurred_at__gte=since,
            occurred_at__lt=until,
        )
        .exclude(subject_type__in=fan_out.ABOUT_WEBHOOKS)
        .select_related("incident")
        .order_by("occurred_at", "id")
    )
    return events


def _again(
    endpoint: WebhookEndpoint, events: Sequence[Event], now: datetime, include_delivered: bool
) -> list[UUID]:
    """Send those deliveries again that exist already, and return their ids."""
    over = (*MISSED, "delivered") if include_delivered else MISSED
    rows = WebhookDelivery.objects.filter(endpoint=endpoint, event__in=events, status__in=over)
    ids = list(rows.values_list("pk", flat=True))
    WebhookDelivery.objects.filter(pk__in=ids, status__in=over).change(
        status=WebhookDelivery.Status.PENDING, due_at=now, attempts=0
    )
    nudge.hint(fan_out.DELIVER, ids, queue="slow")
    return ids


def _refuse_disabled(endpoint: WebhookEndpoint) -> None:
    if endpoint.disabled_at is not None:
        raise Conflict(_("This endpoint is disabled."), code="endpoint_disabled")
