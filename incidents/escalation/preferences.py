"""Through which of a person's contact points something goes, by how grave it is and by the hour.

A contact point may say from which severity on it is for, and in which hours. What is less than
critical goes to no point that does not want it: it waits for the hour at which one does, and where
none ever does the person is not told. What is critical goes to those that want it first and then to
all others, so that no preference leaves a person without a way to be reached.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from incidents.escalation.hours import BrokenHours, WorkingHours
from incidents.escalation.wall_clock import UnknownZone

LOW, CRITICAL = 1, 4


class Point(Protocol):
    """What is asked of a contact point."""

    urgency: str
    from_severity: int
    hours: object


P = TypeVar("P", bound=Point)


def chain(points: Sequence[P], *, urgency: str, severity: int, at: datetime, zone: str) -> list[P]:
    """Return the points to try, in order: those of the urgency, else those of the other one."""
    own = [point for point in points if point.urgency == urgency] or list(points)
    wanted = [point for point in own if _wants(point, severity, at, zone)]
    if severity >= CRITICAL:
        return wanted + [point for point in own if point not in wanted]
    return wanted or [point for point in points if _wants(point, severity, at, zone)]


def next_wanted(
    points: Iterable[Point], *, severity: int, at: datetime, zone: str
) -> datetime | None:
    """Return when any of the points wants it: `at` itself for now, None for never."""
    if severity >= CRITICAL:
        return at
    times = [_next(point, at, zone) for point in points if severity >= point.from_severity]
    return min((time for time in times if time is not None), default=None)


def _wants(point: Point, severity: int, at: datetime, zone: str) -> bool:
    return severity >= point.from_severity and _next(point, at, zone) == at


def _next(point: Point, at: datetime, zone: str) -> datetime | None:
    """Hours that cannot be read count as always: a damaged field must not silence anybody."""
    if not point.hours:
        return at
    try:
        return WorkingHours.from_json(point.hours, zone=zone).next_working(at)
    except (BrokenHours, UnknownZone):
        return at
