"""What happens when an incident opens, or a signal joins one that is open."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from crisis_api.lib import clock as the_clock
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import Refused
from incidents.escalation import decide
from incidents.models import Event, Incident, Milestone, Notification, Reminder
from incidents.services import lifecycle, merging
from tests.factories.access import a_contact_point, a_person, a_team, the_actor
from tests.factories.incidents import (
    a_policy,
    a_rotation,
    an_account,
    an_assignment_rule,
    incident_settings,
)

pytestmark = pytest.mark.django_db


def opened(team, **values):
    defaults = {"category": "product_safety", "severity": 3, "title": "Burns", "by": SYSTEM}
    return lifecycle.open_incident(team=team, **{**defaults, **values})


def kinds(incident):
    return list(
        Event.objects.filter(incident=incident).order_by("sequence").values_list("kind", flat=True)
    )


def test_writes_the_incident_its_milestones_its_plan_and_its_event_together(clock):
    team = a_team()
    owner = a_person(team)
    policy = a_policy(team)
    result = opened(team, owner=owner, policy=policy, by=the_actor(owner))
    incident = result.incident
    assert result.created
    assert (incident.status, incident.owner, incident.policy) == ("open", owner, policy)
    assert kinds(incident) == ["incident.opened"]
    event = Event.objects.get(incident=incident)
    assert event.actor == the_actor(owner)
    assert event.data["severity"] == "high"
    assert "Burns" not in str(event.data)
    assert Milestone.objects.filter(incident=incident).count() == 5
    steps = Reminder.objects.filter(incident=incident, kind="escalation_step")
    assert [step.planned_at for step in steps] == [
        incident.opened_at,
        incident.opened_at + timedelta(minutes=5),
    ]


def test_counts_references_by_team_and_year_of_the_teams_zone(clock):
    clock.set(datetime(2026, 12, 31, 22, 30, tzinfo=UTC))
    moscow, london = a_team(time_zone="Europe/Moscow"), a_team(time_zone="Europe/London")
    assert opened(moscow).incident.reference == "CR-2027-0001"
    assert opened(london).incident.reference == "CR-2026-0001"
    assert opened(london).incident.reference == "CR-2026-0002"


def test_joins_the_unresolved_incident_that_has_the_key(clock):
    team = a_team()
    first = opened(team, dedup_key="batch-0427")
    again = opened(team, dedup_key="batch-0427", severity=4)
    assert (again.created, again.incident.pk) == (False, first.incident.pk)
    assert again.incident.signal_count == 2
    assert again.incident.severity == 3
    assert kinds(first.incident)[-1] == "incident.signalled"
    assert opened(a_team(), dedup_key="batch-0427").created
    assert opened(team, dedup_key="batch-0427", mode="drill").created


def test_opens_a_new_one_once_the_first_is_resolved(clock):
    team = a_team()
    first = opened(team, dedup_key="x").incident
    lifecycle.resolve(first, note="false alarm", by=SYSTEM)
    assert opened(team, dedup_key="x").created


def test_follows_a_merged_incident_to_where_it_went(clock):
    team = a_team()
    source = opened(team, storm_key="rule:1").incident
    middle, target = opened(team).incident, opened(team).incident
    merging.merge(source, into=middle, by=SYSTEM)
    merging.merge(middle, into=target, by=SYSTEM)
    joined = opened(team, storm_key="rule:1")
    assert (joined.created, joined.incident.pk) == (False, target.pk)
    lifecycle.resolve(target, note="over", by=SYSTEM)
    assert opened(team, storm_key="rule:1").created


@pytest.mark.django_db(transaction=True)
def test_lets_one_of_two_openers_through_and_the_other_join():
    team = a_team()
    ready = threading.Barrier(6)
    results = []

    def race():
        try:
            ready.wait()
            results.append(opened(team, dedup_key="same", storm_key="same"))
        finally:
            connection.close()

    threads = [threading.Thread(target=race) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result.created for result in results) == [False] * 5 + [True]
    incident = Incident.objects.get()
    assert incident.signal_count == 6
    sequences = Event.objects.filter(incident=incident).values_list("sequence", flat=True)
    assert sorted(sequences) == list(range(1, len(sequences) + 1))


def test_takes_owner_and_policy_from_the_first_rule_that_fits(clock):
    team = a_team()
    graver, spam_only, anybody = a_person(team), a_person(team), a_person(team)
    policy = a_policy(team)
    an_assignment_rule(team, position=1, min_severity=4, owner=graver)
    an_assignment_rule(team, position=2, category="spam", owner=spam_only)
    an_assignment_rule(team, position=3, owner=anybody, policy=policy)
    an_assignment_rule(team, position=4, owner=graver)
    incident = opened(team).incident
    assert (incident.owner, incident.policy) == (anybody, policy)
    assert opened(team, severity=4).incident.owner == graver
    assert opened(team, category="spam").incident.owner == spam_only


def test_gives_it_to_whoever_is_on_call_in_the_rules_rotation(clock):
    clock.set(datetime(2026, 3, 2, 12, tzinfo=UTC))
    team = a_team()
    first, second = a_person(team), a_person(team)
    an_assignment_rule(team, rotation=a_rotation(team, [first, second]))
    assert opened(team).incident.owner in (first, second)
    today = opened(team).incident.owner
    clock.move(days=1)
    assert opened(team).incident.owner not in (today, None)


def test_prefers_the_policy_named_then_the_rules_then_the_teams(clock):
    team = a_team()
    named, of_rule, of_team = a_policy(team), a_policy(team), a_policy(team)
    incident_settings(team, default_policy=of_team)
    assert opened(team).incident.policy == of_team
    an_assignment_rule(team, policy=of_rule)
    assert opened(team).incident.policy == of_rule
    assert opened(team, policy=named).incident.policy == named


def test_passes_over_an_archived_policy_and_refuses_one_that_is_named(clock):
    team = a_team()
    archived = a_policy(team, archived_at=clock.now())
    default = a_policy(team)
    incident_settings(team, default_policy=default)
    an_assignment_rule(team, policy=archived)
    assert opened(team).incident.policy == default
    with pytest.raises(Refused) as refusal:
        opened(team, policy=archived)
    assert refusal.value.code == "policy_archived"


def test_refuses_an_owner_who_is_not_in_the_team(clock):
    team = a_team()
    with pytest.raises(Refused) as refusal:
        opened(team, owner=a_person(a_team()))
    assert refusal.value.code == "not_a_member"
    assert not Incident.objects.exists()


def test_is_loudly_without_an_owner_until_somebody_has_it(clock):
    team = a_team()
    manager = a_person(team, "manager")
    a_contact_point(manager)
    left = a_person(team, deactivated_at=clock.now())
    an_assignment_rule(team, owner=left, policy=a_policy(team, [{"delay": timedelta(days=1)}]))
    incident = opened(team).incident
    assert incident.owner is None
    assert "incident.left_without_owner" in kinds(incident)
    asked = Reminder.objects.filter(incident=incident, kind="no_owner")
    for _ in range(3):
        decide.fire_all_due()
        clock.move(minutes=10)
    assert asked.filter(status="fired").count() == 3
    assert Notification.objects.filter(owner=manager, urgency="urgent").exists()

    lifecycle.assign(incident, owner=manager, by=SYSTEM)
    decide.fire_all_due()
    assert asked.filter(status="pending").count() == 0
    assert asked.filter(status="fired").count() == 3


def test_asks_once_after_a_standstill_not_once_for_each_ten_minutes(clock):
    team = a_team()
    a_contact_point(a_person(team, "manager"))
    incident = opened(team, policy=a_policy(team)).incident
    clock.move(hours=5)
    decide.fire_all_due()
    asked = Reminder.objects.filter(incident=incident, kind="no_owner")
    assert asked.filter(status="fired").count() == 1
    assert asked.get(status="pending").due_at > clock.now()


def test_raises_an_alarm_where_no_policy_would_remind_anybody(clock):
    team = a_team()
    incident = opened(team, owner=a_person(team)).incident
    assert "alarm.raised" in kinds(incident)
    assert Reminder.objects.filter(incident=incident, kind="alarm").exists()


def test_keeps_the_time_of_detection_but_never_one_to_come(clock):
    team = a_team()
    earlier = the_clock.now() - timedelta(minutes=7)
    assert opened(team, detected_at=earlier).incident.detected_at == earlier
    later = the_clock.now() + timedelta(minutes=7)
    assert opened(team, detected_at=later).incident.detected_at == the_clock.now()


def test_refuses_an_account_of_another_team(clock):
    with pytest.raises(Refused) as refusal:
        opened(a_team(), account=an_account(a_team()))
    assert refusal.value.code == "other_team"


def test_takes_milestone_targets_from_the_teams_settings(clock):
    team = a_team()
    incident_settings(team, milestone_targets={"high": {"acknowledged": 3, "closed": 9}})
    incident = opened(team).incident
    targets = dict(Milestone.objects.filter(incident=incident).values_list("name", "target_at"))
    assert targets == {
        "acknowledged": incident.opened_at + timedelta(minutes=3),
        "first_public_response": None,
        "contained": None,
        "resolved": None,
        "closed": incident.opened_at + timedelta(minutes=9),
    }
