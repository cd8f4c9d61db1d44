"""What an incident should reach by when."""

from datetime import timedelta

import pytest

from crisis_api.lib.actors import SYSTEM
from incidents.escalation import decide
from incidents.models import Event, Milestone, Notification
from incidents.services import lifecycle, milestones
from tests.factories.access import a_contact_point, a_person, a_team
from tests.factories.incidents import a_policy
from tests.incidents.services.stories import kinds, opened, pending

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def targets(incident):
    rows = Milestone.objects.filter(incident=incident).exclude(target_at=None)
    return {row.name: (row.target_at - incident.opened_at) // MINUTE for row in rows}


def test_counts_targets_by_severity_from_the_opening(clock):
    assert targets(opened(a_team(), severity=4)) == {
        "acknowledged": 5,
        "first_public_response": 30,
        "contained": 240,
        "resolved": 1440,
    }


def test_is_reached_once_with_the_minutes_it_took(clock):
    incident = opened(a_team())
    at = clock.move(minutes=42, seconds=30)
    assert milestones.reach(incident, "first_public_response", at=at, by=SYSTEM)
    assert not milestones.reach(
        incident, "first_public_response", at=clock.move(hours=1), by=SYSTEM
    )
    incident.refresh_from_db()
    assert incident.first_public_response_at == at
    event = Event.objects.get(incident=incident, kind="milestone.reached")
    assert event.data == {
        "name": "first_public_response",
        "minutes": 42,
        "target_minutes": 60,
        "missed": False,
    }


def test_tells_the_owner_and_the_managers_of_one_that_is_missed(clock):
    team = a_team()
    owner, manager = a_person(team), a_person(team, "manager")
    a_contact_point(owner)
    a_contact_point(manager)
    incident = opened(team, owner=owner, policy=a_policy(team, [{"delay": timedelta(days=9)}]))
    clock.move(minutes=15)
    decide.fire_all_due()
    missed = Event.objects.get(incident=incident, kind="milestone.missed")
    assert missed.data == {"name": "acknowledged", "target_minutes": 15}
    about = Notification.objects.filter(reminders__kind="milestone_missed")
    assert {notification.owner for notification in about} == {owner, manager}
    clock.move(hours=3)
    decide.fire_all_due()
    assert kinds(incident).count("milestone.missed") == 2


def test_says_nothing_of_one_that_was_reached(clock):
    team = a_team()
    person = a_person(team)
    incident = opened(team, owner=person)
    lifecycle.acknowledge(incident, owner=person, by=SYSTEM)
    clock.move(minutes=16)
    decide.fire_all_due()
    assert "milestone.missed" not in kinds(incident)


def test_notes_how_late_one_was_reached(clock):
    team = a_team()
    person = a_person(team)
    incident = opened(team, owner=person)
    clock.move(minutes=16)
    lifecycle.acknowledge(incident, owner=person, by=SYSTEM)
    event = Event.objects.get(incident=incident, kind="milestone.reached")
    assert (event.data["minutes"], event.data["missed"]) == (16, True)


def test_gives_less_time_from_now_when_the_severity_rises(clock):
    incident = opened(a_team(), severity=2)
    clock.move(minutes=30)
    lifecycle.change(incident, {"severity": 4}, by=SYSTEM)
    assert targets(incident) == {
        "acknowledged": 30 + 5,
        "first_public_response": 30 + 30,
        "contained": 30 + 240,
        "resolved": 30 + 1440,
    }
    due = [reminder.due_at for reminder in pending(incident, "milestone_missed")]
    assert due[0] == clock.now() + 5 * MINUTE
    assert len(due) == 4


def test_never_gives_more_time_when_the_severity_rises(clock):
    incident = opened(a_team(), severity=2)
    clock.move(minutes=59)
    lifecycle.change(incident, {"severity": 3}, by=SYSTEM)
    assert targets(incident)["acknowledged"] == 60


def test_gives_the_time_of_the_lower_severity_from_the_opening_when_it_falls(clock):
    incident = opened(a_team(), severity=4)
    clock.move(minutes=30)
    decide.fire_all_due()
    lifecycle.change(incident, {"severity": 2}, by=SYSTEM)
    assert targets(incident)["acknowledged"] == 60
    clock.move(minutes=30)
    decide.fire_all_due()
    missed = Event.objects.filter(incident=incident, kind="milestone.missed")
    assert [event.data["name"] for event in missed].count("acknowledged") == 2


def test_survives_a_severity_changed_to_and_fro_in_one_instant(clock):
    incident = opened(a_team(), severity=3)
    for severity in (4, 3, 4, 2, 3):
        incident = lifecycle.change(incident, {"severity": severity}, by=SYSTEM)
    assert pending(incident, "milestone_missed").count() == 4
    clock.move(days=9)
    decide.fire_all_due()
    assert kinds(incident).count("milestone.missed") == 4


def test_has_no_target_where_the_settings_are_damaged(clock):
    from tests.factories.incidents import incident_settings

    team = a_team()
    incident_settings(team, milestone_targets={"high": ["acknowledged"], "low": 5})
    assert targets(opened(team)) == {}
    assert targets(opened(team, severity=1)) == {}
