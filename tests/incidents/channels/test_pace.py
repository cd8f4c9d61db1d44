"""Limits over a sliding time, as one process counts them."""

from datetime import UTC, datetime, timedelta

from incidents.channels.connection import Bucket
from incidents.channels.pace import Windows, time_for

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
FORTY = Bucket("account", 40, MINUTE, timedelta(minutes=5))
TEN = Bucket("app", 10, SECOND, SECOND)
DAILY = Bucket("publish", 15, timedelta(days=1), timedelta(days=1))


def test_lets_no_more_through_in_any_minute_than_the_limit():
    windows = Windows()
    passed = []
    for half_second in range(600):
        now = START + half_second * SECOND / 2
        if not windows.take([FORTY], now):
            passed.append(now)

    within = [sum(at - MINUTE < other <= at for other in passed) for at in passed]
    assert max(within) == 40
    assert len(passed) == 200


def test_says_how_long_to_wait_and_counts_nothing_that_waits():
    windows = Windows()
    for number in range(10):
        assert not windows.take([TEN, FORTY], START + number * SECOND / 100)

    assert windows.take([TEN, FORTY], START + SECOND / 2) == SECOND / 2
    assert not windows.take([TEN, FORTY], START + SECOND)
    # Eleven were counted against the minute, not twelve.
    passed = sum(not windows.take([FORTY], START + 2 * SECOND) for _ in range(40))
    assert passed == 29


def test_leaves_a_share_of_a_bucket_to_others():
    windows = Windows()
    assert sum(not windows.take([FORTY], START, 0.6) for _ in range(40)) == 24
    assert sum(not windows.take([FORTY], START) for _ in range(40)) == 16


def test_lets_nobody_through_after_the_network_shut_us_out_but_looks_again_within_minutes():
    windows = Windows()
    windows.exceeded([FORTY, DAILY], START)

    assert windows.take([FORTY], START + MINUTE) == 4 * MINUTE
    assert windows.take([DAILY], START + MINUTE) == 4 * MINUTE
    assert not windows.take([FORTY, DAILY], START + 5 * MINUTE)


def test_tells_when_a_queue_will_be_through():
    assert time_for([TEN, FORTY], 0) == timedelta(0)
    assert time_for([TEN, FORTY], 40) == 3 * SECOND
    assert time_for([TEN, FORTY], 41) == MINUTE
    assert time_for([TEN, FORTY], 3000) == 74 * MINUTE
