"""When a delivery that failed is tried again: pure arithmetic."""

from datetime import timedelta
from uuid import UUID
from zlib import crc32

# After the first attempt: 75 hours and 35 minutes in all, as Standard Webhooks recommends.
DELAYS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
ATTEMPTS = len(DELAYS) + 1
JITTER = 0.1
LONGEST_WISH = timedelta(hours=24)

# Failures in a row that an endpoint may have before it is paused as a whole.
TOLERATED_FAILURES = 4
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=5)


def next_delay(
    delivery_id: UUID, attempts: int, *, retry_after: timedelta | None = None
) -> timedelta | None:
    """Return how long to wait after that many attempts; None when that was the last one.

    Up to a tenth is added, differently for each delivery and attempt, so that what failed together
    doesn't come back together. A receiver that asks for more time gets it, up to a day.
    """
    if attempts >= ATTEMPTS:
        return None
    delay = DELAYS[max(attempts, 1) - 1]
    delay += delay * JITTER * _share(f"{delivery_id}:{attempts}")
    return max(delay, min(retry_after, LONGEST_WISH)) if retry_after else delay


def pause(failures: int) -> timedelta | None:
    """Return how long an endpoint is left alone after so many failures in a row, None for not.

    5 seconds after the fifth, doubling up to 5 minutes.
    """
    beyond = failures - TOLERATED_FAILURES - 1
    if beyond < 0:
        return None
    return min(FIRST_PAUSE * 2 ** min(beyond, 10), LONGEST_PAUSE)


def _share(text: str) -> float:
    """Return a number from 0 to 1 that always is the same for the same text."""
    return crc32(text.encode()) / 0xFFFF_FFFF
