from tests.incidents.escalation.reference_model import Model


def told(fired):
    return [(f.generation, f.step or f.kind, f.due) for f in fired]


def test_goes_through_all_rounds_when_nobody_reacts():
    model = Model(delays=[1, 5], rounds=2, pause=10)
    assert told(model.run(0, [], until=100)) == [(1, 1, 1), (1, 2, 6), (1, 1, 17), (1, 2, 22)]


def test_is_silent_after_an_acknowledgement_until_it_expires():
    model = Model(delays=[0, 5], rounds=1, pause=0)
    fired = model.run(0, [(3, "acknowledge", 20)], until=100)
    assert told(fired) == [(1, 1, 0), (2, "acknowledgement_expiry", 20), (3, 1, 20), (3, 2, 25)]
    assert told(model.run(0, [(3, "acknowledge", None)], until=100)) == [(1, 1, 0)]


def test_starts_again_at_the_end_of_a_snooze_but_not_once_stopped():
    model = Model(delays=[0, 5], rounds=1, pause=0)
    snoozed = (1, "snooze", 10)
    assert told(model.run(0, [snoozed], until=100))[1:] == [
        (2, "snooze_end", 10),
        (3, 1, 10),
        (3, 2, 15),
    ]
    assert told(model.run(0, [snoozed, (12, "stop", None)], until=100))[1:] == [
        (2, "snooze_end", 10),
        (3, 1, 10),
    ]
    assert told(model.run(0, [snoozed, (9, "stop", None)], until=100)) == [(1, 1, 0)]


def test_lets_a_reminder_that_is_due_at_the_time_of_an_action_go_first():
    model = Model(delays=[5], rounds=1, pause=0)
    assert told(model.run(0, [(5, "stop", None)], until=9)) == [(1, 1, 5)]


def test_restarts_with_the_policy_as_it_is_then():
    model = Model(delays=[0, 5], rounds=1, pause=0)
    other = Model(delays=[2], rounds=1, pause=0)
    fired = model.run(0, [(1, "stop", None), (50, "restart", other)], until=100)
    assert told(fired) == [(1, 1, 0), (3, 1, 52)]


def test_brings_only_the_next_step_forward_when_nobody_is_found():
    model = Model(delays=[0, 5, 5], rounds=1, pause=0, absent=lambda step, due: step == 1)
    fired = model.run(0, [], until=100)
    assert [(f.planned, f.due, f.reached) for f in fired] == [
        (0, 0, False),
        (5, 0, True),
        (10, 10, True),
    ]
