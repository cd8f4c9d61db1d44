"""What would go wrong with a policy or a rotation in the coming four weeks."""

from datetime import UTC, date, datetime, timedelta

import pytest

from crisis_api.lib import clock
from incidents.models import IncidentSettings, Override, Severity
from incidents.services.policy_checks import AHEAD, check_policy, check_rotation
from tests.factories.access import a_contact_point, a_person, a_team
from tests.factories.incidents import a_policy, a_rotation, an_assignment_rule

pytestmark = pytest.mark.django_db

AT = datetime(2027, 1, 9, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def team():
    return a_team()


def reachable(team, role="responder", **values):
    person = a_person(team, role, **values)
    a_contact_point(person)
    return person


def found(checked):
    return [each.code for each in checked.findings]


def test_finds_nothing_where_somebody_is_always_reached(team):
    reachable(team, "manager")
    an_assignment_rule(team, owner=reachable(team))
    assert found(check_policy(a_policy(team), AT)) == []


def test_warns_of_a_policy_that_reaches_nobody_at_all(team):
    person = a_person(team, "manager")
    checked = check_policy(a_policy(team, [{"people": [person]}]), AT)
    assert found(checked) == ["step_reaches_nobody", "nobody_is_reached", "no_contact_point"]
    nobody = checked.findings[1]
    assert (nobody.starts_at, nobody.ends_at) == (AT, AT + AHEAD)
    assert [each.is_error for each in checked.findings] == [True, True, False]


def test_names_the_night_on_which_nobody_is_on_call(team):
    anna, gone = reachable(team), reachable(team)
    rotation = a_rotation(team, [anna, gone], starts_on=date(2027, 1, 9), shift_days=14)
    policy = a_policy(team, [{"rotations": [rotation]}])
    gone.memberships.all().delete()
    checked = check_policy(policy, AT)
    assert found(checked) == ["nobody_is_reached", "person_left", "nobody_on_call"]
    turn = datetime(2027, 1, 23, 9, tzinfo=UTC)
    for each in (checked.findings[0], checked.findings[2]):
        assert (each.starts_at, each.ends_at) == (turn, turn + 14 * DAY)
    assert checked.findings[1].owner_id == gone.pk
    Override.objects.create(
        team=team, rotation=rotation, owner=anna, starts_at=turn, ends_at=turn + 20 * DAY
    )
    assert found(check_policy(policy, AT)) == []


def test_counts_a_gap_that_another_step_covers_as_a_warning_only(team):
    rotation = a_rotation(team, [])
    steps = [{"rotations": [rotation]}, {"delay": DAY, "people": [reachable(team)]}]
    checked = check_policy(a_policy(team, steps), AT)
    assert found(checked) == ["step_reaches_nobody", "nobody_on_call"]
    assert checked.findings[0].step == 1
    assert checked.findings[1].subject_id == rotation.pk


def test_warns_that_a_person_on_call_cannot_be_reached(team):
    anna = a_person(team)
    rotation = a_rotation(team, [anna])
    checked = check_rotation(rotation, AT)
    assert [(each.code, each.owner_id) for each in checked.findings] == [
        ("no_contact_point", anna.pk)
    ]
    assert "nobody_is_reached" in found(
        check_policy(a_policy(team, [{"rotations": [rotation]}]), AT)
    )


def test_names_the_time_before_a_rotation_begins(team):
    rotation = a_rotation(team, [reachable(team)], starts_on=date(2027, 1, 15))
    (gap,) = check_rotation(rotation, AT).findings
    assert (gap.code, gap.starts_at) == ("nobody_on_call", AT)
    assert gap.ends_at == datetime(2027, 1, 15, 9, tzinfo=UTC)


def test_warns_where_not_every_incident_gets_an_owner(team):
    policy = a_policy(team, [{"notify_owner": True}])
    assert found(check_policy(policy, AT)) == [
        "step_reaches_nobody",
        "nobody_is_reached",
        "owner_is_not_sure",
    ]
    rule = an_assignment_rule(team, owner=reachable(team), min_severity=Severity.HIGH)
    assert "owner_is_not_sure" in found(check_policy(policy, AT))
    rule.policy = policy
    rule.save()
    assert found(check_policy(policy, AT)) == []


def test_is_not_sure_of_an_owner_where_the_default_policy_has_rules_for_some_kinds_only(team):
    policy = a_policy(team, [{"notify_owner": True}])
    an_assignment_rule(team, owner=reachable(team), category="spam", policy=policy)
    assert found(check_policy(policy, AT)) == []
    IncidentSettings.objects.update_or_create(team=team, defaults={"default_policy": policy})
    assert {"owner_is_not_sure", "nobody_is_reached"} <= set(found(check_policy(policy, AT)))


def test_takes_the_owner_from_the_rotation_of_a_rule(team):
    rotation = a_rotation(team, [reachable(team)], starts_on=date(2027, 1, 11))
    an_assignment_rule(team, rotation=rotation)
    checked = check_policy(a_policy(team, [{"notify_owner": True}]), AT)
    assert found(checked) == ["nobody_is_reached", "nobody_on_call"]
    assert checked.findings[0].ends_at == datetime(2027, 1, 11, 9, tzinfo=UTC)


def test_warns_of_roles_and_webhooks_that_are_no_more(team):
    hook = a_contact_point(team=team, kind="webhook", address="https://example.org/hook")
    policy = a_policy(team, [{"roles": ["legal"]}, {"delay": DAY, "webhooks": [hook]}])
    assert found(check_policy(policy, AT)) == ["step_reaches_nobody", "role_is_empty"]
    hook.disabled_at = clock.now()
    hook.save()
    assert "webhook_unusable" in found(check_policy(policy, AT))


def test_warns_of_steps_that_wait_and_steps_that_do_not(team):
    anna = reachable(team, working_hours={"mon": []})
    steps = [{"people": [anna], "working_hours_only": True}] * 2
    checked = check_policy(a_policy(team, steps), AT)
    assert sorted(found(checked)) == [
        "never_at_work",
        "never_at_work",
        "only_at_work",
        "step_comes_at_once",
    ]


def test_leaves_it_at_ten_of_a_kind(team):
    gone = [a_person(team) for _ in range(20)]
    for person in gone:
        person.memberships.all().delete()
    rotation = a_rotation(team, [*gone, reachable(team)])
    assert found(check_rotation(rotation, AT)).count("person_left") == 10
