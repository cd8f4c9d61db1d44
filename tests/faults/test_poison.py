"""Poisoned rows and receivers that hang harm nobody else, and a person hears of them."""

import time

import pytest

from incidents.models import Event, Reminder
from tests.faults.results import MINUTES
from tests.oracle import judge
from tests.processes import until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.faults,
    pytest.mark.timeout(0 if MINUTES else 300),
]

NUMBER = 200 if MINUTES else 20
TRIES = 5


def test_one_in_twenty_that_is_poison_and_one_in_five_that_hangs_harm_no_other(
    stage, variables, start, receiver, shared_clock
):
    receiver.answers("ok", hook_9="hang")
    healthy = [f"/hook/{n}" for n in range(1, 5)]
    poison = stage.open(NUMBER // 20, (5, "/hook/8"))
    steps = Reminder.objects.filter(incident__in=poison, kind="escalation_step")
    # What no verb writes: the hand of somebody in the database, or a bug.
    steps.update(targets=[{"nobody": "knows"}])
    stage.expected = []
    for path in healthy:
        stage.open(NUMBER * 3 // 16, (5, path))
    mine = list(stage.expected)
    stage.open(NUMBER // 5, (5, "/hook/9"))
    start("engine", variables)
    began = time.monotonic()
    wanted = {each.reference for each in mine}
    until(lambda: wanted <= set(receiver.references()), 120)

    def parked():
        if not MINUTES:
            shared_clock.move(seconds=5)
            time.sleep(0.2)
        return steps.filter(status="parked").count() == len(poison)

    until(parked, 120)
    seconds = time.monotonic() - began
    alarms = Event.objects.filter(kind="alarm.raised", data__code="reminder_parked")
    assert alarms.count() == len(poison)
    assert set(steps.values_list("attempts", flat=True)) == {TRIES}
    receiver.answers("ok")
    verdict = judge(mine, receiver.journal())
    assert verdict.faults == {}
    stage.note(
        "P6 F34", f"{len(poison)} rows of poison and {NUMBER // 5} messages to a receiver that "
        "hangs: the healthy ones", verdict, parked=len(poison),
        **{"alarm after s": round(seconds, 1)},
    )  # fmt: skip
