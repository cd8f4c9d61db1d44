"""How many calls a network lets through, counted over a sliding time: pure arithmetic.

    windows = Windows()
    wait = windows.take(buckets, now)       # nothing to wait for: the call is counted

One process counts here for itself; what all processes share is counted in Redis by the same rules
(`incidents.services.pace`).
"""

import math
import threading
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from incidents.channels.connection import Bucket

NOTHING: Final = timedelta(0)
# A limit of a day that somebody else used up is looked at again before the day is over.
LONGEST_PAUSE: Final = timedelta(minutes=5)
_MOST_KEYS: Final = 5_000


@dataclass(slots=True)
class _Window:
    """The calls of one bucket, the oldest first, and until when the network shut us out."""

    calls: deque[datetime] = field(default_factory=deque)
    shut_until: datetime | None = None


class Windows:
    """The buckets of one process; safe for its threads. Those used least lately are forgotten."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, _Window] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, buckets: Sequence[Bucket], now: datetime, share: float = 1.0) -> timedelta:
        """Count one call in all buckets, or in none; return how long to wait where one is full.

        `share`: which part of each bucket may be used, so that the rest is left to others.
        """
        with self._lock:
            windows = [(each, self._window(each.key)) for each in buckets]
            wait = max((_wait(*each, now, share) for each in windows), default=NOTHING)
            if wait <= NOTHING:
                for _, window in windows:
                    window.calls.append(now)
            return max(wait, NOTHING)

    def exceeded(self, buckets: Sequence[Bucket], now: datetime) -> None:
        """Note that the network let us through no more, whichever of the buckets it was."""
        with self._lock:
            for each in buckets:
                self._window(each.key).shut_until = now + pause(each)

    def _window(self, key: str) -> _Window:
        window = self._known.pop(key, None) or _Window()
        self._known[key] = window
        if len(self._known) > _MOST_KEYS:
            self._known.popitem(last=False)
        return window


def _wait(bucket: Bucket, window: _Window, now: datetime, share: float) -> timedelta:
    calls = window.calls
    while calls and calls[0] <= now - bucket.within:
        calls.popleft()
    wait = window.shut_until - now if window.shut_until else NOTHING
    most = allowed(bucket, share)
    if len(calls) >= most:
        wait = max(wait, calls[len(calls) - most] + bucket.within - now)
    return wait


def allowed(bucket: Bucket, share: float) -> int:
    """Return how many calls a part of a bucket is, one at least: less would be never."""
    return max(int(bucket.most * share), 1)


def pause(bucket: Bucket) -> timedelta:
    """Return how long a bucket is left alone once the network has shut us out."""
    return min(bucket.recovery, LONGEST_PAUSE)


def time_for(buckets: Sequence[Bucket], calls: int) -> timedelta:
    """Return how long so many calls take at the full pace, from an empty start.

    For whoever tells people when a queue will be through.
    """
    if calls <= 0:
        return NOTHING
    return max(
        ((math.ceil(calls / each.most) - 1) * each.within for each in buckets), default=NOTHING
    )
