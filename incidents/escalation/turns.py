"""The turns of one layer of a rotation: whose turn it is, and from when until when.

Participants take turns in order. A turn ends when the wall clock of the rotation's zone reaches the
handoff time of a handoff day. Where a layer has hours, its turns hold only in them: outside of them
it is nobody's turn, and the layer below decides.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from incidents.escalation.coverage import joined
from incidents.escalation.hours import WorkingHours
from incidents.escalation.wall_clock import first_instant, zone_named

START_OF_TIME = datetime(1900, 1, 1, tzinfo=UTC)
END_OF_TIME = datetime(9000, 1, 1, tzinfo=UTC)
_WEEK = timedelta(days=7)
# Long enough to hold a span of hours on both sides of any instant of the week in the middle.
_AROUND = timedelta(days=9)


@dataclass(frozen=True, slots=True)
class RotationShape:
    """Participants in order, and when one hands over to the next.

    The first shift begins on `starts_on` at `handoff_time`; before that nobody is on call.
    `shift_days` is 1 for a daily handoff, 7 for a weekly one. With `handoff_weekday` (0 is
    Monday) handoffs fall on that day of the week, and the first shift is the shorter for it.
    `hours` are when it holds at all, always where there are none. `layers` go before it, the first
    of them before all others; each has its own order and hours, in the same zone.
    """

    zone: str
    starts_on: date
    handoff_time: time
    handoff_weekday: int | None
    shift_days: int
    participants: tuple[str, ...]
    hours: WorkingHours | None = None
    layers: tuple["RotationShape", ...] = ()


class Turns:
    """One layer's turns, numbered from 0, as a line of stretches."""

    def __init__(self, shape: RotationShape) -> None:
        self._shape = shape
        self._zone = zone_named(shape.zone)
        self._first_day = _first_handoff_day(shape)
        self._begins = first_instant(shape.starts_on, shape.handoff_time, self._zone)
        self._hours = _Hours(shape.hours) if shape.hours and shape.hours.days else None

    def stretch(self, at: datetime) -> tuple[int | None, datetime, datetime]:
        """Return the turn that holds at this moment, None for nobody's, and a time around it in
        which that does not change.
        """
        if not self._shape.participants:
            return None, START_OF_TIME, END_OF_TIME
        if at < self._begins:
            return None, START_OF_TIME, self._begins
        since, until = START_OF_TIME, END_OF_TIME
        if self._hours is not None:
            holds, since, until = self._hours.around(at)
            if not holds:
                return None, since, until
        turn = self._turn_at(at)
        return turn, max(since, self._handoff(turn)), min(until, self._handoff(turn + 1))

    def person(self, turn: int) -> str:
        """Return whose turn it is."""
        return self._shape.participants[turn % len(self._shape.participants)]

    def _turn_at(self, at: datetime) -> int:
        days = (at.astimezone(self._zone).date() - self._first_day).days
        # The estimate is never too low and at most a few turns too high, where the clock of the
        # wall has jumped or the day's handoff is still to come.
        turn = days // self._shape.shift_days + 1
        while self._handoff(turn) > at:
            turn -= 1
        return turn

    def _handoff(self, turn: int) -> datetime:
        """Return when that turn begins. Two may begin at once where a whole day is left out."""
        day = self._first_day + timedelta(days=turn * self._shape.shift_days)
        return max(self._begins, first_instant(day, self._shape.handoff_time, self._zone))


@dataclass(slots=True)
class _Hours:
    """A week of hours, laid out around the instants asked about and kept: calendars ask often."""

    hours: WorkingHours
    laid_out: dict[int, tuple[list[datetime], bool]] = field(default_factory=dict)

    def around(self, at: datetime) -> tuple[bool, datetime, datetime]:
        """Return whether it holds at that time, and an interval around it in which that stays.

        The interval may be shorter than it could be, never longer.
        """
        week = (at - START_OF_TIME) // _WEEK
        if week not in self.laid_out:
            self.laid_out[week] = self._edges(START_OF_TIME + week * _WEEK)
        edges, holds_first = self.laid_out[week]
        place = bisect_right(edges, at)
        return holds_first is (place % 2 == 1), edges[place - 1], edges[place]

    def _edges(self, start: datetime) -> tuple[list[datetime], bool]:
        """Return when it begins and ends to hold near that week, and whether it does at first."""
        low, high = start - _AROUND, start + _WEEK + _AROUND
        inside = [
            (max(begin, low), min(end, high))
            for begin, end in joined(self.hours.spans(low, high))
            if begin < high and end > low
        ]
        edges = [edge for span in inside for edge in span]
        holds_first = bool(inside) and inside[0][0] == low
        return ([] if holds_first else [low]) + edges + [high], holds_first


def _first_handoff_day(shape: RotationShape) -> date:
    """Return the handoff day from which turns are counted, on or before the first shift's."""
    if shape.handoff_weekday is None:
        return shape.starts_on
    return shape.starts_on - timedelta(days=(shape.starts_on.weekday() - shape.handoff_weekday) % 7)
