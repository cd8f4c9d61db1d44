"""Events become deliveries: one for each endpoint that wants the event."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from crisis_api.lib import nudge
from incidents.models import Event, Mode
from responses.models import WebhookDelivery, WebhookEndpoint
from responses.webhooks.patterns import matches
from responses.webhooks.payloads import EventFacts, compose

DELIVER = "responses.deliver_webhooks"

# A delivery about a delivery would never end.
ABOUT_WEBHOOKS = frozenset({"webhook_endpoint", "webhook_delivery"})


def deliver_events(events: Sequence[Event], now: datetime) -> list[UUID]:
    """Write a delivery of each event for every active endpoint of its team that wants it.

    Called in a transaction; the senders are told after its commit. A drill sends nothing outside,
    and events about webhooks make no deliveries.
    """
    telling = [event for event in events if is_told(event)]
    if not telling:
        return []
    endpoints: dict[UUID, list[WebhookEndpoint]] = {}
    for endpoint in (
        WebhookEndpoint.objects.active()
        .without_secrets()
        .filter(team_id__in={event.team_id for event in telling})
    ):
        endpoints.setdefault(endpoint.team_id, []).append(endpoint)
    pairs = [
        (event, endpoint)
        for event in telling
        for endpoint in endpoints.get(event.team_id, ())
        if matches(endpoint.event_kinds, event.kind)
    ]
    return write(pairs, now=now)


def is_told(event: Event) -> bool:
    """Whether endpoints may hear of the event at all."""
    if event.subject_type in ABOUT_WEBHOOKS:
        return False
    return event.incident is None or event.incident.mode != Mode.DRILL


def write(pairs: Iterable[tuple[Event, WebhookEndpoint]], *, now: datetime) -> list[UUID]:
    """Write the deliveries that do not exist yet, and return the ids of all that were tried."""
    payloads: dict[UUID, str] = {}
    deliveries = []
    for event, endpoint in pairs:
        if event.pk not in payloads:
            payloads[event.pk] = compose(facts(event))
        deliveries.append(
            WebhookDelivery(
                team_id=endpoint.team_id,
                endpoint=endpoint,
                event=event,
                payload=payloads[event.pk],
                due_at=now,
            )
        )
    # A replay of a range may have written some of them already.
    WebhookDelivery.objects.bulk_create(deliveries, ignore_conflicts=True)
    ids = [delivery.pk for delivery in deliveries]
    if ids:
        nudge.hint(DELIVER, ids, queue="slow")
    return ids


def facts(event: Event) -> EventFacts:
    """Return the event as messages tell of it; its incident is loaded already or needs a query."""
    incident = event.incident
    return EventFacts(
        id=event.pk,
        kind=event.kind,
        occurred_at=event.occurred_at,
        team_id=event.team_id,
        subject_type=event.subject_type,
        subject_id=event.subject_id,
        actor_type=event.actor_type,
        actor_id=event.actor_id,
        incident_id=event.incident_id,
        reference=incident.reference if incident else "",
        sequence=event.sequence,
        mode=incident.mode if incident else Mode.STANDARD,
        data=event.data,
    )
