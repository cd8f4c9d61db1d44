"""Escalation policies: made, changed, put away. What runs keeps its own copy."""

from datetime import timedelta

import pytest

from crisis_api.access.models import AuditEvent
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import Conflict, Invalid, Refused, Stale
from incidents.escalation.plan import Plan, Step, Target
from incidents.escalation.plans import to_plan
from incidents.models import Escalation, EscalationPolicy
from incidents.services import lifecycle, policies
from tests.factories.access import a_contact_point, a_person, a_team
from tests.factories.incidents import a_rotation, an_assignment_rule, incident_settings

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
OWNER = Target("owner")
MANAGERS = Target("role", role="manager")


@pytest.fixture
def team():
    return a_team()


def steps(*targets):
    return [Step(number, MINUTE, (target,), "urgent") for number, target in enumerate(targets, 1)]


def create(team, *targets, **values):
    given = {"name": "Default", "steps": steps(*(targets or (OWNER,))), **values}
    return policies.create(team=team, by=SYSTEM, values=given)


def test_keeps_the_steps_as_they_were_given(team):
    person = a_person(team)
    rotation = a_rotation(team, [person])
    hook = a_contact_point(team=team, kind="webhook", address="https://example.org")
    targets = (
        OWNER,
        MANAGERS,
        Target("person", id=str(person.pk)),
        Target("rotation", id=str(rotation.pk)),
        Target("webhook", id=str(hook.pk)),
    )
    policy = create(team, *targets, rounds=3, round_pause=10 * MINUTE)
    plan = to_plan(policy)
    assert plan.steps == tuple(steps(*targets))
    assert (plan.rounds, plan.round_pause) == (3, 10 * MINUTE)
    assert AuditEvent.objects.get(team=team).action == "policy.created"


@pytest.mark.parametrize("kind", ["person", "rotation", "webhook"])
def test_refuses_what_another_team_has(team, kind):
    other = a_team()
    row = {
        "person": lambda: a_person(other),
        "rotation": lambda: a_rotation(other),
        "webhook": lambda: a_contact_point(team=other, kind="webhook", address="https://x.org"),
    }[kind]()
    with pytest.raises(Refused) as caught:
        create(team, OWNER, Target(kind, id=str(row.pk)))
    (error,) = caught.value.errors
    assert (error.pointer, error.code) == ("/steps/1/targets/0/id", f"unknown_{kind}")
    assert not EscalationPolicy.objects.exists()


def test_refuses_a_persons_own_contact_point_as_a_webhook_of_the_team(team):
    point = a_contact_point(a_person(team), kind="webhook", address="https://x.org")
    with pytest.raises(Refused):
        create(team, Target("webhook", id=str(point.pk)))


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"steps": []}, "/steps"),
        ({"rounds": 21}, "/rounds"),
        (
            {"steps": [Step(1, 0 * MINUTE, (OWNER,))], "rounds": 2, "round_pause": 0 * MINUTE},
            "/round_pause_seconds",
        ),
        ({"steps": [Step(1, MINUTE, (OWNER, OWNER))]}, "/steps/0/targets/1"),
    ],
)
def test_refuses_what_cannot_be_followed(team, values, pointer):
    with pytest.raises(Invalid) as caught:
        create(team, **values)
    assert [error.pointer for error in caught.value.errors] == [pointer]
    assert all(error.detail for error in caught.value.errors)


def test_changes_only_what_starts_later(team):
    owner = a_person(team)
    policy = create(team, OWNER)
    incident = lifecycle.open_incident(
        team=team,
        category="spam",
        severity=2,
        title="x",
        owner=owner,
        policy=policy,
        by=SYSTEM,
    ).incident
    policies.change(policy, by=SYSTEM, values={"steps": steps(MANAGERS, OWNER)})
    running = Plan.from_json(Escalation.objects.get(incident=incident).plan)
    assert running.steps == tuple(steps(OWNER))
    assert to_plan(policy).steps == tuple(steps(MANAGERS, OWNER))


def test_names_the_changed_fields_and_leaves_alone_what_is_the_same(team):
    policy = create(team, OWNER, MANAGERS)
    ids = set(policy.steps.values_list("pk", flat=True))
    policies.change(policy, by=SYSTEM, values={"steps": steps(OWNER, MANAGERS), "name": "Default"})
    policy.refresh_from_db()
    assert policy.version == 1
    assert set(policy.steps.values_list("pk", flat=True)) == ids
    policies.change(policy, by=SYSTEM, values={"steps": steps(OWNER), "rounds": 2})
    line = AuditEvent.objects.get(action="policy.changed")
    assert line.data == {"fields": ["rounds", "steps"]}
    with pytest.raises(Stale):
        policies.change(policy, by=SYSTEM, version=1, values={"name": "x"})


def test_checks_what_is_left_together_with_what_changes(team):
    policy = create(team, steps=[Step(1, 0 * MINUTE, (OWNER,))], rounds=3, round_pause=MINUTE)
    with pytest.raises(Invalid):
        policies.change(policy, by=SYSTEM, values={"round_pause": 0 * MINUTE})


def test_refuses_a_name_that_is_taken(team):
    create(team)
    with pytest.raises(Conflict):
        create(team)
    other = create(team, name="Other")
    with pytest.raises(Conflict):
        policies.change(other, by=SYSTEM, values={"name": "Default"})


@pytest.mark.parametrize("user", ["settings", "rule"])
def test_is_not_put_away_while_something_names_it(team, user):
    policy = create(team)
    if user == "settings":
        incident_settings(team, default_policy=policy)
    else:
        an_assignment_rule(team, policy=policy)
    with pytest.raises(Conflict) as caught:
        policies.archive(policy, by=SYSTEM)
    assert caught.value.code == "in_use"


def test_frees_its_name_when_it_is_put_away(team):
    policy = policies.archive(create(team), by=SYSTEM)
    assert policies.archive(policy, by=SYSTEM).archived_at == policy.archived_at
    create(team)
    with pytest.raises(Conflict):
        policies.change(policy, by=SYSTEM, values={"rounds": 2})
