"""Limits that all processes share."""

import multiprocessing
from datetime import timedelta

import pytest

from incidents.channels.connection import Bucket
from incidents.channels.errors import RetryLater
from incidents.services import pace
from incidents.services.pace import SharedPace

MINUTE = timedelta(minutes=1)
FORTY = Bucket("tiktok:app:account:comment", 40, MINUTE, timedelta(minutes=5))
APP = Bucket("tiktok:app:minute", 600, MINUTE, timedelta(minutes=5))


def _passed(shared: SharedPace, calls: int) -> int:
    passed = 0
    for _ in range(calls):
        try:
            shared.take([APP, FORTY])
        except RetryLater:
            continue
        passed += 1
    return passed


def _in_another_process(results):
    results.put(_passed(SharedPace(), 30))


@pytest.fixture
def away(settings, tmp_path):
    """No Redis answers."""
    settings.REDIS_URL = f"unix://{tmp_path}/nobody?db=0"
    settings.WEB_WORKERS, settings.WORKER_CONCURRENCY = 2, 1


def test_is_shared_by_all_processes(broker):
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    processes = [context.Process(target=_in_another_process, args=(results,)) for _ in range(3)]
    for each in processes:
        each.start()
    passed = [results.get(timeout=60) for _ in processes]
    for each in processes:
        each.join(60)

    assert sum(passed) == 40
    with pytest.raises(RetryLater) as held:
        SharedPace().take([APP, FORTY])
    assert held.value.code == "paced"
    assert timedelta(seconds=50) < held.value.retry_after <= MINUTE


def test_has_room_again_when_the_time_has_passed(broker, clock):
    shared = SharedPace()
    assert _passed(shared, 50) == 40
    clock.move(seconds=59)
    assert _passed(shared, 5) == 0
    clock.move(seconds=2)
    assert _passed(shared, 50) == 40


def test_leaves_room_for_replies_when_it_reads_in_the_background(broker):
    shared = SharedPace()
    with pace.in_the_background():
        assert _passed(shared, 50) == 24
    assert _passed(shared, 50) == 16


def test_pauses_all_processes_when_the_network_shut_one_out(broker, clock):
    SharedPace().exceeded([APP, FORTY])
    other = SharedPace()

    assert _passed(other, 5) == 0
    clock.move(minutes=5, seconds=1)
    assert _passed(other, 5) == 5


def test_goes_on_at_a_part_of_the_pace_without_redis(away, clock):
    one, other = SharedPace(), SharedPace()

    assert (_passed(one, 50), _passed(other, 50)) == (10, 10)
    clock.move(MINUTE)
    assert _passed(one, 50) == 10


def test_keeps_a_pause_without_redis(away, clock):
    shared = SharedPace()
    shared.exceeded([FORTY])

    assert _passed(shared, 5) == 0
    clock.move(minutes=5)
    assert _passed(shared, 5) == 5
