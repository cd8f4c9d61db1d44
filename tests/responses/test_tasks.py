import time

import pytest

from crisis_api.lib.actors import SYSTEM
from incidents.escalation import engine
from incidents.models import PendingEvent, Severity
from incidents.services import lifecycle
from responses.models import SupportTicket, WebhookDelivery
from tests.factories.access import a_person, a_team
from tests.factories.webhooks import an_endpoint


def opened(team):
    return lifecycle.open_incident(
        team=team,
        category="spam",
        severity=Severity.HIGH,
        title="A flood of coins",
        by=SYSTEM,
    ).incident


@pytest.fixture
def endpoint():
    """An endpoint at an address that no sender may call: what counts is that one tried."""
    team = a_team()
    a_person(team, "manager")
    return an_endpoint(team, "http://127.0.0.1:9/", event_kinds=["incident.opened"])


def seen(found, seconds=15.0):
    """Wait until the function returns something true, and return it."""
    until = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)
    return result


@pytest.mark.usefixtures("worker")
def test_lets_a_worker_react_draft_and_send_without_an_engine(endpoint):
    opened(endpoint.team)

    ticket = seen(lambda: SupportTicket.objects.filter(status="draft").first())
    assert ticket.sections["summary"]
    delivery = seen(lambda: WebhookDelivery.objects.filter(attempts=1).first())

    assert delivery.status in ("sending", "pending")
    seen(lambda: not PendingEvent.objects.exists())


@pytest.mark.django_db
def test_lets_the_engine_react_draft_and_send_without_a_broker(endpoint):
    opened(endpoint.team)

    engine.run_once()

    assert SupportTicket.objects.get().status == "draft"
    assert WebhookDelivery.objects.get().attempts == 1
    assert not PendingEvent.objects.filter(event__kind="incident.opened").exists()
