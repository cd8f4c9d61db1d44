"""Identifiers that sort by the time they were made."""

import os
import threading
import time
from uuid import UUID

_lock = threading.Lock()
_last = 0


def uuid7() -> UUID:
    """Return a new UUIDv7 (RFC 9562), strictly greater than any this process made before.

    48 bits of milliseconds and 12 bits of their fraction, then 62 random bits. Ids sort by the
    time they were made, which is not the order in which their rows are committed.
    """
    global _last
    with _lock:
        ticks = max(time.time_ns() * 4096 // 1_000_000, _last + 1)
        _last = ticks
    random = int.from_bytes(os.urandom(8), "big") & 0x3FFF_FFFF_FFFF_FFFF
    return UUID(int=(ticks >> 12) << 80 | 0x7 << 76 | (ticks & 0xFFF) << 64 | 0x2 << 62 | random)
