"""One policy hands over to the next when nobody has reacted to its last round."""

from datetime import timedelta

import pytest

from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import Conflict, Invalid, Refused
from incidents.escalation import decide
from incidents.escalation.auditor import run_checks
from incidents.escalation.plan import (
    MAX_FALLBACKS,
    BrokenPlan,
    Plan,
    Step,
    Target,
    all_rounds,
    lay_out,
    next_round_start,
    stage_of,
)
from incidents.escalation.plans import to_plan
from incidents.models import Escalation, EscalationPolicy, Event, Notification, Reminder
from incidents.services import lifecycle, policies, policy_checks, policy_preview
from tests.factories.access import a_contact_point, a_person, a_team
from tests.factories.incidents import a_policy

MINUTE = timedelta(minutes=1)


def plan(name, delay, rounds=1, pause=2, then=None):
    steps = (
        Step(1, timedelta(0), (Target("owner"),)),
        Step(2, delay * MINUTE, (Target("role", role="manager"),), "urgent"),
    )
    return Plan(name, name, steps, rounds, pause * MINUTE, then)


LAST = plan("last", 7, rounds=2, pause=3)
MIDDLE = plan("middle", 5, then=LAST)
FIRST = plan("first", 1, rounds=2, then=MIDDLE)


def test_goes_on_where_the_next_round_would_begin(clock):
    at = clock.now()
    planned = [
        (step.round, step.number, (step.planned_at - at) // MINUTE)
        for number in range(1, all_rounds(FIRST) + 1)
        for step in lay_out(FIRST, at, number)
    ]
    assert planned == [
        (1, 1, 0), (1, 2, 1),
        (2, 1, 3), (2, 2, 4),
        (3, 1, 6), (3, 2, 11),
        (4, 1, 13), (4, 2, 20),
        (5, 1, 23), (5, 2, 30),
    ]  # fmt: skip
    starts = [next_round_start(FIRST, at, number) for number in range(1, 6)]
    assert [start and (start - at) // MINUTE for start in starts] == [3, 6, 13, 23, None]
    assert [stage_of(FIRST, n).policy_name for n in range(1, 6)] == [
        "first", "first", "middle", "last", "last",
    ]  # fmt: skip


def test_is_stored_with_all_that_follows():
    assert Plan.from_json(FIRST.to_json()) == FIRST
    assert FIRST.plan_hash != plan("first", 1, rounds=2).plan_hash
    # As it was stored before plans could follow one another.
    alone = LAST.to_json()
    assert "then" not in alone
    damaged = FIRST.to_json()
    damaged["then"]["then"]["steps"] = []
    with pytest.raises(BrokenPlan) as broken:
        Plan.from_json(damaged)
    assert broken.value.pointer == "/then/then/steps"


@pytest.fixture
def team(db):
    return a_team()


def reachable(team, role="responder", **values):
    person = a_person(team, role, **values)
    a_contact_point(person)
    return person


def a_chain(team, *people, **values):
    """Return policies of one step each, the first of which hands over to the second, and so on."""
    policy = None
    for person in reversed(people):
        policy = a_policy(team, [{"people": [person]}], fallback=policy, **values)
    return policy


def opened(team, policy):
    return lifecycle.open_incident(
        team=team, title="Burns", category="spam", severity=3, policy=policy, by=SYSTEM
    ).incident


def told(incident):
    covered = Reminder.objects.filter(incident=incident, kind="escalation_step", status="fired")
    rows = Notification.objects.filter(covered__reminder__in=covered).order_by("id")
    return list(rows.values_list("owner__name", flat=True))


def test_reminds_the_people_of_the_policy_that_follows_and_says_so(team, clock):
    anna, boris = reachable(team, name="Anna"), reachable(team, name="Boris")
    policy = a_chain(team, anna, boris, round_pause_seconds=600)
    incident = opened(team, policy)
    for _ in range(25):
        clock.move(MINUTE)
        decide.fire_all_due()
    assert told(incident) == ["Anna", "Boris"]
    events = Event.objects.filter(incident=incident).order_by("sequence")
    kinds = list(events.values_list("kind", flat=True))
    assert [kind for kind in kinds if kind.startswith("incident.escal")] == [
        "incident.escalated",
        "incident.escalation_handed_over",
        "incident.escalated",
        "incident.escalation_finished",
    ]
    handed_over = events.get(kind="incident.escalation_handed_over").data
    assert handed_over == {
        "from": str(policy.pk),
        "to": str(policy.fallback.pk),
        "round": 2,
    }
    second = Reminder.objects.get(incident=incident, kind="escalation_step", round=2)
    assert second.planned_at == incident.opened_at + 10 * MINUTE


def test_keeps_the_fallback_by_value_while_it_runs(team, clock):
    anna, boris, vera = (reachable(team, name=name) for name in ("Anna", "Boris", "Vera"))
    policy = a_chain(team, anna, boris, round_pause_seconds=60)
    other = a_policy(team, [{"people": [vera]}])
    incident = opened(team, policy)
    policies.change(policy, by=SYSTEM, values={"fallback": other.pk})
    EscalationPolicy.objects.filter(name=policy.fallback.name).update(archived_at=clock.now())
    clock.move(5 * MINUTE)
    decide.fire_all_due()
    assert told(incident) == ["Anna", "Boris"]
    assert Escalation.objects.get(incident=incident).status == "finished"


def test_lets_the_auditor_lay_out_what_is_lost_of_the_policy_that_follows(team, clock):
    people = [reachable(team, name=name) for name in ("Anna", "Boris", "Vera")]
    incident = opened(team, a_chain(team, *people, round_pause_seconds=600))
    for _ in range(11):
        clock.move(MINUTE)
        decide.fire_all_due()
    run = Escalation.objects.get(incident=incident)
    lost = Reminder.objects.filter(escalation=run, round=3)
    assert (run.round, lost.delete()[0]) == (3, 1)
    assert run_checks.complete(run.pk, clock.now())
    assert lost.get().planned_at == incident.opened_at + 20 * MINUTE
    clock.move(10 * MINUTE)
    decide.fire_all_due()
    assert told(incident) == ["Anna", "Boris", "Vera"]


def test_stops_with_an_acknowledgement_before_it_hands_over(team, clock):
    anna, boris = reachable(team, name="Anna"), reachable(team, name="Boris")
    incident = opened(team, a_chain(team, anna, boris, round_pause_seconds=600))
    decide.fire_all_due()
    lifecycle.acknowledge(incident, by=SYSTEM, owner=anna)
    clock.move(20 * MINUTE)
    decide.fire_all_due()
    assert told(incident) == ["Anna"]


def test_shows_in_the_preview_who_comes_after(team, clock):
    anna, boris = reachable(team, name="Anna"), reachable(team, name="Boris")
    policy = a_chain(team, anna, boris, round_pause_seconds=600, rounds=2)
    shown = policy_preview.preview(policy, category="spam", severity=3, at=clock.now())
    assert [
        (each.policy_id, each.step.round, (each.people[0].at - shown.at) // MINUTE)
        for each in shown.steps
    ] == [
        (policy.pk, 1, 0),
        (policy.pk, 2, 10),
        (policy.fallback.pk, 3, 20),
        (policy.fallback.pk, 4, 30),
    ]
    assert [each.people[0].owner for each in shown.steps] == [anna, anna, boris, boris]


def test_counts_those_whom_the_fallback_reaches_in_a_check(team, clock):
    policy = a_chain(team, a_person(team), reachable(team))
    found = [each.code for each in policy_checks.check_policy(policy, clock.now()).findings]
    assert found == ["step_reaches_nobody", "no_contact_point"]


def test_refuses_a_circle_and_what_is_not_there(team):
    first = a_chain(team, *(reachable(team) for _ in range(3)))
    last = first.fallback.fallback
    elsewhere = a_policy(a_team())
    put_away = policies.archive(a_policy(team), by=SYSTEM)
    for fallback, code in (
        (first.pk, "goes_in_a_circle"),
        (last.pk, "goes_in_a_circle"),
        (elsewhere.pk, "unknown_policy"),
        (put_away.pk, "unknown_policy"),
    ):
        with pytest.raises(Refused) as refused:
            policies.change(last, by=SYSTEM, values={"fallback": fallback})
        assert refused.value.code == code
    assert policies.change(first, by=SYSTEM, values={"fallback": None}).fallback_id is None


def test_lets_no_more_than_five_follow_one_wherever_the_chain_is_joined(team):
    person = reachable(team)
    head = a_chain(team, *[person] * 4)
    tail = a_chain(team, *[person] * 3)
    end = head.fallback.fallback.fallback
    with pytest.raises(Refused) as refused:
        policies.change(end, by=SYSTEM, values={"fallback": tail.pk})
    assert refused.value.code == "too_many_fallbacks"
    policies.change(end, by=SYSTEM, values={"fallback": tail.fallback.pk})
    assert len(list(_stages(to_plan(head)))) == MAX_FALLBACKS + 1


def _stages(plan):
    while plan:
        yield plan
        plan = plan.then


def test_ends_a_circle_that_was_made_behind_its_back(team):
    policy = a_chain(team, reachable(team), reachable(team))
    EscalationPolicy.objects.filter(pk=policy.fallback.pk).update(fallback=policy)
    assert len(list(_stages(to_plan(policy)))) == 2


def test_needs_time_before_it_hands_over(team):
    policy = a_chain(team, reachable(team), round_pause_seconds=0)
    other = a_policy(team)
    with pytest.raises(Invalid):
        policies.change(policy, by=SYSTEM, values={"fallback": other.pk})


def test_keeps_a_policy_that_another_falls_back_on(team):
    policy = a_chain(team, reachable(team), reachable(team))
    with pytest.raises(Conflict) as conflict:
        policies.archive(policy.fallback, by=SYSTEM)
    assert conflict.value.extra["used_by"] == [str(policy.pk)]
    policies.archive(policy, by=SYSTEM)
    assert policies.archive(policy.fallback, by=SYSTEM).archived_at is not None
