from datetime import timedelta

from crisis_api.lib.ids import uuid7
from responses.webhooks.schedule import ATTEMPTS, DELAYS, JITTER, next_delay, pause


def test_follows_the_schedule_with_a_tenth_of_jitter_at_most():
    for attempts, delay in enumerate(DELAYS, start=1):
        for _ in range(50):
            got = next_delay(uuid7(), attempts)
            assert delay <= got <= delay * (1 + JITTER)


def test_lasts_three_days_in_all():
    assert sum(DELAYS, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)


def test_ends_after_the_tenth_attempt():
    assert ATTEMPTS == 10
    assert next_delay(uuid7(), 10) is None
    assert next_delay(uuid7(), 10, retry_after=timedelta(hours=1)) is None


def test_spreads_what_failed_together():
    assert len({next_delay(uuid7(), 2) for _ in range(100)}) > 90


def test_gives_the_same_delivery_the_same_time_again():
    one = uuid7()

    assert next_delay(one, 3) == next_delay(one, 3)


def test_waits_as_long_as_the_receiver_asks_but_never_less_than_the_schedule():
    one = uuid7()

    assert next_delay(one, 1, retry_after=timedelta(minutes=2)) == timedelta(minutes=2)
    assert next_delay(one, 2, retry_after=timedelta(seconds=1)) == next_delay(one, 2)
    assert next_delay(one, 1, retry_after=timedelta(days=365)) == timedelta(days=1)


def test_pauses_an_endpoint_after_five_failures_and_never_longer_than_five_minutes():
    assert [pause(n) for n in range(5)] == [None] * 5
    assert pause(5) == timedelta(seconds=5)
    assert pause(6) == timedelta(seconds=10)
    assert pause(1_000_000) == timedelta(minutes=5)
