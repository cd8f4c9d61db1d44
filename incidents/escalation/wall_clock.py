"""When a clock on the wall of some place shows a given time, across every change of that clock.

A wall clock jumps: it leaves out an hour in spring, repeats one in autumn, and has left out a
whole day. One rule covers all of that and keeps the order of times: a wall time happens at the
first instant at which the clock has reached it. So a time that is left out happens right after
the jump, and a time that comes twice happens the first time.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_SECOND = timedelta(seconds=1)


class UnknownZone(ValueError):
    """There is no time zone of that name in this machine's tables."""


def zone_named(name: str) -> ZoneInfo:
    """Return the time zone of that IANA name; raises UnknownZone."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        # A folder's name such as "Europe" raises OSError, one with ".." ValueError.
        raise UnknownZone(name) from error


def in_utc(at: datetime) -> datetime:
    """Return the same instant in UTC; raises ValueError where no zone is given.

    Adding to or comparing datetimes that share a zone works on the wall clock in Python, so
    every calculation here starts with this.
    """
    if at.tzinfo is None:
        raise ValueError("a time without a zone is no instant")
    return at.astimezone(UTC)


def first_instant(day: date, wall_time: time, zone: ZoneInfo) -> datetime:
    """Return when the wall clock first reaches this time of this day, in UTC."""
    wall = datetime.combine(day, wall_time)
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if first <= second:
        return first
    # The wall time is left out. Read by the offset after the jump (fold=1) it lies before the
    # jump, and read by the offset before the jump it lies after it: the jump is in between.
    return _moment_of_jump(second, first, wall, zone)


def _moment_of_jump(before: datetime, after: datetime, wall: datetime, zone: ZoneInfo) -> datetime:
    """Find the jump, a whole second in (before, after], that passes over `wall`."""
    low, high = before.replace(microsecond=0), after.replace(microsecond=0)
    while high - low > _SECOND:
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if middle.astimezone(zone).replace(tzinfo=None) >= wall:
            high = middle
        else:
            low = middle
    return high
