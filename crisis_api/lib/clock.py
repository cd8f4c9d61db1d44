"""The one clock. Everything that asks for the time asks here, so that tests can move it.

Inside it is always an aware datetime in UTC; zones belong to the edge.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import connections

_frozen_at: datetime | None = None
_offset = timedelta(0)


def _shared_offset() -> timedelta:
    """How far a test has moved the clock that all its processes share.

    Honoured only where CRISIS_TEST=1, so that a stray file can never move a real system.
    """
    path = os.environ.get("CRISIS_CLOCK_FILE")
    if not path or os.environ.get("CRISIS_TEST") != "1":
        return timedelta(0)
    try:
        return timedelta(seconds=float(Path(path).read_text(encoding="ascii") or 0))
    except (OSError, ValueError):
        return timedelta(0)


def now() -> datetime:
    """Return this host's time in UTC."""
    if _frozen_at is not None:
        return _frozen_at
    return datetime.now(UTC) + _offset + _shared_offset()


def decisive_now(using: str = "default") -> datetime:
    """Return the time by which due rows are judged, in UTC.

    On PostgreSQL it is the database's own clock, so that hosts may disagree; one short query.
    """
    if _frozen_at is not None or connections[using].vendor != "postgresql":
        return now()
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (at,) = cursor.fetchone()
    moved: datetime = at.astimezone(UTC) + _offset + _shared_offset()
    return moved


def moved() -> timedelta:
    """By how much a test has moved the clock, for what asks another clock; nothing otherwise."""
    if _frozen_at is not None:
        return _frozen_at - datetime.now(UTC)
    return _offset + _shared_offset()


@contextmanager
def frozen(at: datetime | None = None) -> Iterator[None]:
    """Stop the clock for a test, at the given time or at the present one."""
    global _frozen_at
    before = _frozen_at
    _frozen_at = at or now()
    try:
        yield
    finally:
        _frozen_at = before


def move(delta: timedelta) -> None:
    """Move the clock of this process, frozen or running, for a test."""
    global _frozen_at, _offset
    if _frozen_at is not None:
        _frozen_at += delta
    else:
        _offset += delta


def reset() -> None:
    """Let the clock of this process run free again, for a test."""
    global _frozen_at, _offset
    _frozen_at, _offset = None, timedelta(0)
