"""Rotations: participants in order, and overrides."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from crisis_api.access.models import AuditEvent, Owner
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import Conflict, Invalid, Refused, Stale
from incidents.models import Override
from incidents.services import rotations
from tests.factories.access import a_person, a_team
from tests.factories.incidents import a_policy, a_rotation, an_assignment_rule

pytestmark = pytest.mark.django_db

FIRST = datetime(2027, 1, 4, 9, tzinfo=UTC)
VALUES = {
    "name": "Primary",
    "time_zone": "UTC",
    "starts_on": date(2027, 1, 4),
    "handoff_time": time(9),
    "handoff_weekday": 0,
    "shift_days": 7,
}


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def people(team):
    return [a_person(team, name=name) for name in ("Anna", "Boris", "Clara")]


@pytest.fixture
def rotation(team, people):
    values = {**VALUES, "participants": [person.pk for person in people]}
    return rotations.create(team=team, by=SYSTEM, values=values)


def names(found):
    return [shift.owner.name if shift.owner else None for shift in found]


def test_takes_turns_in_order(rotation):
    found = rotations.shifts(rotation, FIRST, FIRST + timedelta(weeks=4))
    assert names(found) == ["Anna", "Boris", "Clara", "Anna"]
    assert rotations.on_call(rotation, FIRST + timedelta(days=8)).name == "Boris"
    current, following = rotations.now_and_next(rotation, FIRST)
    assert names([current, following]) == ["Anna", "Boris"]
    assert (current.starts_at, current.ends_at) == (FIRST, FIRST + timedelta(weeks=1))


def test_says_who_is_next_before_it_has_started(rotation):
    current, following = rotations.now_and_next(rotation, FIRST - timedelta(days=3))
    assert current is None
    assert (following.owner.name, following.starts_at) == ("Anna", FIRST)


def test_keeps_a_turn_of_somebody_who_has_left_and_says_that_nobody_is_there(rotation, people):
    boris = people[1]
    Owner.objects.filter(pk=boris.pk).change(deactivated_at=FIRST)
    found = rotations.shifts(rotation, FIRST, FIRST + timedelta(weeks=3))
    assert names(found) == ["Anna", None, "Clara"]
    assert found[1].person_id == boris.pk
    assert rotations.on_call(rotation, FIRST + timedelta(weeks=1)) is None


def test_replaces_the_whole_order(rotation, people):
    anna, _boris, clara = people
    rotations.change(rotation, by=SYSTEM, values={"participants": [clara.pk, anna.pk, clara.pk]})
    found = rotations.shifts(rotation, FIRST, FIRST + timedelta(weeks=3))
    assert names(found) == ["Clara", "Anna", "Clara"]
    rotation.refresh_from_db()
    assert rotation.version == 2
    line = AuditEvent.objects.get(action="rotation.changed")
    assert line.data == {"fields": ["participants"]}


def test_lets_whoever_left_stay_in_the_order_while_other_things_change(rotation, people):
    Owner.objects.filter(pk=people[0].pk).change(deactivated_at=FIRST)
    keep = [person.pk for person in people]
    rotations.change(rotation, by=SYSTEM, values={"name": "Other", "participants": keep})
    rotations.change(rotation, by=SYSTEM, values={"participants": keep[:2]})
    with pytest.raises(Refused):
        rotations.change(rotation, by=SYSTEM, values={"participants": [a_person().pk]})


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"shift_days": 3}, "/handoff_weekday"),
        ({"starts_on": date(1999, 1, 1)}, "/starts_on"),
        ({"time_zone": "Mars/Olympus"}, "/time_zone"),
    ],
)
def test_refuses_what_cannot_be_followed(rotation, values, pointer):
    with pytest.raises(Invalid) as caught:
        rotations.change(rotation, by=SYSTEM, values=values)
    assert [error.pointer for error in caught.value.errors] == [pointer]


def test_refuses_strangers(team):
    values = {**VALUES, "participants": [a_person(a_team()).pk]}
    with pytest.raises(Refused) as caught:
        rotations.create(team=team, by=SYSTEM, values=values)
    assert caught.value.errors[0].pointer == "/participants/0"


def test_refuses_a_second_of_the_same_name_and_a_stale_change(rotation, team):
    with pytest.raises(Conflict):
        rotations.create(team=team, by=SYSTEM, values={**VALUES, "participants": []})
    rotations.change(rotation, by=SYSTEM, values={"name": "Other"})
    with pytest.raises(Stale):
        rotations.change(rotation, by=SYSTEM, version=1, values={"name": "Third"})


@pytest.mark.parametrize("user", ["policy", "rule"])
def test_is_not_put_away_while_something_names_it(rotation, team, user):
    if user == "policy":
        a_policy(team, [{"rotations": [rotation]}])
    else:
        an_assignment_rule(team, rotation=rotation)
    with pytest.raises(Conflict) as caught:
        rotations.archive(rotation, by=SYSTEM)
    assert caught.value.code == "in_use"
    assert len(caught.value.extra["used_by"]) == 1


def test_is_put_away_once_nothing_names_it(rotation, team, clock):
    a_policy(team, [{"rotations": [rotation]}], archived_at=clock.now())
    archived = rotations.archive(rotation, by=SYSTEM)
    assert archived.archived_at == clock.now()
    assert rotations.on_call(archived, FIRST).name == "Anna"
    with pytest.raises(Conflict):
        rotations.change(rotation, by=SYSTEM, values={"name": "x"})


class TestOverrides:
    @pytest.fixture(autouse=True)
    def _at_the_start(self, clock):
        clock.set(FIRST)

    def add(self, rotation, owner, start=0, hours=8):
        return rotations.add_override(
            rotation,
            owner_id=owner.pk,
            starts_at=FIRST + timedelta(hours=start),
            ends_at=FIRST + timedelta(hours=start + hours),
            by=SYSTEM,
        )

    def test_puts_somebody_else_on_call(self, rotation, people):
        self.add(rotation, people[2], start=1)
        found = rotations.shifts(rotation, FIRST, FIRST + timedelta(days=1))
        assert names(found) == ["Anna", "Clara", "Anna"]
        assert [shift.is_override for shift in found] == [False, True, False]

    def test_goes_without_a_trace_while_it_is_ahead(self, rotation, people):
        assert rotations.cancel_override(self.add(rotation, people[1], 1), by=SYSTEM) is None
        assert not Override.objects.exists()
        actions = AuditEvent.objects.values_list("action", flat=True)
        assert set(actions) >= {"override.created", "override.cancelled"}

    def test_ends_now_while_it_is_in_progress(self, rotation, people, clock):
        override = self.add(rotation, people[1])
        clock.move(hours=2)
        assert rotations.cancel_override(override, by=SYSTEM).ends_at == clock.now()
        assert rotations.on_call(rotation, FIRST + timedelta(hours=1)).name == "Boris"
        assert rotations.on_call(rotation, clock.now()).name == "Anna"

    def test_stays_once_it_is_over(self, rotation, people, clock):
        override = self.add(rotation, people[1])
        clock.move(hours=8)
        with pytest.raises(Conflict):
            rotations.cancel_override(override, by=SYSTEM)

    def test_refuses_what_is_over_or_ends_before_it_starts(self, rotation, people):
        with pytest.raises(Refused):
            self.add(rotation, people[1], start=-9)
        with pytest.raises(Invalid) as caught:
            self.add(rotation, people[1], hours=0)
        assert caught.value.errors[0].pointer == "/ends_at"
        with pytest.raises(Refused):
            self.add(rotation, a_person(a_team()))


def test_shows_no_more_than_a_year(rotation):
    for end in (FIRST, FIRST + timedelta(days=367)):
        with pytest.raises(Invalid):
            rotations.shifts(rotation, FIRST, end)


def test_has_nobody_where_nobody_takes_part(team):
    rotation = a_rotation(team)
    assert rotations.now_and_next(rotation, FIRST) == (None, None)
