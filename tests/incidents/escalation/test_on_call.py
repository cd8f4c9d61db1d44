"""Who is on call, by the rows of a rotation."""

from datetime import UTC, datetime, timedelta

import pytest

from crisis_api.access.models import Membership
from incidents.escalation.on_call import on_call, people_on_call, schedule_of
from incidents.models import Override
from tests.factories.access import a_person, a_team, joins
from tests.factories.incidents import a_rotation

pytestmark = pytest.mark.django_db

# Shifts begin at nine; the rotations of the tests start on 2024-01-01.
FIRST = datetime(2024, 1, 1, 12, tzinfo=UTC)


def test_says_whose_turn_it_is():
    team = a_team()
    anna, boris = a_person(team), a_person(team)
    rotation = a_rotation(team, [anna, boris])
    assert on_call(rotation, FIRST) == anna
    assert on_call(rotation, FIRST + timedelta(days=1)) == boris
    assert on_call(rotation, FIRST - timedelta(days=1)) is None


def test_follows_the_override_made_last():
    team = a_team()
    anna, boris, clara = a_person(team), a_person(team), a_person(team)
    rotation = a_rotation(team, [anna])
    for person in (boris, clara):
        Override.objects.create(
            team=team,
            rotation=rotation,
            owner=person,
            starts_at=FIRST,
            ends_at=FIRST + timedelta(hours=1),
        )
    assert on_call(rotation, FIRST) == clara
    assert on_call(rotation, FIRST + timedelta(hours=1)) == anna


@pytest.mark.parametrize("gone", ["deactivated", "left the team"])
def test_leaves_the_turn_of_somebody_who_is_gone_to_nobody(clock, gone):
    team, other = a_team(), a_team()
    anna, boris = a_person(team), a_person(team)
    joins(anna, other)
    rotation = a_rotation(team, [anna, boris])
    if gone == "deactivated":
        type(anna).objects.filter(pk=anna.pk).change(deactivated_at=clock.now())
    else:
        Membership.objects.filter(team=team, owner=anna).delete()
    assert on_call(rotation, FIRST) is None
    assert on_call(rotation, FIRST + timedelta(days=1)) == boris


def test_reads_many_rotations_with_five_queries(django_assert_num_queries):
    team = a_team()
    people = [a_person(team) for _ in range(3)]
    rotations = [a_rotation(team, [person]) for person in people]
    with django_assert_num_queries(5):
        found = people_on_call([rotation.pk for rotation in rotations], FIRST)
    assert found == {
        rotation.pk: person.pk for rotation, person in zip(rotations, people, strict=True)
    }


def test_keeps_resolving_an_archived_rotation(clock):
    team = a_team()
    anna = a_person(team)
    assert on_call(a_rotation(team, [anna], archived_at=clock.now()), FIRST) == anna


def test_passes_over_overrides_that_ended_long_before():
    team = a_team()
    anna = a_person(team)
    rotation = a_rotation(team, [anna])
    for days in (-30, 0):
        Override.objects.create(
            team=team,
            rotation=rotation,
            owner=anna,
            starts_at=FIRST + timedelta(days=days),
            ends_at=FIRST + timedelta(days=days, hours=1),
        )
    assert len(schedule_of(rotation, FIRST).overrides) == 1
