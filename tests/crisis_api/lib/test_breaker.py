import threading
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from crisis_api.lib import breaker as breakers
from crisis_api.lib.breaker import HELD_AFTER, HELD_AT_MOST, PAUSE, TRUSTED_FOR, Breaker
from crisis_api.lib.errors import ChannelError
from tests.processes import until

HOST = "https://hooks.example"


class Time:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Calls:
    """Calls that take as long as the test wants."""

    def __init__(self) -> None:
        self.time = Time()
        self.breaker = Breaker(self.time)

    def answered(self, seconds: float = 0.0, host: str = HOST) -> None:
        with self.breaker.reach(host):
            self.time.now += seconds

    def times_out(self, seconds: float = 10.0, host: str = HOST) -> None:
        with suppress(ChannelError), self.breaker.reach(host):
            self.time.now += seconds
            raise ChannelError("timeout", ambiguous=True)

    def is_refused(self, host: str = HOST) -> bool:
        called = False
        with suppress(ChannelError), self.breaker.reach(host):
            called = True
        return not called


@pytest.fixture
def calls() -> Calls:
    return Calls()


def test_refuses_at_once_after_a_wait_in_vain_and_lets_one_try_after_a_pause(calls: Calls) -> None:
    calls.times_out()
    assert calls.is_refused()
    calls.time.now += PAUSE
    with calls.breaker.reach(HOST):
        assert calls.is_refused(), "only one tries"
    assert not calls.is_refused(), "it has answered"


def test_says_that_trying_again_can_help_and_when(calls: Calls) -> None:
    calls.times_out()
    with pytest.raises(ChannelError) as refusal, calls.breaker.reach(HOST):
        pass
    assert (refusal.value.code, refusal.value.permanent) == ("destination_hangs", False)
    assert refusal.value.retry_after == timedelta(seconds=PAUSE)


def test_goes_on_refusing_while_the_one_that_tries_waits_in_vain(calls: Calls) -> None:
    calls.times_out()
    calls.time.now += PAUSE
    calls.times_out()
    assert calls.is_refused()


def test_knows_each_destination_by_itself(calls: Calls) -> None:
    calls.times_out()
    assert not calls.is_refused("https://another.example")


def test_is_not_troubled_by_what_fails_quickly(calls: Calls) -> None:
    for _ in range(20):
        calls.times_out(seconds=0.1)
    assert not calls.is_refused()


def test_takes_a_slow_refusal_for_an_answer(calls: Calls) -> None:
    with suppress(ChannelError), calls.breaker.reach(HOST):
        calls.time.now += 9
        raise ChannelError("http_500", status=500)
    assert not calls.is_refused()


def test_blames_the_address_and_not_the_host_that_answers_others(calls: Calls) -> None:
    with suppress(ChannelError), calls.breaker.reach(HOST):
        calls.time.now += 5
        calls.answered()
        calls.time.now += 5
        raise ChannelError("timeout")
    assert not calls.is_refused()


def test_lets_a_host_that_stops_answering_hold_two_and_no_more(calls: Calls) -> None:
    calls.answered()
    calls.time.now += 1
    with calls.breaker.reach(HOST), calls.breaker.reach(HOST), calls.breaker.reach(HOST):
        calls.time.now += HELD_AFTER
        assert calls.is_refused()


def test_lets_a_host_that_answers_be_called_by_any_number(calls: Calls) -> None:
    calls.answered()
    with calls.breaker.reach(HOST), calls.breaker.reach(HOST), calls.breaker.reach(HOST):
        assert not calls.is_refused()


class InThreads:
    """Callers that enter and stay until they are let go."""

    def __init__(self, breaker: Breaker) -> None:
        self.breaker, self.let_go = breaker, threading.Event()
        self.inside: list[int] = []
        self.refused: list[int] = []
        self.threads: list[threading.Thread] = []

    def start(self, number: int) -> None:
        for place in range(number):
            self.threads.append(threading.Thread(target=self._call, args=(place,)))
            self.threads[-1].start()

    def _call(self, place: int) -> None:
        try:
            with self.breaker.reach(HOST):
                self.inside.append(place)
                self.let_go.wait(60)
        except ChannelError:
            self.refused.append(place)

    def end(self) -> None:
        self.let_go.set()
        for thread in self.threads:
            thread.join(60)


@pytest.fixture
def callers(calls: Calls) -> Any:
    made = InThreads(calls.breaker)
    yield made
    made.end()


def test_sends_two_ahead_to_a_host_that_nobody_knows_yet(calls: Calls, callers: InThreads) -> None:
    callers.start(6)
    until(lambda: len(callers.inside) == HELD_AT_MOST)
    calls.time.now += HELD_AFTER
    until(lambda: len(callers.refused) == 4)
    assert len(callers.inside) == HELD_AT_MOST


def test_follows_when_those_two_are_answered(calls: Calls, callers: InThreads) -> None:
    callers.start(6)
    until(lambda: len(callers.inside) == HELD_AT_MOST)
    callers.let_go.set()
    until(lambda: len(callers.inside) == 6)
    assert callers.refused == []


def test_trusts_no_host_for_ever(calls: Calls, callers: InThreads) -> None:
    calls.answered()
    calls.time.now += TRUSTED_FOR + 1
    callers.start(3)
    until(lambda: len(callers.inside) == HELD_AT_MOST)
    calls.time.now += HELD_AFTER
    until(lambda: len(callers.refused) == 1)


def test_forgets_old_hosts_rather_than_grow(calls: Calls, monkeypatch: Any) -> None:
    monkeypatch.setattr(breakers, "_KNOWN_AT_MOST", 10)
    for number in range(50):
        calls.answered(host=f"https://{number}.example")
    assert len(calls.breaker._hosts) <= 11
