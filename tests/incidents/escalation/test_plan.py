import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.escalation.plan import (
    BrokenPlan,
    Plan,
    Step,
    Target,
    lay_out,
    next_round_start,
    validate,
)
from tests.incidents.escalation import reference_model
from tests.incidents.escalation.changes_of_clock import moments

OWNER = Target("owner")
OPENED = datetime(2026, 3, 4, 5, 6, 7, 890123, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def step(number: int = 1, minutes: int = 0, *targets: Target, **more) -> Step:
    return Step(number, minutes * MINUTE, targets or (OWNER,), **more)


def plan(*minutes: int, rounds: int = 1, pause: timedelta = timedelta(0)) -> Plan:
    steps = tuple(step(number, wait) for number, wait in enumerate(minutes, start=1))
    return Plan("0199", "Night and day", steps, rounds, pause)


full = Plan(
    policy_id=None,
    policy_name="Кризис",
    steps=(
        step(1, 0, OWNER, Target("person", id="p1"), urgency="urgent"),
        step(2, 5, Target("rotation", id="r1"), Target("role", role="manager")),
        step(3, 7, Target("webhook", id="w1"), working_hours_only=True),
    ),
    rounds=20,
    round_pause=timedelta(hours=1),
)

targets = st.one_of(
    st.just(OWNER),
    st.sampled_from(["responder", "manager"]).map(lambda role: Target("role", role=role)),
    st.builds(
        Target,
        st.sampled_from(["person", "rotation", "webhook"]),
        st.text(min_size=1, max_size=5),
    ),
)
waits = st.integers(0, 365 * 86400).map(lambda seconds: timedelta(seconds=seconds))


@st.composite
def plans(draw):
    delays = draw(st.lists(waits, min_size=1, max_size=50))
    steps = tuple(
        Step(
            number,
            delay,
            tuple(draw(st.lists(targets, min_size=1, max_size=3, unique=True))),
            draw(st.sampled_from(["normal", "urgent"])),
            draw(st.booleans()),
        )
        for number, delay in enumerate(delays, start=1)
    )
    pause = draw(waits)
    rounds = draw(st.integers(1, 20)) if sum(delays, pause) else 1
    return Plan(draw(st.none() | st.text(min_size=1)), draw(st.text()), steps, rounds, pause)


# Times


def test_counts_each_step_from_the_planned_time_of_the_one_before():
    times = [planned.planned_at - OPENED for planned in lay_out(plan(0, 5, 10), OPENED, 1)]
    assert times == [0 * MINUTE, 5 * MINUTE, 15 * MINUTE]


def test_starts_a_round_a_pause_after_the_last_step_of_the_round_before():
    twice = plan(1, 5, rounds=2, pause=10 * MINUTE)
    assert next_round_start(twice, OPENED, 1) == OPENED + 16 * MINUTE
    times = [planned.planned_at - OPENED for planned in lay_out(twice, OPENED, 2)]
    assert times == [17 * MINUTE, 22 * MINUTE]


def test_ends_after_the_last_round():
    assert next_round_start(plan(1, rounds=2), OPENED, 2) is None
    for round_number in (0, 3):
        with pytest.raises(ValueError, match=f"round {round_number}"):
            lay_out(plan(1, rounds=2), OPENED, round_number)


def test_marks_the_last_step_of_a_round_even_among_equal_steps():
    same = step(1, 1)
    twins = Plan(None, "", (same, replace(same, number=2)))
    assert [p.is_last_of_round for p in lay_out(twins, OPENED, 1)] == [False, True]


def test_lays_out_what_the_step_says():
    first, _, third = lay_out(full, OPENED, 3)
    assert (first.round, first.number, first.urgency) == (3, 1, "urgent")
    assert first.targets == full.steps[0].targets
    assert third.working_hours_only


def test_counts_in_real_time_although_a_clock_changes():
    # Half an hour before New York leaves out an hour.
    opened = datetime(2026, 3, 8, 1, 30, tzinfo=ZoneInfo("America/New_York"))
    (planned,) = lay_out(plan(60), opened, 1)
    assert planned.planned_at == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
    assert next_round_start(plan(60, rounds=2), opened, 1) == planned.planned_at


def test_refuses_a_start_without_a_zone():
    with pytest.raises(ValueError, match="without a zone"):
        lay_out(plan(1), OPENED.replace(tzinfo=None), 1)


@given(plans(), moments)
def test_agrees_with_the_reference_model_to_the_microsecond(any_plan, opened):
    delays = [step.delay for step in any_plan.steps]
    same = reference_model.Plan(delays, any_plan.rounds, any_plan.round_pause)
    fired = reference_model.Model(same, opened).to_the_end()
    expected = [(f.round, f.step, f.planned) for f in fired]
    laid_out = []
    for round_number in range(1, any_plan.rounds + 1):
        laid_out += lay_out(any_plan, opened, round_number)
    assert [(p.round, p.number, p.planned_at) for p in laid_out] == expected
    for earlier, later in pairwise(laid_out):
        assert earlier.planned_at <= later.planned_at


# The stored form


@given(plans())
def test_comes_back_from_storage_as_it_was(any_plan):
    stored = json.loads(json.dumps(any_plan.to_json()))
    assert Plan.from_json(stored) == any_plan
    assert Plan.from_json(stored).plan_hash == any_plan.plan_hash


def test_has_another_hash_as_soon_as_anything_differs():
    others = [
        replace(full, rounds=19),
        replace(full, round_pause=timedelta(minutes=59)),
        replace(full, policy_name="Crisis"),
        replace(full, steps=full.steps[:2]),
        replace(full, steps=(replace(full.steps[0], urgency="normal"), *full.steps[1:])),
    ]
    assert len({full.plan_hash, *(other.plan_hash for other in others)}) == 6


def test_reads_a_plan_with_keys_of_a_later_release():
    stored = full.to_json()
    stored["colour"] = "red"
    stored["steps"][0]["colour"] = "red"
    assert Plan.from_json(stored) == full


def test_follows_a_stored_plan_that_is_merely_untidy():
    crowd = tuple(Target("person", id=str(number % 60)) for number in range(61))
    crowded = replace(full, steps=(replace(full.steps[0], targets=crowd),))
    assert validate(crowded.steps) != []
    assert Plan.from_json(crowded.to_json()) == crowded


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("", None, "not_an_object"),
        ("", [], "not_an_object"),
        ("/format", 2, "unknown_format"),
        ("/format", True, "wrong_type"),
        ("/policy_id", 7, "wrong_type"),
        ("/policy_name", None, "wrong_type"),
        ("/steps", {}, "wrong_type"),
        ("/steps", [], "no_steps"),
        ("/steps/1", "step", "not_an_object"),
        ("/steps/1/number", 3, "wrong_number"),
        ("/steps/1/delay_seconds", -1, "wait_out_of_range"),
        ("/steps/1/delay_seconds", 1.5, "wrong_type"),
        ("/steps/1/delay_seconds", True, "wrong_type"),
        ("/steps/1/delay_seconds", 10**30, "wait_out_of_range"),
        ("/steps/1/urgency", "now", "unknown_urgency"),
        ("/steps/1/working_hours_only", 1, "wrong_type"),
        ("/steps/1/targets", [], "no_targets"),
        ("/steps/1/targets/0", None, "not_an_object"),
        ("/steps/1/targets/0/kind", "everybody", "unknown_kind"),
        ("/steps/1/targets/0/id", None, "id_required"),
        ("/rounds", 0, "rounds_out_of_range"),
        ("/rounds", 21, "rounds_out_of_range"),
        ("/round_pause_seconds", "1", "wrong_type"),
    ],
)
def test_says_where_a_stored_plan_is_damaged(path, value, code):
    stored = put(full.to_json(), path, value)
    with pytest.raises(BrokenPlan) as caught:
        Plan.from_json(stored)
    assert caught.value.code == code
    assert caught.value.pointer == path
    assert code in str(caught.value)


@pytest.mark.parametrize("key", ["format", "policy_name", "steps", "rounds", "round_pause_seconds"])
def test_says_what_a_stored_plan_lacks(key):
    stored = full.to_json()
    del stored[key]
    with pytest.raises(BrokenPlan, match="missing"):
        Plan.from_json(stored)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_never_fails_in_another_way(document):
    stored = full.to_json()
    for key in stored:
        with pytest.raises(BrokenPlan):
            Plan.from_json({**stored, "format": None, key: document})


def put(document, path, value):
    """Return a copy of a document with one value changed, at a JSON pointer."""
    if not path:
        return value
    document = json.loads(json.dumps(document))
    *way, last = path.split("/")[1:]
    place = document
    for name in way:
        place = place[int(name) if isinstance(place, list) else name]
    place[int(last) if isinstance(place, list) else last] = value
    return document


# What is refused


def codes(*steps: Step, **more):
    return [(flaw.pointer, flaw.code) for flaw in validate(steps, **more)]


def test_accepts_a_sound_policy():
    assert validate(full.steps, rounds=20, round_pause=timedelta(hours=1)) == []
    assert codes(step()) == []
    assert codes(step(1, 365 * 24 * 60)) == []


def test_needs_between_one_step_and_fifty():
    assert codes() == [("/steps", "no_steps")]
    assert codes(*(step(number) for number in range(1, 51))) == []
    assert codes(*(step(number) for number in range(1, 52))) == [("/steps", "too_many_steps")]


@pytest.mark.parametrize(
    ("wait", "code"),
    [
        (timedelta(seconds=-1), "wait_out_of_range"),
        (365 * DAY + timedelta(seconds=1), "wait_out_of_range"),
        (timedelta(milliseconds=1500), "not_whole_seconds"),
    ],
)
def test_bounds_every_wait(wait, code):
    assert codes(replace(step(), delay=wait)) == [("/steps/0/delay_seconds", code)]
    assert codes(step(), round_pause=wait) == [("/round_pause_seconds", code)]


def test_needs_a_round_that_repeats_to_take_time():
    assert codes(step(), step(2), rounds=2) == [("/round_pause_seconds", "round_takes_no_time")]
    assert codes(step(), rounds=2, round_pause=timedelta(seconds=1)) == []
    assert codes(step(1, 1), rounds=2) == []


@pytest.mark.parametrize("rounds", [0, -1, 21])
def test_allows_twenty_rounds_at_most(rounds):
    assert codes(step(1, 1), rounds=rounds) == [("/rounds", "rounds_out_of_range")]


@pytest.mark.parametrize(
    ("target", "place", "code"),
    [
        (Target("everybody"), "/kind", "unknown_kind"),
        (Target("owner", id="p1"), "/id", "id_not_allowed"),
        (Target("owner", role="manager"), "/role", "role_not_allowed"),
        (Target("person"), "/id", "id_required"),
        (Target("rotation", id=""), "/id", "id_required"),
        (Target("webhook"), "/id", "id_required"),
        (Target("role"), "/role", "role_required"),
        (Target("role", role="king"), "/role", "unknown_role"),
    ],
)
def test_names_what_is_wrong_with_a_target(target, place, code):
    assert codes(step(1, 0, target)) == [(f"/steps/0/targets/0{place}", code)]


def test_names_a_step_without_targets_and_a_target_named_twice():
    assert codes(Step(1, MINUTE, ())) == [("/steps/0/targets", "no_targets")]
    assert codes(step(1, 0, OWNER, OWNER)) == [("/steps/0/targets/1", "named_twice")]
    crowd = [Target("person", id=str(number)) for number in range(51)]
    assert codes(step(1, 0, *crowd)) == [("/steps/0/targets", "too_many_targets")]


def test_refuses_a_step_out_of_order_or_of_unknown_urgency():
    assert codes(step(2)) == [("/steps/0/number", "wrong_number")]
    assert codes(step(urgency="asap")) == [("/steps/0/urgency", "unknown_urgency")]
