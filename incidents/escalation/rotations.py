"""Who is on call when.

Participants take turns in order. A shift ends when the wall clock of the rotation's zone reaches
the handoff time of a handoff day, by the rule of `wall_clock`. Layers go before the rotation's own
order: the first that holds at a time decides, and where none does, the rotation itself. An override
puts a person on call for a time, whatever the layers say. Shifts tile time: one ends at the very
instant at which the next begins.

    >>> team = RotationShape("Europe/Moscow", date(2026, 1, 5), time(9), 0, 7, ("anna", "boris"))
    >>> on_call(team, [], datetime(2026, 1, 14, tzinfo=UTC)).person
    'boris'
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from incidents.escalation.flaws import Flaw
from incidents.escalation.turns import END_OF_TIME, START_OF_TIME, RotationShape, Turns
from incidents.escalation.wall_clock import UnknownZone, in_utc, zone_named

MAX_SHIFT_DAYS = 366
MAX_PARTICIPANTS = 100
FIRST_YEAR, LAST_YEAR = 2000, 2200
MAX_LAYERS = 10


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
    person that touch or overlap are one shift. `layer` is the place, from 0, of the layer that
    decided; None where the rotation's own order or an override did.
    """

    person: str
    start: datetime
    end: datetime
    is_override: bool
    layer: int | None = None


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
    if shape.hours is not None and shape.hours.days and not any(shape.hours.days.values()):
        flaws.append(Flaw("/hours", "hours_without_time"))
    return flaws


def layer_flaws(shape: RotationShape) -> list[Flaw]:
    """Say what is wrong with a layer of a rotation, which must have somebody in it."""
    flaws = rotation_flaws(shape)
    if not shape.participants:
        flaws.append(Flaw("/participants", "no_participants"))
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


# Who holds a stretch of time: a layer's turn of that number, or the overrides for that person.
_Holder = tuple[int, int] | str


class _Schedule:
    """A rotation with its overrides, as a line of stretches that each have one holder or none."""

    def __init__(self, shape: RotationShape, overrides: Sequence[OverrideShape]) -> None:
        # The rotation's own order is the lowest layer.
        layers = [*shape.layers, shape]
        self._lowest = len(layers) - 1
        self._layers = [Turns(layer) for layer in layers]
        self._everybody = {person for layer in layers for person in layer.participants}
        # Latest created first. Sorting keeps the order of ties, so the later in the list wins.
        ranked = sorted(overrides, key=lambda override: in_utc(override.created_at))
        self._overrides = [(in_utc(o.start), in_utc(o.end), o.person) for o in reversed(ranked)]
        self._edges = sorted({edge for start, end, _ in self._overrides for edge in (start, end)})

    def shift_at(self, at: datetime) -> Shift | None:
        holder, start, end = self._stretch(at)
        if holder is None:
            return None
        # A holder's stretches end at every edge of an override, even one that changes nothing.
        while start > START_OF_TIME:
            before, earlier, _ = self._stretch(start - datetime.resolution)
            if before != holder:
                break
            start = earlier
        while end < END_OF_TIME:
            after, _, later = self._stretch(end)
            if after != holder:
                break
            end = later
        if isinstance(holder, str):
            return Shift(holder, start, end, is_override=True)
        layer = None if holder[0] == self._lowest else holder[0]
        return Shift(self._person(holder), start, end, is_override=False, layer=layer)

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
        person = self._overriding(at)
        if person is not None and person not in self._everybody:
            return person, start, end
        turn: _Holder | None = None
        for number, layer in enumerate(self._layers):
            found, since, until = layer.stretch(at)
            start, end = max(start, since), min(end, until)
            if found is not None:
                turn = number, found
                break
        if person is not None and (turn is None or person != self._person(turn)):
            return person, start, end
        return turn, start, end

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
        layer, turn = holder
        return self._layers[layer].person(turn)
