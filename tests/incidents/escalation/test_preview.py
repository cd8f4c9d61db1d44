from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from incidents.escalation.hours import WorkingHours
from incidents.escalation.plan import Plan, Step, Target
from incidents.escalation.preview import preview
from incidents.escalation.rotations import on_call
from incidents.escalation.turns import RotationShape
from tests.incidents.escalation import reference_model

OPENED = datetime(2026, 1, 6, 5, 50, tzinfo=UTC)  # 8:50 in Moscow, ten minutes before handoff
MINUTE = timedelta(minutes=1)
NIGHTS = RotationShape("Europe/Moscow", date(2026, 1, 1), time(9), None, 1, ("anna", "boris"))

owner = Target("owner")
rotation = Target("rotation", id="nights")
managers = Target("role", role="manager")
webhook = Target("webhook", id="w1")
absent = Target("person", id="gone")


def resolve(target: Target, at: datetime) -> list[str]:
    if target == rotation:
        shift = on_call(NIGHTS, [], at)
        return [shift.person] if shift else []
    return {owner: ["olga"], managers: ["masha", "olga"], absent: []}[target]


def plan_of(*steps: tuple[int, tuple[Target, ...]], rounds=1, **more) -> Plan:
    listed = tuple(
        Step(number, wait * MINUTE, targets, **more)
        for number, (wait, targets) in enumerate(steps, start=1)
    )
    return Plan(None, "", listed, rounds, MINUTE)


def test_names_who_is_on_call_at_the_time_of_each_step():
    found = preview(plan_of((0, (rotation,)), (15, (rotation,))), OPENED, resolve)
    assert [[r.person for r in step.recipients] for step in found] == [["anna"], ["boris"]]
    assert [step.planned_at for step in found] == [OPENED, OPENED + 15 * MINUTE]


def test_asks_who_is_on_call_when_a_step_happens_and_not_when_it_was_planned():
    found = preview(plan_of((0, (absent,)), (15, (rotation,))), OPENED, resolve)
    assert [r.person for r in found[1].recipients] == ["anna"]


def test_names_a_person_once_who_is_meant_twice():
    (step,) = preview(plan_of((0, (owner, managers))), OPENED, resolve)
    assert [r.person for r in step.recipients] == ["olga", "masha"]


def test_shows_every_round():
    found = preview(plan_of((1, (owner,)), (2, (owner,)), rounds=20), OPENED, resolve)
    assert len(found) == 40
    assert (found[-1].round, found[-1].number) == (20, 2)
    assert found[-1].planned_at == OPENED + (20 * 3 + 19) * MINUTE


def test_brings_the_next_step_forward_where_nobody_is_found():
    found = preview(plan_of((5, (absent,)), (5, (owner,)), (5, (owner,))), OPENED, resolve)
    assert [(step.happens_at - OPENED) // MINUTE for step in found] == [5, 5, 15]
    assert [step.finds_nobody for step in found] == [True, False, False]


def test_waits_for_the_next_round_although_nobody_was_found_in_this_one():
    found = preview(plan_of((5, (absent,)), rounds=2), OPENED, resolve)
    assert [(step.happens_at - OPENED) // MINUTE for step in found] == [5, 11]


def test_counts_a_webhook_as_somebody():
    first, second = preview(plan_of((0, (webhook,)), (5, (owner,))), OPENED, resolve)
    assert first.webhooks == ("w1",)
    assert not first.finds_nobody
    assert second.happens_at == OPENED + 5 * MINUTE


def test_postpones_a_step_for_working_hours_to_when_each_person_works():
    hours = {
        "olga": WorkingHours("Europe/Moscow", {1: ((time(9), time(18)),)}),
        "masha": WorkingHours("Europe/Moscow", {0: ()}),
    }
    (step,) = preview(
        plan_of((0, (managers,)), working_hours_only=True),
        OPENED,
        resolve,
        lambda person, at: hours[person].next_working(at),
    )
    assert {r.person: r.at for r in step.recipients} == {
        "olga": OPENED + 10 * MINUTE,
        "masha": None,
    }


def test_reminds_at_any_hour_where_the_step_does_not_say_otherwise():
    (step,) = preview(plan_of((0, (owner,))), OPENED, resolve, lambda person, at: None)
    assert [r.at for r in step.recipients] == [OPENED]


@given(
    st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=8),
    st.integers(1, 20),
)
def test_agrees_with_the_reference_model(steps, rounds):
    found = preview(
        plan_of(*((wait, (owner if there else absent,)) for wait, there in steps), rounds=rounds),
        OPENED,
        resolve,
    )
    waits = [wait * MINUTE for wait, _ in steps]
    model = reference_model.Model(
        reference_model.Plan(waits, rounds, MINUTE),
        OPENED,
        absent=lambda step: not steps[step - 1][1],
    )
    expected = model.to_the_end()
    assert [(s.round, s.number, s.planned_at, s.happens_at, s.finds_nobody) for s in found] == [
        (f.round, f.step, f.planned, f.fired, not f.reached) for f in expected
    ]
