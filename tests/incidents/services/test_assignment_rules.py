"""Assignment rules and the incident settings of a team."""

import pytest

from crisis_api.access.models import AuditEvent, Owner
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import Invalid, Refused
from incidents.models import IncidentSettings
from incidents.services import assignment_rules, settings
from tests.factories.access import a_person, a_team
from tests.factories.incidents import a_policy, a_rotation

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return a_team()


def test_names_a_person_or_a_rotation_or_a_policy(team):
    anna, rotation, policy = a_person(team), a_rotation(team), a_policy(team)
    rule = assignment_rules.create(
        team=team, by=SYSTEM, values={"owner": anna.pk, "policy": policy.pk, "category": "spam"}
    )
    assert (rule.owner, rule.policy, rule.category) == (anna, policy, "spam")
    changed = assignment_rules.change(
        rule, by=SYSTEM, values={"owner": None, "rotation": rotation.pk}
    )
    assert (changed.owner, changed.rotation) == (None, rotation)
    with pytest.raises(Invalid):
        assignment_rules.change(rule, by=SYSTEM, values={"owner": anna.pk})
    with pytest.raises(Invalid):
        assignment_rules.change(rule, by=SYSTEM, values={"rotation": None, "policy": None})
    assignment_rules.delete(rule, by=SYSTEM)
    actions = AuditEvent.objects.order_by("id").values_list("action", "data")
    assert list(actions) == [
        ("assignment_rule.created", {}),
        ("assignment_rule.changed", {"fields": ["owner", "rotation"]}),
        ("assignment_rule.deleted", {}),
    ]


@pytest.mark.parametrize("field", ["owner", "rotation", "policy"])
def test_refuses_what_another_team_has(team, field):
    make = {"owner": a_person, "rotation": a_rotation, "policy": a_policy}[field]
    with pytest.raises(Refused) as caught:
        assignment_rules.create(team=team, by=SYSTEM, values={field: make(a_team()).pk})
    assert caught.value.errors[0].pointer == f"/{field}"


def test_lets_a_rule_be_changed_whose_person_has_left(team, clock):
    anna = a_person(team)
    rule = assignment_rules.create(team=team, by=SYSTEM, values={"owner": anna.pk})
    Owner.objects.filter(pk=anna.pk).change(deactivated_at=clock.now())
    changed = assignment_rules.change(rule, by=SYSTEM, values={"owner": anna.pk, "position": 5})
    assert changed.position == 5


def test_makes_the_settings_of_a_team_when_they_are_first_asked_for(team):
    first = settings.of_team(team, by=SYSTEM)
    assert settings.of_team(team, by=SYSTEM) == first
    assert IncidentSettings.objects.count() == 1
    assert first.milestone_targets["critical"]["acknowledged"] == 5


def test_changes_targets_by_severity_and_keeps_the_others(team):
    row = settings.of_team(team, by=SYSTEM)
    low = row.milestone_targets["low"]
    values = {"milestone_target_minutes": {"critical": {"acknowledged": 2}}}
    row = settings.change(row, by=SYSTEM, values=values)
    assert row.milestone_targets["critical"] == {"acknowledged": 2}
    assert row.milestone_targets["low"] == low


@pytest.mark.parametrize(
    ("targets", "pointer"),
    [
        ({"grave": {}}, "/milestone_target_minutes/grave"),
        ({"low": {"answered": 5}}, "/milestone_target_minutes/low/answered"),
        ({"low": {"resolved": 0}}, "/milestone_target_minutes/low/resolved"),
    ],
)
def test_refuses_targets_that_mean_nothing(team, targets, pointer):
    row = settings.of_team(team, by=SYSTEM)
    with pytest.raises(Invalid) as caught:
        settings.change(row, by=SYSTEM, values={"milestone_target_minutes": targets})
    assert [error.pointer for error in caught.value.errors] == [pointer]


def test_takes_only_a_policy_of_the_team_that_is_current(team, clock):
    row = settings.of_team(team, by=SYSTEM)
    mine = a_policy(team)
    assert settings.change(row, by=SYSTEM, values={"default_policy": mine.pk}).default_policy
    for other in (a_policy(a_team()), a_policy(team, archived_at=clock.now())):
        with pytest.raises(Refused):
            settings.change(row, by=SYSTEM, values={"default_policy": other.pk})
