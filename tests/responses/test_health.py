import pytest

from crisis_api.lib import clock as the_clock
from incidents.escalation import health
from incidents.models import PendingEvent
from responses import reactions
from responses.models import SupportTicket, WebhookDelivery
from tests.factories.access import a_team
from tests.factories.incidents import an_incident
from tests.factories.webhooks import a_delivery, an_endpoint

pytestmark = pytest.mark.django_db


def test_sees_events_that_nothing_followed_from_yet(clock):
    team = a_team()
    a_delivery(an_endpoint(team), an_incident(team))
    clock.move(minutes=1)

    assert (health.report().overdue, health.report().oldest_overdue) == (1, 60.0)

    reactions.react_to_all()
    assert health.report().overdue == 0


def test_sees_what_is_left_to_a_person():
    team = a_team()
    a_delivery(an_endpoint(team), an_incident(team))
    WebhookDelivery.objects.update(status="dead")
    PendingEvent.objects.update(parked_at=the_clock.now())
    SupportTicket.objects.create(team=team, incident=an_incident(team), category="spam")

    assert (health.report().parked, health.report().dead) == (2, 1)


def test_does_not_take_a_slow_receiver_for_an_engine_that_stands_still(clock):
    team = a_team()
    a_delivery(an_endpoint(team), an_incident(team))
    PendingEvent.objects.all().delete()
    clock.move(hours=1)

    assert health.report().overdue == 0
