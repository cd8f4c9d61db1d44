from tests.incidents.escalation.reference_model import Model, Plan


def a_model(delays, rounds=1, pause=0, opened=0, hours=(), **world):
    return Model(Plan(delays, rounds, pause, frozenset(hours)), opened, **world)


def looks(model, *times):
    """Return what has gone out once the engine has looked at those times."""
    for at in times:
        model.look(at)
    return [(f.step or f.kind, f.fired) for f in model.fired]


def test_goes_through_all_rounds_when_nobody_reacts():
    model = a_model([1, 5], rounds=2, pause=10)
    assert looks(model, *range(100)) == [(1, 1), (2, 6), (1, 17), (2, 22)]
    assert model.next_due() is None


def test_counts_from_the_plan_however_late_the_engine_looks():
    model = a_model([1, 5], rounds=2, pause=10)
    assert looks(model, 4, 18, 40) == [(1, 4), (2, 18), (1, 18), (2, 40)]
    assert [f.planned for f in model.fired] == [1, 6, 17, 22]


def test_does_nothing_twice_when_the_clock_goes_back():
    model = a_model([0, 5, 5])
    assert looks(model, 5, 0, 5, 9, 10) == [(1, 5), (2, 5), (3, 10)]


def test_is_silent_after_an_acknowledgement_until_it_expires():
    model = a_model([0, 5])
    model.look(0)
    model.acknowledge(20)
    told = looks(model, 5, 19, 20, 25)
    assert told == [(1, 0), ("acknowledgement_expiry", 20), (1, 20), (2, 25)]

    model.acknowledge()
    assert looks(model, 1000) == told


def test_starts_again_at_the_end_of_a_snooze_but_not_once_stopped():
    model = a_model([0, 5])
    model.snooze(10)
    assert looks(model, 5, 9, 11) == [("snooze_end", 11), (1, 11)]
    assert model.next_due() == 15
    model.stop()
    assert model.next_due() is None


def test_restarts_with_the_policy_as_it_is_then_or_the_stored_plan():
    model = a_model([0, 5])
    model.restart(50, Plan([2], rounds=1, pause=0))
    assert looks(model, 50, 52) == [(1, 52)]
    model.restart(60, None)
    assert looks(model, 62)[1:] == [(1, 62)]


def test_brings_only_the_next_step_forward_when_nobody_is_found():
    model = a_model([0, 5, 5], absent=lambda step: step == 1)
    looks(model, 0, 5, 10)
    assert [(f.planned, f.fired, f.reached) for f in model.fired] == [
        (0, 0, False),
        (5, 0, True),
        (10, 10, True),
    ]


def test_waits_for_working_hours_and_is_told_again_then():
    model = a_model([0, 5], hours=[1], at_work=lambda at: max(at, 30))
    assert looks(model, 0, 5, 29, 30) == [(1, 0), (2, 5), (1, 30)]


def test_escalates_what_waits_first_even_outside_working_hours():
    model = a_model([0, 5, 5], hours=[1, 2], at_work=lambda at: max(at, 30))
    model.look(0)
    model.escalate(1)
    assert looks(model, 1) == [(1, 0), (1, 1)]
    model.escalate(2)
    assert looks(model, 2) == [(1, 0), (1, 1), (2, 2)]
    assert model.next_due() == 10

    model.stop()
    model.escalate(20)
    assert model.next_due() == 20
