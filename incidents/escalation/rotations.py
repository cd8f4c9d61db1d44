"""Who is on call when.

Participants take turns in order. A shift ends when the wall clock of the rotation's zone reaches
the handoff time of a handoff day, by the rule of `wall_clock`; an override puts a person on call
for a time instead. Shifts tile time: one ends at the very instant at which the next begins.

    >>> team = RotationShape("Europe/Moscow", date(2026, 1, 5), time(9), 0, 7, ("anna", "boris"))
    >>> on_call(team, [], datetime(2026, 1, 14, tzinfo=UTC)).person
    'boris'
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from incidents.escalation.flaws import Flaw
from incidents.escalation.wall_clock import UnknownZone, first_instant, in_utc, zone_named

MAX_SHIFT_DAYS = 366
MAX_PARTICIPANTS = 100
FIRST_YEAR, LAST_YEAR = 2000, 2200
START_OF_TIME = datetime(1900, 1, 1, tzinfo=UTC)
END_OF_TIME = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RotationShape:
    """Participants in order, and when one hands over to the next.

    The first shift begins on `starts_on` at `handoff_time`; before that nobody is on call.
    `shift_days` is 1 for a daily handoff, 7 for a weekly one. With `handoff_weekday` (0 is
    Monday) handoffs fall on that day of the week, and the first shift is the shorter for it.
    """

    zone: str
    starts_on: date
    handoff_time: time
    handoff_weekday: int | None
    shift_days: int
    participants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OverrideShape:
    """A person who is on call from `start` until `end`, whoever's turn it is.

    Where overrides overlap, the latest created stands, and of two created in the same instant
    the one that comes later in the list. An override needs no participants, and holds even
    before the rotation starts.
    """

    start: datetime
    end: datetime
    person: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Shift:
    """A time, in UTC, through which one person is on call: from `start`, up to but without `end`.

    An override for whoever is on call anyway changes nothing and does not show. Overrides of one
    person that touch or overlap are one shift.
    """

    person: str
    start: datetime
    end: datetime
    is_override: bool


def rotation_flaws(shape: RotationShape) -> list[Flaw]:
    """Say what is wrong with a rotation, field by field; an empty list means nothing."""
    flaws = []
    try:
        zone_named(shape.zone)
    except UnknownZone:
        flaws.append(Flaw("/time_zone", "unknown_time_zone", {"zone": shape.zone}))
    if not FIRST_YEAR <= shape.starts_on.year <= LAST_YEAR:
        limits: dict[str, int | str] = {"min": FIRST_YEAR, "max": LAST_YEAR}
        flaws.append(Flaw("/starts_on", "year_out_of_range", limits))
    if not 1 <= shape.shift_days <= MAX_SHIFT_DAYS:
        flaws.append(
            Flaw("/shift_days", "shift_days_out_of_range", {"min": 1, "max": MAX_SHIFT_DAYS})
        )
    if shape.handoff_weekday is not None:
        if not 0 <= shape.handoff_weekday <= 6:
            flaws.append(Flaw("/handoff_weekday", "unknown_weekday"))
        elif shape.shift_days % 7:
            flaws.append(Flaw("/handoff_weekday", "weekday_needs_whole_weeks"))
    if len(shape.participants) > MAX_PARTICIPANTS:
        flaws.append(Flaw("/participants", "too_many_participants", {"max": MAX_PARTICIPANTS}))
    return flaws


def override_flaws(override: OverrideShape) -> list[Flaw]:
    """Say what is wrong with an override; an empty list means nothing."""
    if in_utc(override.end) <= in_utc(override.start):
        return [Flaw("/ends_at", "ends_before_it_starts")]
    return []


def on_call(shape: RotationShape, overrides: Sequence[OverrideShape], at: datetime) -> Shift | None:
    """Return the whole shift of whoever is on call at that time; None where nobody is.

    Takes the same time however long ago the rotation started. Only overrides that touch the
    shift matter, so the caller may leave out those that ended long before or start long after.
    """
    return _Schedule(shape, overrides).shift_at(in_utc(at))


def next_shift(
    shape: RotationShape, overrides: Sequence[OverrideShape], at: datetime
) -> Shift | None:
    """Return the first shift that starts after that time; None where none ever does.

    It may be the same person's again, where only one takes part.
    """
    schedule = _Schedule(shape, overrides)
    current = schedule.shift_at(in_utc(at))
    return next(schedule.shifts_from(current.end if current else in_utc(at)), None)


def shifts(
    shape: RotationShape, overrides: Sequence[OverrideShape], start: datetime, end: datetime
) -> list[Shift]:
    """Return every shift that touches the time from `start` until `end`, whole, for a calendar."""
    found = []
    for shift in _Schedule(shape, overrides).shifts_from(in_utc(start)):
        if shift.start >= in_utc(end):
            break
        found.append(shift)
    return found


# Who holds a stretch of time: the turn of that number, or the overrides for that person.
_Holder = int | str


class _Schedule:
    """A rotation with its overrides, as a line of stretches that each have one holder or none."""

    def __init__(self, shape: RotationShape, overrides: Sequence[OverrideShape]) -> None:
        self._shape = shape
        self._zone = zone_named(shape.zone)
        self._first_day = _first_handoff_day(shape)
        self._begins = first_instant(shape.starts_on, shape.handoff_time, self._zone)
        # Latest created first. Sorting keeps the order of ties, so the later in the list wins.
        ranked = sorted(overrides, key=lambda override: in_utc(override.created_at))
        self._overrides = [(in_utc(o.start), in_utc(o.end), o.person) for o in reversed(ranked)]
        self._edges = sorted({edge for start, end, _ in self._overrides for edge in (start, end)})

    def shift_at(self, at: datetime) -> Shift | None:
        holder, start, end = self._stretch(at)
        if holder is None:
            return None
        # A holder's stretches end at every edge of an override, even one that changes nothing.
        while start > self._begins or isinstance(holder, str):
            before, earlier, _ = self._stretch(start - datetime.resolution)
            if before != holder:
                break
            start = earlier
        while end < END_OF_TIME:
            after, _, later = self._stretch(end)
            if after != holder:
                break
            end = later
        return Shift(self._person(holder), start, end, isinstance(holder, str))

    def shifts_from(self, at: datetime) -> Iterator[Shift]:
        """Yield the shifts that end after `at`, in order."""
        while at < END_OF_TIME:
            shift = self.shift_at(at)
            if shift is not None:
                yield shift
            at = shift.end if shift else self._stretch(at)[2]

    def _stretch(self, at: datetime) -> tuple[_Holder | None, datetime, datetime]:
        """Return who holds this moment, and an interval around it without any other holder."""
        start, end = self._between_edges(at)
        turn = self._turn_at(at)
        person = self._overriding(at)
        if person is not None and person not in self._shape.participants:
            return person, start, end
        if turn is None:
            end = min(end, self._begins) if self._shape.participants else end
            return person, start, end
        start, end = max(start, self._handoff(turn)), min(end, self._handoff(turn + 1))
        if person is not None and person != self._person(turn):
            return person, start, end
        return turn, start, end

    def _turn_at(self, at: datetime) -> int | None:
        """Return the number of the turn, from 0, whoever overrides it; None before the first."""
        if not self._shape.participants or at < self._begins:
            return None
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

    def _overriding(self, at: datetime) -> str | None:
        return next((person for start, end, person in self._overrides if start <= at < end), None)

    def _between_edges(self, at: datetime) -> tuple[datetime, datetime]:
        """Return the starts or ends of overrides next to this moment, before and after it."""
        index = bisect_right(self._edges, at)
        start = self._edges[index - 1] if index else START_OF_TIME
        end = self._edges[index] if index < len(self._edges) else END_OF_TIME
        return start, end

    def _person(self, holder: _Holder) -> str:
        if isinstance(holder, str):
            return holder
        return self._shape.participants[holder % len(self._shape.participants)]


def _first_handoff_day(shape: RotationShape) -> date:
    """Return the handoff day from which turns are counted, on or before the first shift's."""
    if shape.handoff_weekday is None:
        return shape.starts_on
    return shape.starts_on - timedelta(days=(shape.starts_on.weekday() - shape.handoff_weekday) % 7)
