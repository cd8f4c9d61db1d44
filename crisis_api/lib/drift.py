"""Does this host's clock run as it should?

Where the database has a clock of its own, that decides what is due, and the host is compared with
it. On SQLite there is only the host: its clock is compared with the ticks since it booted, which
nobody can set. Steps and slewing are both seen; a crystal that is wrong by nature is not.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import connections

TOLERATED = timedelta(seconds=2)
# Good clocks are steered by less than 500 millionths: 0.15 s within this time.
WINDOW = timedelta(minutes=5)
# An answer that took longer says too little about when it was given.
QUICK = timedelta(seconds=1)


def ticks() -> float:
    """Return seconds that nobody sets or steers, those of sleep included."""
    raw = getattr(time, "CLOCK_MONOTONIC_RAW", None)
    slept = getattr(time, "CLOCK_BOOTTIME", None)
    if raw is None or slept is None:
        return time.monotonic()
    return time.clock_gettime(raw) + time.clock_gettime(slept) - time.monotonic()


@dataclass(slots=True)
class Drift:
    """What is known of this host's clock since this was made; ask it several times a minute."""

    wall: Callable[[], float] = time.time
    ticks: Callable[[], float] = ticks
    _seen: deque[tuple[float, float]] = field(default_factory=deque)

    def off(self, using: str = "default") -> timedelta:
        """Return how far the host is from the database's clock, or went astray within minutes."""
        if connections[using].vendor == "postgresql":
            return self._apart(using)
        now, wall = self.ticks(), self.wall()
        self._seen.append((now, wall - now))
        while now - self._seen[0][0] > WINDOW.total_seconds():
            self._seen.popleft()
        apart = (wall - now - before for _, before in self._seen)
        return timedelta(seconds=max(apart, key=abs))

    def _apart(self, using: str) -> timedelta:
        began = self.wall()
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            theirs: datetime = cursor.fetchone()[0]
        ended = self.wall()
        if ended - began > QUICK.total_seconds():
            return timedelta(0)
        return datetime.fromtimestamp((began + ended) / 2, UTC) - theirs.astimezone(UTC)
