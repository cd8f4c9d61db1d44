"""Who is responsible, by hand and after somebody has left."""

from datetime import timedelta

import pytest

from crisis_api.lib import clock as the_clock
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import Refused
from incidents.escalation import decide
from incidents.models import Event, Notification
from incidents.services import assignment, lifecycle
from tests.factories.access import a_contact_point, a_person, a_team, joins
from tests.factories.incidents import a_policy
from tests.incidents.services.stories import kinds, opened, pending

pytestmark = pytest.mark.django_db


def test_means_the_new_owner_with_the_steps_still_to_come(clock):
    team = a_team()
    first, second = a_person(team), a_person(team)
    a_contact_point(second)
    incident = opened(team, owner=first, policy=a_policy(team))
    got = lifecycle.assign(incident, owner=second, by=SYSTEM)
    assert got.generation == incident.generation
    decide.fire_all_due()
    assert Notification.objects.get().owner == second
    event = Event.objects.get(incident=incident, kind="incident.assigned")
    assert event.data == {"owner": str(second.pk), "previous_owner": str(first.pk)}


def test_changes_nothing_for_the_same_owner(clock):
    team = a_team()
    owner = a_person(team)
    incident = opened(team, owner=owner)
    assert lifecycle.assign(incident, owner=owner, by=SYSTEM).version == incident.version


def test_refuses_somebody_of_another_team(clock):
    incident = opened(a_team())
    with pytest.raises(Refused):
        lifecycle.assign(incident, owner=a_person(a_team()), by=SYSTEM)


def test_takes_an_incident_from_an_owner_who_has_left_and_says_so(clock):
    team = a_team()
    stays, leaves, moves_on = a_person(team), a_person(team), a_person(team)
    kept = opened(team, owner=stays)
    lost = [opened(team, owner=leaves), opened(team, owner=moves_on)]
    over = opened(team, owner=leaves)
    lifecycle.resolve(over, note="Over.", by=SYSTEM)
    type(leaves).objects.filter(pk=leaves.pk).update(deactivated_at=the_clock.now())
    moves_on.memberships.all().delete()
    joins(moves_on, a_team())
    assert assignment.release_those_who_left() == 2
    for incident in lost:
        incident.refresh_from_db()
        assert incident.owner is None
        assert kinds(incident)[-1] == "incident.left_without_owner"
        assert pending(incident, "no_owner").exists()
    for incident, owner in ((kept, stays), (over, leaves)):
        incident.refresh_from_db()
        assert incident.owner == owner
    assert assignment.release_those_who_left() == 0


def test_is_loud_again_each_time_it_loses_its_owner(clock):
    team = a_team()
    person = a_person(team)
    incident = opened(team)
    lifecycle.assign(incident, owner=person, by=SYSTEM)
    person.memberships.all().delete()
    assignment.release_those_who_left()
    assert pending(incident, "no_owner").count() == 1


def test_is_loud_again_after_it_has_asked_for_an_hour(clock):
    team = a_team()
    a_contact_point(a_person(team, role="manager"))
    person = a_person(team)
    incident = opened(team)
    for _ in range(6):
        decide.fire_all_due()
        the_clock.move(timedelta(minutes=10))
    lifecycle.assign(incident, owner=person, by=SYSTEM)
    person.memberships.all().delete()
    assignment.release_those_who_left()
    assert pending(incident, "no_owner").count() == 1


def test_asks_once_at_a_time_when_it_is_reopened_without_an_owner(clock):
    team = a_team()
    person = a_person(team)
    incident = opened(team)
    lifecycle.acknowledge(incident, owner=person, by=SYSTEM)
    lifecycle.contain(incident, by=SYSTEM)
    person.memberships.all().delete()
    assignment.release_those_who_left()
    lifecycle.reopen(incident, reason="", by=SYSTEM)
    assert pending(incident, "no_owner").count() == 1
