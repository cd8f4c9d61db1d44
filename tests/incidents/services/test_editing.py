"""Editing an incident, and what another severity or policy sets in motion."""

from datetime import timedelta

import pytest

from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import NotAllowedNow, Refused
from incidents.escalation import decide
from incidents.models import Event, Reminder
from incidents.services import lifecycle
from tests.factories.access import a_contact_point, a_person, a_team, the_actor
from tests.factories.incidents import a_policy, an_account
from tests.incidents.services.stories import kinds, opened, pending

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def test_names_the_fields_but_not_the_words_in_the_timeline(clock):
    team = a_team()
    person = a_person(team)
    incident = opened(team)
    got = lifecycle.change(
        incident,
        {"title": "Ожоги", "summary": "Ёлка", "links": [{"url": "https://x.test/", "title": ""}]},
        by=the_actor(person),
    )
    event = Event.objects.get(incident=incident, kind="incident.edited")
    assert event.data == {"fields": ["links", "summary", "title"]}
    assert got.search_text == "ожоги елка"
    assert event.actor == the_actor(person)


def test_changes_nothing_where_nothing_differs(clock):
    incident = opened(a_team())
    got = lifecycle.change(incident, {"title": incident.title, "severity": 3}, by=SYSTEM)
    assert got.version == incident.version
    assert "incident.edited" not in kinds(incident)


def test_starts_the_other_policy_and_stops_the_first(clock):
    team = a_team()
    incident = opened(team, policy=a_policy(team), owner=a_person(team))
    other = a_policy(team, [{"delay": HOUR, "notify_owner": True}])
    got = lifecycle.change(incident, {"policy": other}, by=SYSTEM)
    step = pending(incident, "escalation_step").get()
    assert (step.planned_at, step.generation) == (clock.now() + HOUR, got.generation)
    assert "incident.policy_changed" in kinds(incident)


def test_starts_the_policy_as_it_is_now_when_the_severity_changes(clock):
    team = a_team()
    policy = a_policy(team, [{"delay": HOUR, "notify_owner": True}])
    incident = opened(team, policy=policy, owner=a_person(team))
    policy.steps.update(delay_seconds=60)
    clock.move(minutes=5)
    lifecycle.change(incident, {"severity": 2}, by=SYSTEM)
    step = pending(incident, "escalation_step").get()
    assert step.planned_at == clock.now() + timedelta(minutes=1)


def test_marks_the_steps_of_what_became_critical(clock):
    team = a_team()
    incident = opened(team, policy=a_policy(team), owner=a_person(team))
    lifecycle.change(incident, {"severity": 4}, by=SYSTEM)
    assert all(step.critical for step in pending(incident, "escalation_step"))


def test_ends_the_acknowledgement_when_the_severity_rises(clock):
    team = a_team()
    person = a_person(team)
    a_contact_point(person)
    incident = opened(team, policy=a_policy(team), owner=person)
    lifecycle.acknowledge(incident, owner=person, by=SYSTEM, expires_in=HOUR)
    got = lifecycle.change(incident, {"severity": 4}, by=SYSTEM)
    assert (got.status, got.acknowledged_by, got.acknowledged_until) == ("open", None, None)
    lapse = Event.objects.get(incident=incident, kind="incident.acknowledgement_expired")
    assert lapse.data == {"reason": "severity_raised", "acknowledged_by": str(person.pk)}
    decide.fire_all_due()
    fired = Reminder.objects.get(incident=incident, step=1, generation=got.generation)
    assert fired.outcome == "notified"
    assert not pending(incident, "acknowledgement_expiry").exists()


def test_leaves_the_acknowledgement_when_the_severity_falls(clock):
    team = a_team()
    person = a_person(team)
    incident = opened(team, policy=a_policy(team), owner=person)
    lifecycle.acknowledge(incident, owner=person, by=SYSTEM, expires_in=HOUR)
    got = lifecycle.change(incident, {"severity": 1}, by=SYSTEM)
    assert got.status == "acknowledged"
    assert not pending(incident, "escalation_step").exists()
    assert pending(incident, "acknowledgement_expiry").exists()


def test_opens_what_was_contained_when_the_severity_rises(clock):
    team = a_team()
    person = a_person(team)
    incident = opened(team, policy=a_policy(team), owner=person)
    lifecycle.acknowledge(incident, owner=person, by=SYSTEM)
    lifecycle.contain(incident, by=SYSTEM)
    got = lifecycle.change(incident, {"severity": 4}, by=SYSTEM)
    assert (got.status, got.contained_at) == ("open", None)
    assert "incident.reopened" in kinds(incident)
    assert pending(incident, "escalation_step").exists()


def test_ends_a_snooze_when_the_severity_rises_and_keeps_it_when_it_falls(clock):
    team = a_team()
    incident = opened(team, policy=a_policy(team), owner=a_person(team))
    lifecycle.snooze(incident, until=clock.now() + HOUR, by=SYSTEM)
    assert lifecycle.change(incident, {"severity": 1}, by=SYSTEM).snoozed_until is not None
    assert not pending(incident, "escalation_step").exists()
    assert lifecycle.change(incident, {"severity": 2}, by=SYSTEM).snoozed_until is None
    assert pending(incident, "escalation_step").exists()
    assert not pending(incident, "snooze_end").exists()


@pytest.mark.parametrize("verbs", [["resolve"], ["resolve", "close"]])
def test_keeps_severity_and_policy_once_it_is_over_but_not_its_words(clock, verbs):
    team = a_team()
    incident = opened(team)
    for verb in verbs:
        words = {"note": "Over."} if verb == "resolve" else {}
        getattr(lifecycle, verb)(incident, by=SYSTEM, **words)
    for change in ({"severity": 4}, {"policy": a_policy(team)}):
        with pytest.raises(NotAllowedNow) as refusal:
            lifecycle.change(incident, change, by=SYSTEM)
        assert "reopen" in refusal.value.extra["allowed"]
    assert lifecycle.change(incident, {"title": "Burns, batch 7"}, by=SYSTEM).title[-1] == "7"


def test_refuses_a_policy_or_account_of_another_team(clock):
    incident, other = opened(a_team()), a_team()
    for change in ({"policy": a_policy(other)}, {"account": an_account(other)}):
        with pytest.raises(Refused):
            lifecycle.change(incident, change, by=SYSTEM)
