"""Who belongs to a team. It keeps at least one manager."""

import threading

import pytest
from django.db import connection

from crisis_api.access.models import AuditEvent, Membership, Owner
from crisis_api.access.services import memberships, owners
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import Conflict, Problem, Refused
from tests.factories.access import a_person, a_team, joins


def membership_of(owner, team):
    return Membership.objects.get(owner=owner, team=team)


@pytest.mark.django_db
def test_adds_a_person_once():
    team, person = a_team(), a_person()
    memberships.add(team=team, owner=person, role="viewer", by=SYSTEM)
    with pytest.raises(Conflict) as caught:
        memberships.add(team=team, owner=person, role="viewer", by=SYSTEM)
    assert caught.value.code == "already_a_member"
    assert AuditEvent.objects.get(team=team).data == {"owner": str(person.pk), "role": "viewer"}


@pytest.mark.django_db
def test_adds_nobody_who_is_deactivated(clock):
    with pytest.raises(Refused):
        memberships.add(
            team=a_team(), owner=a_person(deactivated_at=clock.now()), role="viewer", by=SYSTEM
        )


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["role", "removal", "deactivation"])
def test_keeps_the_last_manager(way):
    team = a_team()
    manager = a_person(team, "manager")
    a_person(team, "approver")
    with pytest.raises(Conflict) as caught:
        leave(manager, team, way)
    assert caught.value.code == "last_manager"


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["role", "removal", "deactivation"])
def test_lets_a_manager_go_where_there_is_another(way):
    team = a_team()
    manager = a_person(team, "manager")
    a_person(team, "manager")
    leave(manager, team, way)


@pytest.mark.django_db
def test_does_not_count_a_manager_who_is_deactivated(clock):
    team = a_team()
    manager = a_person(team, "manager")
    a_person(team, "manager", deactivated_at=clock.now())
    with pytest.raises(Conflict):
        leave(manager, team, "removal")


@pytest.mark.django_db
def test_looks_at_every_team_of_whoever_is_deactivated():
    team, other = a_team(), a_team()
    person = a_person(team, "viewer")
    joins(person, other, "manager")
    with pytest.raises(Conflict):
        leave(person, team, "deactivation")


@pytest.mark.django_db(transaction=True)
def test_keeps_one_of_two_managers_who_leave_at_once():
    team = a_team()
    both = [a_person(team, "manager"), a_person(team, "manager")]
    start = threading.Barrier(2)
    problems: list[str] = []

    def go(person: Owner) -> None:
        start.wait()
        try:
            leave(person, team, "removal")
        except Problem as problem:
            problems.append(problem.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=(person,)) for person in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == ["last_manager"]
    assert Membership.objects.filter(team=team).count() == 1


@pytest.mark.django_db
def test_finds_members_in_the_order_asked_for_and_says_who_is_none():
    team, other = a_team(), a_team()
    anna, boris, stranger = a_person(team), a_person(team), a_person(other)
    assert memberships.find_members(team, [boris.pk, anna.pk]) == [boris, anna]
    with pytest.raises(Refused) as caught:
        memberships.find_members(team, [anna.pk, stranger.pk], pointer="/people/{}")
    assert [error.pointer for error in caught.value.errors] == ["/people/1"]


def leave(person, team, way):
    match way:
        case "role":
            memberships.change_role(membership_of(person, team), role="viewer", by=SYSTEM)
        case "removal":
            memberships.remove(membership_of(person, team), by=SYSTEM)
        case "deactivation":
            owners.deactivate(person, by=SYSTEM)
