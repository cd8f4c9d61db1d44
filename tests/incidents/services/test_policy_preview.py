"""Who would be reminded when, if an incident opened now and nobody reacted."""

from datetime import UTC, datetime, timedelta

import pytest

from crisis_api.access.models import ContactPoint, Owner
from incidents.models import Override, Severity
from incidents.services import policy_preview
from tests.factories.access import a_contact_point, a_person, a_team
from tests.factories.incidents import a_policy, a_rotation, an_assignment_rule

pytestmark = pytest.mark.django_db

# A Saturday, at noon.
AT = datetime(2027, 1, 9, 12, tzinfo=UTC)
FIVE = timedelta(minutes=5)
HOOK = {"kind": "webhook", "address": "https://example.org/hook"}


@pytest.fixture
def team():
    return a_team()


def reachable(team, role="responder", **values):
    person = a_person(team, role, **values)
    a_contact_point(person)
    return person


def preview(policy, **values):
    given = {"category": "spam", "severity": Severity.HIGH, "at": AT, **values}
    return policy_preview.preview(policy, **given)


def people(shown):
    return [[(each.owner.name, each.at - AT) for each in step.people] for step in shown.steps]


def codes(shown):
    return [warning.code for warning in shown.warnings]


def test_says_who_hears_of_it_when_in_every_round(team):
    anna, boris = reachable(team, name="Anna"), reachable(team, "manager", name="Boris")
    an_assignment_rule(team, owner=anna)
    policy = a_policy(team, rounds=2, round_pause_seconds=600)
    shown = preview(policy)
    assert shown.owner == anna
    assert people(shown) == [
        [("Anna", timedelta(0))],
        [("Boris", FIVE)],
        [("Anna", 3 * FIVE)],
        [("Boris", 4 * FIVE)],
    ]
    assert shown.steps[1].people[0].contact_point.owner == boris
    assert codes(shown) == []


def test_asks_the_rule_that_fits_the_category_and_severity(team):
    anna, boris = reachable(team), reachable(team)
    an_assignment_rule(team, category="spam", min_severity=Severity.CRITICAL, owner=anna)
    an_assignment_rule(team, category="", position=200, owner=boris)
    policy = a_policy(team)
    assert preview(policy).owner == boris
    assert preview(policy, severity=Severity.CRITICAL).owner == anna
    assert preview(policy, severity=Severity.CRITICAL, category="other").owner == boris


def test_sees_the_handoff_between_two_steps(team):
    anna, boris = reachable(team, name="Anna"), reachable(team, name="Boris")
    rotation = a_rotation(team, [anna, boris])
    policy = a_policy(
        team,
        [{"rotations": [rotation]}, {"delay": timedelta(minutes=10), "rotations": [rotation]}],
    )
    shown = preview(policy, at=AT.replace(hour=8, minute=55))
    first, second = (step.people[0].owner for step in shown.steps)
    assert {first, second} == {anna, boris}


def test_sees_overrides(team):
    anna, boris = reachable(team), reachable(team)
    rotation = a_rotation(team, [anna])
    Override.objects.create(
        team=team, rotation=rotation, owner=boris, starts_at=AT, ends_at=AT + FIVE
    )
    policy = a_policy(team, [{"rotations": [rotation]}])
    assert preview(policy).steps[0].people[0].owner == boris


def test_waits_for_working_hours_where_a_step_says_so(team):
    anna = reachable(team, name="Anna", working_hours={"mon": [["09:00", "18:00"]]})
    policy = a_policy(
        team,
        [
            {"people": [anna], "working_hours_only": True},
            {"people": [anna], "working_hours_only": False},
        ],
    )
    shown = preview(policy)
    assert shown.steps[0].people[0].at == datetime(2027, 1, 11, 9, tzinfo=UTC)
    assert shown.steps[1].people[0].at == AT


def test_goes_on_at_once_after_a_step_that_finds_nobody_and_says_so(team):
    boris = reachable(team, name="Boris")
    policy = a_policy(
        team,
        [
            {"roles": ["legal"]},
            {"delay": FIVE, "people": [boris]},
            {"delay": FIVE, "people": [boris]},
        ],
    )
    shown = preview(policy)
    assert people(shown) == [[], [("Boris", timedelta(0))], [("Boris", 2 * FIVE)]]
    assert codes(shown) == ["no_owner", "step_finds_nobody"]


def test_warns_of_whoever_cannot_be_reached(team):
    silent = a_person(team)
    never = reachable(team, working_hours={"mon": []})
    empty = a_rotation(team)
    broken = a_contact_point(team=team, disabled_at=AT, **HOOK)
    policy = a_policy(
        team,
        [
            {"people": [silent]},
            {"rotations": [empty]},
            {"webhooks": [broken]},
            {"people": [never], "working_hours_only": True},
        ],
    )
    shown = preview(policy)
    found = {(warning.code, warning.owner_id or warning.subject_id) for warning in shown.warnings}
    assert found >= {
        ("no_contact_point", silent.pk),
        ("nobody_on_call", empty.pk),
        ("webhook_unusable", broken.pk),
        ("never_at_work", never.pk),
    }
    assert shown.steps[3].people[0].at == AT


def test_warns_of_a_policy_that_reaches_nobody(team):
    policy = a_policy(team, rounds=3)
    shown = preview(policy)
    assert "nobody_is_reached" in codes(shown)
    a_contact_point(a_person(team, "manager"))
    assert "nobody_is_reached" not in codes(preview(policy))


def test_counts_a_webhook_as_somebody(team):
    policy = a_policy(team, [{"webhooks": [a_contact_point(team=team, **HOOK)]}])
    shown = preview(policy)
    assert [point.kind for point in shown.steps[0].webhooks] == ["webhook"]
    assert codes(shown) == ["no_owner"]


def test_leaves_out_whoever_has_left(team, clock):
    anna = reachable(team)
    an_assignment_rule(team, owner=anna)
    policy = a_policy(team, [{"notify_owner": True, "people": [anna]}])
    Owner.objects.filter(pk=anna.pk).change(deactivated_at=clock.now())
    assert preview(policy).owner is None
    assert people(preview(policy)) == [[]]


def test_names_the_first_contact_point_of_the_chain_that_is_used(team):
    anna = a_person(team)
    a_contact_point(anna, urgency="normal", kind="email", address="a@example.org")
    urgent = a_contact_point(anna, urgency="urgent", address="urgent")
    policy = a_policy(team, [{"people": [anna], "urgency": "urgent"}])
    (step,) = preview(policy).steps
    assert step.people[0].contact_point == urgent
    ContactPoint.objects.filter(pk=urgent.pk).update(disabled_at=AT)
    (step,) = preview(policy).steps
    assert step.people[0].contact_point.kind == "email"


def test_asks_the_database_no_more_for_twenty_rounds(team, django_assert_max_num_queries):
    people_ = [reachable(team) for _ in range(3)]
    rotation = a_rotation(team, people_)
    targets = [{"delay": FIVE, "rotations": [rotation], "roles": ["responder"]}] * 5
    policy = a_policy(team, targets, rounds=20)
    with django_assert_max_num_queries(20):
        shown = preview(policy)
    assert len(shown.steps) == 100
