"""The engine and the verbs against the reference model, on random policies and random lives.

CRISIS_MODEL_RUNS makes it longer, or MODEL_STEPS says how many steps of the model to go at least,
from the seed MODEL_SEED on; a failing seed is printed.
"""

import gc
import logging
import os
import random
from datetime import UTC, datetime

import pytest
from django.db import transaction

from tests.incidents.escalation.changes_of_clock import changes
from tests.incidents.escalation.working_weeks import QUARTER, AtWork
from tests.incidents.escalation.worlds import World

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(0)]

log = logging.getLogger("model")

RUNS = int(os.environ.get("CRISIS_MODEL_RUNS") or 12)
STEPS = int(os.environ.get("MODEL_STEPS") or 0)
LIVES, MANY_LIVES = 4, 150
AFTER = 10_000


@pytest.fixture(autouse=True)
def _alarms_are_not_news(caplog):
    caplog.set_level(logging.CRITICAL + 1, logger="crisis.alarm")


@pytest.mark.parametrize("seed", range(RUNS))
def test_fires_exactly_what_the_model_says(seed, clock, monkeypatch):
    world = World(seed, clock, monkeypatch, LIVES)
    world.live()
    world.check()


@pytest.mark.skipif(not STEPS, reason="asked for by MODEL_STEPS")
def test_fires_exactly_what_the_model_says_for_as_many_steps_as_asked(clock, monkeypatch):
    first = seed = int(os.environ.get("MODEL_SEED") or 0)
    gone, said, met = 0, 0, set()
    began = clock.now()
    # What there is now stays; looking at it over and over costs a tenth of the time.
    gc.freeze()
    while gone < STEPS:
        clock.set(began)
        with transaction.atomic():
            world = World(seed, clock, monkeypatch, MANY_LIVES)
            gone += world.live()
            world.check()
            met |= world.met
            transaction.set_rollback(True)
        seed += 1
        if gone >= said + AFTER or gone >= STEPS:
            said = gone
            log.info(
                "%d steps, seeds %d to %d, equal to the model; %d of %d changes of a clock met",
                gone, first, seed - 1, len(met), len(changes()),
            )  # fmt: skip


def test_the_clock_on_the_wall_is_read_right():
    work = AtWork(random.Random(3), "Europe/Berlin")
    work.begins, work.ends, work.days, work.crosses = 36 * QUARTER, 68 * QUARTER, [6], False
    # The clock jumps from two to three in the night before.
    sunday = datetime(2026, 3, 28, 20, tzinfo=UTC)
    assert work(sunday) == datetime(2026, 3, 29, 7, tzinfo=UTC)
    assert work(datetime(2026, 3, 29, 15, tzinfo=UTC)) == datetime(2026, 4, 5, 7, tzinfo=UTC)
