"""Simulated months: hours pass in an instant, things are killed, and in the end all was told once.

90 days (or SOAK_DAYS), or as many as the minutes of the run allow; the engine's memory is looked at
once it has warmed up, for five days.
"""

import logging
import os
import time
from pathlib import Path

import pytest

from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM
from incidents.models import Incident, Reminder
from incidents.services import lifecycle
from tests.faults.results import MINUTES, chance, long
from tests.oracle import at, judge
from tests.processes import until

pytestmark = [
    long,
    pytest.mark.django_db(transaction=True),
    pytest.mark.faults,
    pytest.mark.timeout(0),
]

log = logging.getLogger("soak")
DAYS = int(os.environ.get("SOAK_DAYS") or 90)
HOURS = 24
WARM = 5 * HOURS
# How many hours pass in an instant: a part of a plan, a whole one, and all of several.
LEAPS = (1, 2, 6, 12)
# Growth of the engine's memory after it has warmed up.
MOST_GROWTH = 0.10
STEPS = ((0, "/hook/1"), (3600, "/hook/2"), (3 * 3600, "/hook/3"))


def memory(process) -> int:
    status = Path(f"/proc/{process.popen.pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0])


def is_caught_up() -> bool:
    """Whether everything that is due by now is fired; what is sent may still be under way."""
    return not Reminder.objects.due(clock.now()).filter(kind="escalation_step").exists()


def test_months_of_random_faults_lose_and_double_nothing_and_memory_is_flat(
    stage, variables, start, shared_clock, receiver
):
    dice = chance()
    spared, victim = start("engine", variables), start("engine", variables)
    warm, kills, reacted = 0, 0, {}
    hours, said = 0, 0
    end = time.monotonic() + MINUTES * 60
    while hours < DAYS * HOURS and time.monotonic() < end:
        leap = dice.choice(LEAPS)
        hours += leap
        for incident in stage.open(dice.randint(1, 3), *STEPS):
            if dice.random() < 0.3:
                reacted[incident.reference] = acknowledged(incident, stage)
        if dice.random() < 0.1:
            victim.kill()
            kills += 1
            victim.start()
        if dice.random() < 0.1:
            receiver.answers(dice.choice(["ok", "sometimes 0.3 status 500", "sometimes 0.3 drop"]))
        shared_clock.move(hours=leap)
        until(is_caught_up, 60)
        if hours <= WARM:
            warm = memory(spared)
        if hours >= said + 5 * HOURS:
            said = hours
            log.info("day %d, %d killed, %d KiB", hours // HOURS, kills, memory(spared))
    receiver.answers("ok")
    grown = memory(spared) / warm - 1
    for _ in range(6):
        shared_clock.move(hours=1)
        until(is_caught_up, 60)
    until(stage.is_quiet, 300)
    expected = [
        type(each)(each.reference, each.started, each.steps, reacted.get(each.reference), 3600.0)
        for each in stage.expected
    ]
    verdict = judge(expected, receiver.journal())
    stage.note(
        "P25",
        f"{hours / HOURS:.1f} simulated days, {kills} kills, receivers that fail now and then",
        verdict,
        **{"engine grew %": round(grown * 100, 1), "incidents": Incident.objects.count()},
    )  # fmt: skip
    assert verdict.faults == {}
    assert grown < MOST_GROWTH


def acknowledged(incident, stage) -> float:
    """Acknowledge, and return when."""
    lifecycle.acknowledge(incident, by=SYSTEM, owner=stage.person("/hook/1"))
    return at(clock.now())
