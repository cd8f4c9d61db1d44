"""Layers over a rotation: made, changed, taken away, and who is on call by them."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from crisis_api.access.models import AuditEvent
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import Conflict, Invalid, Refused
from incidents.escalation.on_call import people_on_call
from incidents.models import Override, RotationLayer
from incidents.services import policy_checks, rotation_layers, rotations
from tests.factories.access import a_contact_point, a_person, a_team
from tests.factories.incidents import a_layer, a_rotation

pytestmark = pytest.mark.django_db

SATURDAY = datetime(2027, 1, 9, 12, tzinfo=UTC)
WEEKEND = {"sat": [["00:00", "24:00"]], "sun": [["00:00", "24:00"]]}
DAY = timedelta(days=1)


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def anna(team):
    return a_person(team, name="Anna")


@pytest.fixture
def rotation(team, anna):
    return a_rotation(team, [anna])


def values(*people, **more):
    given = {
        "name": "Weekends",
        "starts_on": date(2027, 1, 4),
        "handoff_time": time(9),
        "shift_days": 7,
        "hours": WEEKEND,
        "participants": [person.pk for person in people],
    }
    return {**given, **more}


def test_puts_a_layer_over_a_rotation(team, rotation, anna):
    wanda = a_person(team)
    layer = rotation_layers.add(rotation, by=SYSTEM, values=values(wanda))
    assert rotations.on_call(rotation, SATURDAY) == wanda
    assert rotations.on_call(rotation, SATURDAY - DAY) == anna
    now, following = rotations.now_and_next(rotation, SATURDAY)
    assert (now.layer_id, following.layer_id) == (layer.pk, None)
    assert AuditEvent.objects.filter(action="rotation_layer.created").count() == 1


def test_asks_all_rotations_of_a_tick_at_once(team, rotation, anna, django_assert_num_queries):
    wanda, others = a_person(team), [a_rotation(team, [anna]) for _ in range(3)]
    for each in others:
        a_layer(each, [wanda], hours=WEEKEND)
    ids = [rotation.pk, *(each.pk for each in others)]
    with django_assert_num_queries(6):
        found = people_on_call(ids, SATURDAY)
    assert found == {rotation.pk: anna.pk, **{each.pk: wanda.pk for each in others}}


def test_lets_an_override_win_over_every_layer(team, rotation, anna):
    a_layer(rotation, [a_person(team)], hours=WEEKEND)
    otto = a_person(team)
    Override.objects.create(
        team=team, rotation=rotation, owner=otto, starts_at=SATURDAY, ends_at=SATURDAY + DAY
    )
    assert rotations.on_call(rotation, SATURDAY) == otto


def test_leaves_the_turn_of_somebody_who_left_to_nobody_in_a_layer_too(team, rotation):
    gone = a_person(team)
    a_layer(rotation, [gone], hours=WEEKEND)
    gone.memberships.all().delete()
    assert rotations.on_call(rotation, SATURDAY) is None
    (left, *_), *_ = [policy_checks.check_rotation(rotation, SATURDAY).findings]
    assert (left.code, left.owner_id) == ("person_left", gone.pk)


def test_finds_the_gap_that_hours_leave(team):
    wanda = a_person(team)
    a_contact_point(wanda)
    office = a_rotation(team, [wanda], hours={"mon": [["09:00", "17:00"]]})
    (gap, *_) = policy_checks.check_rotation(office, SATURDAY).findings
    assert (gap.code, gap.starts_at) == ("nobody_on_call", SATURDAY)
    assert gap.ends_at == datetime(2027, 1, 11, 9, tzinfo=UTC)


def test_changes_a_layer_and_says_what_changed(team, rotation):
    wanda, nora = a_person(team), a_person(team)
    layer = rotation_layers.add(rotation, by=SYSTEM, values=values(wanda))
    changed = {"participants": [nora.pk, wanda.pk], "hours": {}, "name": "Always"}
    row = rotation_layers.change(layer, by=SYSTEM, version=layer.version, values=changed)
    assert (row.name, row.hours) == ("Always", None)
    assert rotations.on_call(rotation, SATURDAY) == nora
    told = AuditEvent.objects.get(action="rotation_layer.changed").data
    assert told["fields"] == ["hours", "name", "participants"]
    same = rotation_layers.change(row, by=SYSTEM, values={"hours": None, "name": "Always"})
    assert same.version == row.version


def test_takes_a_layer_away(team, rotation, anna):
    layer = a_layer(rotation, [a_person(team)])
    rotation_layers.remove(layer, by=SYSTEM)
    assert rotations.on_call(rotation, SATURDAY) == anna
    assert not RotationLayer.objects.exists()
    assert AuditEvent.objects.filter(action="rotation_layer.removed").exists()


def test_refuses_what_makes_no_layer(team, rotation):
    wanda, stranger = a_person(team), a_person(a_team())
    for wrong, error in (
        (values(), Invalid),
        (values(stranger), Refused),
        (values(wanda, hours={"sat": []}), Invalid),
        (values(wanda, hours={"sat": [["9", "18"]]}), Invalid),
        (values(wanda, shift_days=5, handoff_weekday=0), Invalid),
    ):
        with pytest.raises(error):
            rotation_layers.add(rotation, by=SYSTEM, values=wrong)
    a_layer(rotation, [wanda], position=3)
    with pytest.raises(Conflict):
        rotation_layers.add(rotation, by=SYSTEM, values=values(wanda, position=3))
    for position in range(10, 19):
        a_layer(rotation, [wanda], position=position)
    with pytest.raises(Conflict):
        rotation_layers.add(rotation, by=SYSTEM, values=values(wanda, position=50))


def test_leaves_the_layers_of_an_archived_rotation_as_they_are(team, rotation):
    layer = a_layer(rotation, [a_person(team)])
    rotations.archive(rotation, by=SYSTEM)
    with pytest.raises(Conflict):
        rotation_layers.change(layer, by=SYSTEM, values={"name": "Late"})
    with pytest.raises(Conflict):
        rotation_layers.remove(layer, by=SYSTEM)


def test_restricts_the_rotation_itself_to_hours(team, rotation, anna):
    rotations.change(rotation, by=SYSTEM, values={"hours": {"mon": [["09:00", "17:00"]]}})
    assert rotations.on_call(rotation, SATURDAY) is None
    assert rotations.on_call(rotation, datetime(2027, 1, 11, 12, tzinfo=UTC)) == anna
    with pytest.raises(Invalid):
        rotations.change(rotation, by=SYSTEM, values={"hours": {"mon": []}})
    rotations.change(rotation, by=SYSTEM, values={"hours": {}})
    assert rotations.on_call(rotation, SATURDAY) == anna
