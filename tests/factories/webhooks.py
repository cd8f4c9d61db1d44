"""Webhook endpoints and deliveries for tests: `an_endpoint(team, url)`."""

from typing import Any

from crisis_api.access.models import Team
from crisis_api.lib import clock, signing
from crisis_api.lib.actors import SYSTEM
from incidents import timeline
from incidents.models import Incident
from responses.models import WebhookDelivery, WebhookEndpoint
from responses.webhooks import fan_out


def an_endpoint(
    team: Team, url: str = "https://hooks.example.test/crisis", **values: Any
) -> WebhookEndpoint:
    """Return an endpoint that gets every event of the team."""
    defaults = {"team": team, "url": url, "secret": signing.new_secret()}
    return WebhookEndpoint.objects.create(**{**defaults, **values})


def a_delivery(
    endpoint: WebhookEndpoint, incident: Incident, kind: str = "incident.acknowledged"
) -> WebhookDelivery:
    """Return an event of the incident on its way to the endpoint, due now."""
    event = timeline.record(kind, incident, by=SYSTEM, data={"number": 7})
    (pk,) = fan_out.write([(event, endpoint)], now=clock.now())
    delivery: WebhookDelivery = WebhookDelivery.objects.get(pk=pk)
    return delivery
