"""What an escalation copies from its policy."""

from datetime import timedelta

import pytest

from incidents.escalation.plan import Plan, Target, validate
from incidents.escalation.plans import to_plan
from tests.factories.access import a_contact_point, a_person, a_team
from tests.factories.incidents import a_policy, a_rotation

pytestmark = pytest.mark.django_db


def test_copies_every_step_with_whom_it_names(django_assert_num_queries):
    team = a_team()
    person = a_person(team)
    rotation = a_rotation(team, [person])
    webhook = a_contact_point(team=team, kind="webhook", address="https://example.org/hook")
    policy = a_policy(
        team,
        [
            {"notify_owner": True, "urgency": "normal"},
            {
                "delay": timedelta(minutes=5),
                "people": [person],
                "rotations": [rotation],
                "webhooks": [webhook],
                "roles": ["manager"],
                "working_hours_only": True,
            },
        ],
        rounds=3,
        round_pause_seconds=600,
    )

    with django_assert_num_queries(2):
        plan = to_plan(policy)

    assert (plan.policy_id, plan.policy_name) == (str(policy.pk), policy.name)
    assert (plan.rounds, plan.round_pause) == (3, timedelta(minutes=10))
    first, second = plan.steps
    assert (first.number, first.delay, first.urgency) == (1, timedelta(0), "normal")
    assert first.targets == (Target("owner"),)
    assert (second.delay, second.urgency) == (timedelta(minutes=5), "urgent")
    assert second.working_hours_only
    assert second.targets == (
        Target("person", id=str(person.pk)),
        Target("rotation", id=str(rotation.pk)),
        Target("webhook", id=str(webhook.pk)),
        Target("role", role="manager"),
    )
    assert Plan.from_json(plan.to_json()) == plan


def test_reminds_the_managers_where_a_step_names_nobody_any_more():
    team = a_team()
    webhook = a_contact_point(team=team, kind="webhook", address="https://example.org/hook")
    policy = a_policy(team, [{"webhooks": [webhook]}])
    webhook.delete()
    assert to_plan(policy).steps[0].targets == (Target("role", role="manager"),)


def test_always_makes_a_plan_that_can_be_followed():
    policy = a_policy(a_team(), [], rounds=5, round_pause_seconds=0)
    plan = to_plan(policy)
    assert validate(plan.steps, rounds=plan.rounds, round_pause=plan.round_pause) == []
    assert Plan.from_json(plan.to_json()) == plan


def test_numbers_steps_anew_where_one_was_taken_out():
    policy = a_policy(a_team())
    policy.steps.get(number=1).delete()
    assert [step.number for step in to_plan(policy).steps] == [1]
