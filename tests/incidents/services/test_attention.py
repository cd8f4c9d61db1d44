"""Acknowledging, snoozing, and escalating now."""

from datetime import UTC, datetime, timedelta

import pytest

from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import Invalid, NotAllowedNow, Refused
from incidents.escalation import decide
from incidents.models import Event, Notification, Reminder
from incidents.services import lifecycle
from tests.factories.access import a_contact_point, a_person, a_team, the_actor
from tests.factories.incidents import a_policy
from tests.incidents.services.stories import kinds, opened, pending

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def test_makes_whoever_acknowledges_the_owner_where_there_is_none(clock):
    team = a_team()
    person = a_person(team)
    incident = opened(team, policy=a_policy(team))
    got = lifecycle.acknowledge(incident, by=the_actor(person), owner=person)
    assert (got.owner, got.acknowledged_by, got.acknowledged_at) == (person, person, clock.now())
    assert not Reminder.objects.pending().filter(kind="no_owner").exists()
    assert "incident.assigned" in kinds(incident)
    assert "milestone.reached" in kinds(incident)
    assert got.generation == incident.generation + 1


def test_leaves_an_owner_in_charge_whoever_acknowledges(clock):
    team = a_team()
    owner, other = a_person(team), a_person(team)
    incident = opened(team, owner=owner)
    got = lifecycle.acknowledge(incident, by=the_actor(other), owner=other)
    assert (got.owner, got.acknowledged_by) == (owner, other)


def test_takes_back_what_was_still_to_be_said(clock):
    team = a_team()
    owner, manager = a_person(team), a_person(team, "manager")
    a_contact_point(owner)
    a_contact_point(manager)
    incident = opened(team, owner=owner, policy=a_policy(team))
    decide.fire_all_due()
    assert Notification.objects.get(owner=owner).status == "pending"
    lifecycle.acknowledge(incident, by=SYSTEM, owner=owner)
    assert Notification.objects.get(owner=owner).status == "cancelled"
    clock.move(minutes=10)
    decide.fire_all_due()
    assert not Notification.objects.filter(owner=manager).exists()


def test_changes_nothing_the_second_time_and_says_who_was_first(clock):
    team = a_team()
    first, second = a_person(team), a_person(team)
    incident = opened(team)
    got = lifecycle.acknowledge(incident, by=the_actor(first), owner=first)
    again = lifecycle.acknowledge(incident, by=the_actor(second), owner=second)
    assert (again.acknowledged_by, again.version) == (first, got.version)


def test_lets_an_acknowledgement_end_later_but_never_earlier(clock):
    team = a_team()
    person = a_person(team)
    incident = opened(team, owner=person, policy=a_policy(team))
    hour = timedelta(hours=1)
    lifecycle.acknowledge(incident, by=SYSTEM, owner=person, expires_in=hour)
    lifecycle.acknowledge(incident, by=SYSTEM, owner=person, expires_in=hour / 2)
    lifecycle.acknowledge(incident, by=SYSTEM, owner=person)
    assert pending(incident, "acknowledgement_expiry").get().due_at == clock.now() + hour
    got = lifecycle.acknowledge(incident, by=SYSTEM, owner=person, expires_in=2 * hour)
    assert got.acknowledged_until == clock.now() + 2 * hour
    assert pending(incident, "acknowledgement_expiry").get().due_at == clock.now() + 2 * hour
    assert kinds(incident).count("incident.acknowledgement_extended") == 1


def test_starts_the_stored_plan_anew_when_an_acknowledgement_expires(clock):
    team = a_team()
    person = a_person(team)
    a_contact_point(person)
    steps = [{"notify_owner": True}, {"delay": 5 * MINUTE, "notify_owner": True}]
    policy = a_policy(team, steps)
    incident = opened(team, owner=person, policy=policy)
    got = lifecycle.acknowledge(incident, by=SYSTEM, owner=person, expires_in=30 * MINUTE)
    policy.steps.all().delete()
    expires = clock.move(minutes=30)
    decide.fire_all_due()
    incident.refresh_from_db()
    assert (incident.status, incident.acknowledged_by) == ("open", None)
    assert incident.generation == got.generation + 1
    ahead = pending(incident, "escalation_step").get()
    assert ahead.planned_at == expires + 5 * MINUTE


def test_starts_the_policy_chosen_meanwhile_when_an_acknowledgement_expires(clock):
    team = a_team()
    person = a_person(team)
    incident = opened(team, owner=person, policy=a_policy(team))
    lifecycle.acknowledge(incident, by=SYSTEM, owner=person, expires_in=30 * MINUTE)
    other = a_policy(team, [{"delay": 7 * MINUTE, "notify_owner": True}])
    changed = lifecycle.change(incident, {"policy": other}, by=SYSTEM)
    assert (changed.status, changed.policy) == ("acknowledged", other)
    assert not pending(incident, "escalation_step").exists()
    expires = clock.move(minutes=30)
    decide.fire_all_due()
    assert pending(incident, "escalation_step").get().planned_at == expires + 7 * MINUTE


def test_needs_a_person_to_acknowledge(clock):
    incident = opened(a_team())
    with pytest.raises(Refused) as refusal:
        lifecycle.acknowledge(incident, by=SYSTEM, owner=None)
    assert refusal.value.code == "owner_needed"


def test_takes_no_acknowledgement_of_a_stranger(clock):
    incident = opened(a_team())
    with pytest.raises(Refused):
        lifecycle.acknowledge(incident, by=SYSTEM, owner=a_person(a_team()))
    incident.refresh_from_db()
    assert incident.status == "open"


def test_is_left_in_peace_until_the_end_of_a_snooze_and_goes_on_from_there(clock):
    team = a_team()
    owner = a_person(team)
    a_contact_point(owner)
    steps = [{"notify_owner": True}, {"delay": 5 * MINUTE, "notify_owner": True}]
    incident = opened(team, owner=owner, policy=a_policy(team, steps))
    until = clock.now() + timedelta(hours=2)
    lifecycle.snooze(incident, until=until, by=SYSTEM)
    clock.move(hours=1)
    decide.fire_all_due()
    assert not Notification.objects.filter(reminders__kind="escalation_step").exists()
    clock.set(until)
    decide.fire_all_due()
    incident.refresh_from_db()
    assert incident.snoozed_until is None
    assert "incident.snooze_ended" in kinds(incident)
    assert pending(incident, "escalation_step").get().planned_at == until + 5 * MINUTE


def test_moves_the_end_of_a_snooze(clock):
    team = a_team()
    incident = opened(team, policy=a_policy(team))
    lifecycle.snooze(incident, until=clock.now() + timedelta(hours=2), by=SYSTEM)
    sooner = clock.now() + timedelta(hours=1)
    got = lifecycle.snooze(incident, until=sooner, by=SYSTEM)
    assert pending(incident, "snooze_end").get().due_at == sooner
    assert lifecycle.snooze(incident, until=sooner, by=SYSTEM).version == got.version


@pytest.mark.parametrize("wait", [timedelta(0), timedelta(minutes=-1), timedelta(days=366)])
def test_refuses_a_snooze_that_ends_in_the_past_or_after_a_year(clock, wait):
    incident = opened(a_team())
    with pytest.raises(Invalid):
        lifecycle.snooze(incident, until=clock.now() + wait, by=SYSTEM)


def test_ends_a_snooze_by_acknowledging(clock):
    team = a_team()
    person = a_person(team)
    incident = opened(team, policy=a_policy(team))
    lifecycle.snooze(incident, until=clock.now() + timedelta(hours=2), by=SYSTEM)
    got = lifecycle.acknowledge(incident, owner=person, by=SYSTEM)
    assert got.snoozed_until is None
    assert not pending(incident, "snooze_end").exists()


def test_sends_the_next_step_at_once_and_keeps_the_times_of_the_later_ones(clock):
    team = a_team()
    owner = a_person(team, working_hours={"mon": []})
    a_contact_point(owner)
    step = {"delay": 10 * MINUTE, "notify_owner": True, "working_hours_only": True}
    incident = opened(team, owner=owner, policy=a_policy(team, [step, step]))
    lifecycle.escalate(incident, by=the_actor(owner))
    decide.fire_all_due()
    first = Reminder.objects.get(incident=incident, step=1)
    assert (first.status, first.fired_at) == ("fired", clock.now())
    assert first.outcome == "notified"
    assert pending(incident, "escalation_step").get().due_at == incident.opened_at + 20 * MINUTE
    requested = Event.objects.get(incident=incident, kind="incident.escalation_requested")
    assert requested.actor == the_actor(owner)
    assert requested.data["step"] == 1


def test_sends_what_was_put_off_to_somebodys_working_hours(clock):
    clock.set(datetime(2027, 1, 10, 12, tzinfo=UTC))  # a Sunday
    team = a_team()
    owner = a_person(team, working_hours={"mon": [["09:00", "18:00"]]})
    a_contact_point(owner)
    step = {"notify_owner": True, "working_hours_only": True}
    incident = opened(team, owner=owner, policy=a_policy(team, [step]))
    decide.fire_all_due()
    assert not Notification.objects.exists()

    lifecycle.escalate(incident, by=the_actor(owner))
    decide.fire_all_due()

    assert Notification.objects.get().owner == owner
    requested = Event.objects.get(incident=incident, kind="incident.escalation_requested")
    assert (requested.data["restarted"], requested.data["step"]) == (False, 1)


def test_starts_the_plan_anew_where_no_step_waits_any_more(clock):
    team = a_team()
    owner = a_person(team)
    a_contact_point(owner)
    incident = opened(team, owner=owner, policy=a_policy(team, [{"notify_owner": True}]))
    decide.fire_all_due()
    got = lifecycle.escalate(incident, by=SYSTEM)
    assert got.generation == incident.generation + 1
    assert pending(incident, "escalation_step").get().due_at == clock.now()


def test_ends_a_snooze_or_an_acknowledgement_by_escalating(clock):
    team = a_team()
    owner = a_person(team)
    incident = opened(team, owner=owner, policy=a_policy(team))
    lifecycle.snooze(incident, until=clock.now() + timedelta(hours=2), by=SYSTEM)
    got = lifecycle.escalate(incident, by=SYSTEM)
    assert got.snoozed_until is None
    assert pending(incident, "escalation_step").filter(due_at=clock.now()).exists()
    lifecycle.acknowledge(incident, owner=owner, by=SYSTEM)
    got = lifecycle.escalate(incident, by=SYSTEM)
    assert (got.status, got.acknowledged_by) == ("open", None)
    assert pending(incident, "escalation_step").filter(due_at=clock.now()).exists()


def test_cannot_escalate_without_a_policy(clock):
    incident = opened(a_team())
    with pytest.raises(Refused) as refusal:
        lifecycle.escalate(incident, by=SYSTEM)
    assert refusal.value.code == "no_escalation_policy"


def test_does_not_snooze_what_somebody_works_on(clock):
    team = a_team()
    incident = opened(team)
    lifecycle.acknowledge(incident, owner=a_person(team), by=SYSTEM)
    with pytest.raises(NotAllowedNow):
        lifecycle.snooze(incident, until=clock.now() + timedelta(hours=2), by=SYSTEM)
