"""A breaker for each destination: hosts that keep their callers waiting hold up few of them.

    with breaker.reach("https://hooks.example:443"):
        ...                      # the call; how it ends is noted

What counts is only whether a caller is held: an answer of any kind, and a failure that comes
quickly, cost nobody else anything. Known to one process: each finds out for itself, which takes one
caller's patience.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

from crisis_api.lib.errors import ChannelError

# Whoever has waited so long is held; shorter than that, nobody looks.
HELD_AFTER = 3.0
# Of callers that wait for a host which has not answered anybody since, so many at once.
HELD_AT_MOST = 2
# A host that answered within this time is trusted with any number.
TRUSTED_FOR = 60.0
# After a wait that was in vain, one caller tries after this time; all others are refused at once.
PAUSE = 5.0
_KNOWN_AT_MOST = 2_000


class _Verdict(Enum):
    GO = "go"
    WAIT = "wait"
    REFUSE = "refuse"


@dataclass(slots=True)
class _Host:
    """What is known of one destination, by this process's monotonic clock."""

    answered_at: float = float("-inf")
    in_vain_at: float = float("-inf")
    calls: list[float] = field(default_factory=list)

    def verdict(self, now: float) -> _Verdict:
        if self.in_vain_at > self.answered_at:
            ready = not self.calls and now - self.in_vain_at >= PAUSE
            return _Verdict.GO if ready else _Verdict.REFUSE
        held = [at for at in self.calls if self.answered_at < at <= now - HELD_AFTER]
        if len(held) >= HELD_AT_MOST:
            return _Verdict.REFUSE
        if now - self.answered_at > TRUSTED_FOR and len(self.calls) >= HELD_AT_MOST:
            return _Verdict.WAIT
        return _Verdict.GO

    def ended(self, began: float, now: float, *, answered: bool) -> None:
        self.calls.remove(began)
        if answered or now - began < HELD_AFTER:
            self.answered_at = now
        elif began > self.answered_at:
            # Nobody else was answered meanwhile either: it is the host, not the one address.
            self.in_vain_at = now


class Breaker:
    """Decides who may call which destination now; safe for any number of threads."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._changed = threading.Condition()
        self._hosts: dict[str, _Host] = {}

    @contextmanager
    def reach(self, destination: str) -> Iterator[None]:
        """Call a destination inside; raise ChannelError at once where it holds its callers.

        While a host that nobody knows yet has not answered the first two, others wait a moment
        for what becomes of them.
        """
        host, began = self._enter(destination)
        try:
            yield
        except ChannelError as error:
            self._leave(host, began, answered=error.status is not None)
            raise
        except BaseException:
            self._leave(host, began, answered=False)
            raise
        self._leave(host, began, answered=True)

    def _enter(self, destination: str) -> tuple[_Host, float]:
        with self._changed:
            host = self._host(destination)
            while (verdict := host.verdict(self._now())) is _Verdict.WAIT:
                self._changed.wait(HELD_AFTER / 10)
            if verdict is _Verdict.REFUSE:
                raise ChannelError(
                    "destination_hangs",
                    "Others wait for this destination in vain.",
                    retry_after=timedelta(seconds=PAUSE),
                )
            began = self._now()
            host.calls.append(began)
            return host, began

    def _leave(self, host: _Host, began: float, *, answered: bool) -> None:
        with self._changed:
            host.ended(began, self._now(), answered=answered)
            self._changed.notify_all()

    def _host(self, destination: str) -> _Host:
        if destination not in self._hosts and len(self._hosts) >= _KNOWN_AT_MOST:
            # Those of which nobody waits for an answer begin anew.
            self._hosts = {name: host for name, host in self._hosts.items() if host.calls}
        return self._hosts.setdefault(destination, _Host())


_here = Breaker()


def reach(destination: str) -> AbstractContextManager[None]:
    """Call a destination inside, as this process knows it; see `Breaker.reach`."""
    return _here.reach(destination)


def forget() -> None:
    """Begin anew: in tests, and in a forked child, where the parent's calls never end."""
    global _here
    _here = Breaker()


os.register_at_fork(after_in_child=forget)
