"""Whoever is made responsible hears of it."""

import pytest

from incidents.escalation import decide
from incidents.models import Notification
from incidents.services import lifecycle
from tests.factories.access import a_contact_point, a_person, a_team, the_actor
from tests.factories.incidents import an_incident

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return a_team()


def reachable(team, role="responder"):
    person = a_person(team, role)
    a_contact_point(person)
    return person


def test_tells_whoever_was_made_responsible(team):
    manager, owner = reachable(team, "manager"), reachable(team)
    incident = an_incident(team)
    lifecycle.assign(incident, owner=owner, by=the_actor(manager))
    decide.fire_all_due()
    assert Notification.objects.get(owner=owner).reminders.get().kind == "assigned"


def test_tells_nobody_who_took_it_by_themselves(team):
    owner = reachable(team)
    lifecycle.assign(an_incident(team), owner=owner, by=the_actor(owner))
    decide.fire_all_due()
    assert not Notification.objects.filter(owner=owner).exists()


def test_tells_whoever_is_responsible_by_the_time_it_is_told(team):
    manager, first, second = reachable(team, "manager"), reachable(team), reachable(team)
    incident = an_incident(team)
    lifecycle.assign(incident, owner=first, by=the_actor(manager))
    lifecycle.assign(incident, owner=second, by=the_actor(manager))
    decide.fire_all_due()
    assert not Notification.objects.filter(owner=first).exists()
    assert Notification.objects.filter(owner=second).count() == 1
