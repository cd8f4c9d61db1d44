"""The judge itself: it must see each fault, or nothing that it acquits of is shown."""

import json

import pytest

from tests.oracle import Expected, judge

STEPS = ((0, "/a"), (10, "/b"), (20, "/a"))
INCIDENT = Expected("CR-1", 1000.0, STEPS)


def line(clock, path, step, id_, round_=1, reference="CR-1"):
    told = {"kind": "escalation_step", "reference": reference, "round": round_, "step": step}
    body = json.dumps({"data": {"reminders": [told]}})
    return {"clock": clock, "path": path, "id": id_, "body": body}


WELL = [line(1000.1, "/a", 1, "x"), line(1010.2, "/b", 2, "y"), line(1020.5, "/a", 3, "z")]


def changed(number, **values):
    return [{**each, **(values if place == number else {})} for place, each in enumerate(WELL)]


def test_acquits_where_everything_is_as_planned():
    verdict = judge([INCIDENT], WELL)
    assert (verdict.faults, verdict.expected, verdict.repeated_ids) == ({}, 3, 0)
    assert [round(late, 1) for late in verdict.lateness] == [0.1, 0.2, 0.5]
    assert round(verdict.late(1.0), 1) == 0.5


@pytest.mark.parametrize(
    ("journal", "faults"),
    [
        (WELL[:2], {"missing": 1}),
        ([WELL[0], WELL[2]], {"missing": 1}),
        ([], {"missing": 3}),
        (changed(1, clock=1009.0), {"early": 1}),
        (changed(1, path="/c"), {"wrong_person": 1}),
        ([*WELL, line(1030, "/b", 2, "other")], {"doubled": 1}),
        ([*WELL, line(1030, "/c", 2, "y")], {"wrong_person": 1}),
        ([WELL[2], *WELL[:2]], {"wrong_order": 1}),
    ],
)
def test_sees_each_fault(journal, faults):
    assert judge([INCIDENT], journal).faults == faults


def test_counts_what_came_again_with_the_same_id_apart():
    verdict = judge([INCIDENT], [*WELL, line(1011, "/b", 2, "y")])
    assert (verdict.faults, verdict.repeated_ids) == ({}, 1)


def test_counts_one_person_overtaken_by_another_apart():
    verdict = judge([INCIDENT], [WELL[0], WELL[2], WELL[1]])
    assert (verdict.faults, verdict.overtaken) == ({}, 1)


def test_takes_a_later_step_to_the_same_person_for_those_that_were_overdue_with_it():
    verdict = judge([INCIDENT], [WELL[1], line(1020.5, "/a", 3, "z")])
    assert (verdict.faults, verdict.together) == ({}, 1)
    assert verdict.late(1.0) == 20.5


def test_expects_nothing_after_somebody_reacted_and_sees_what_comes_all_the_same():
    stopped = Expected("CR-1", 1000.0, STEPS, until=1005.0, grace=1.0)
    assert judge([stopped], WELL[:1]).faults == {}
    assert judge([stopped], WELL).faults == {"unwanted": 2}


def test_takes_rounds_for_what_they_are():
    steps = tuple((wait, "/a") for wait in (0, 10))
    incident = Expected("CR-1", 1000.0, steps)
    journal = [line(1000, "/a", 1, "x"), line(1010, "/a", 1, "y", round_=2)]
    assert judge([incident], journal).faults == {"missing": 1}
