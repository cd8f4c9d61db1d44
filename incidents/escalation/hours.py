"""When a person works, so that what can wait is not sent at night.

Stored as `{"mon": [["09:00", "18:00"]], "sat": [["22:00", "06:00"]]}` in the person's time zone:
spans by the day they begin on; one that ends at or before its beginning ends on the next day;
"24:00" is the end of the day. Nothing at all (`None` or `{}`) means that the person is always at
work. Days without a span are free: a week of free days (`{"mon": []}`) means never at work.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, Self
from zoneinfo import ZoneInfo

from incidents.escalation.flaws import Flaw
from incidents.escalation.wall_clock import first_instant, in_utc, zone_named

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAX_SPANS_A_DAY = 12
LOOK_AHEAD = timedelta(days=366)

Span = tuple[time, time]

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00", re.ASCII)
_DAY = timedelta(days=1)
_MINUTES_A_DAY = 24 * 60
_MINUTES_A_WEEK = 7 * _MINUTES_A_DAY


class BrokenHours(ValueError):
    """Stored working hours that cannot be read; `flaws` says where."""

    def __init__(self, flaws: list[Flaw]) -> None:
        super().__init__(", ".join(f"{flaw.pointer}: {flaw.code}" for flaw in flaws))
        self.flaws = flaws


@dataclass(frozen=True)
class WorkingHours:
    """Somebody's working week: spans of wall time by weekday (0 is Monday), in their zone.

    A span whose end is not after its beginning ends on the next day. No days: always at work.
    """

    zone: str
    days: Mapping[int, tuple[Span, ...]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, document: object, *, zone: str) -> Self:
        """Read stored hours; raises BrokenHours, or UnknownZone."""
        zone_named(zone)
        flaws = hours_flaws(document)
        if flaws:
            raise BrokenHours(flaws)
        days: Mapping[str, Any] = document if isinstance(document, dict) else {}
        return cls(
            zone,
            {
                WEEKDAYS.index(name): tuple((_time(begin), _time(end)) for begin, end in spans)
                for name, spans in days.items()
            },
        )

    def to_json(self) -> dict[str, list[list[str]]]:
        """Return the form in which hours are stored."""
        return {
            WEEKDAYS[weekday]: [
                [f"{begin:%H:%M}", f"{end:%H:%M}" if end != time(0) else "24:00"]
                for begin, end in spans
            ]
            for weekday, spans in sorted(self.days.items())
        }

    def is_working(self, at: datetime) -> bool:
        """Whether the person is at work at that time."""
        # Never compared as given: in an hour that the clock repeats, Python finds times of
        # different zones unequal even where they are the same instant.
        now = in_utc(at)
        return self.next_working(now) == now

    def next_working(self, at: datetime) -> datetime | None:
        """Return that very time while at work, else when work begins next, in UTC.

        None where there is no hour of work in the coming 366 days.
        """
        now = in_utc(at)
        if not self.days:
            return now
        for begin, end in self._spans_from(now):
            if end > now:
                return max(begin, now) if begin <= now + LOOK_AHEAD else None
        return None

    def spans(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """Return the spans of work that touch that time, in UTC, whole."""
        zone = zone_named(self.zone)
        first = in_utc(start).astimezone(zone).date() - _DAY
        days = (in_utc(end).astimezone(zone).date() - first).days + 1
        found = (
            span for number in range(days) for span in self._spans_of(first + number * _DAY, zone)
        )
        return [span for span in found if span[1] > start and span[0] < end]

    def _spans_from(self, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield spans in order, from those of the day before (which may last until today)."""
        if not any(self.days.values()):
            return
        zone = zone_named(self.zone)
        today = now.astimezone(zone).date()
        for number in range(-1, LOOK_AHEAD.days + 2):
            yield from self._spans_of(today + number * _DAY, zone)

    def _spans_of(self, day: date, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
        """Yield the spans that begin on a day."""
        for begin, end in sorted(self.days.get(day.weekday(), ())):
            starts = first_instant(day, begin, zone)
            ends = first_instant(_day_of_end(day, begin, end), end, zone)
            # A span that the clock leaves out altogether is no time at all.
            if starts < ends:
                yield starts, ends


def hours_flaws(document: object) -> list[Flaw]:
    """Say what is wrong with hours as somebody typed them; an empty list means nothing."""
    if document is None:
        return []
    if not isinstance(document, dict):
        return [Flaw("", "not_an_object")]
    flaws: list[Flaw] = []
    spans: list[tuple[int, int, str]] = []
    for name, listed in document.items():
        pointer = f"/{_escaped(name)}"
        if name not in WEEKDAYS:
            flaws.append(Flaw(pointer, "unknown_weekday"))
        elif not isinstance(listed, list):
            flaws.append(Flaw(pointer, "not_a_list"))
        elif len(listed) > MAX_SPANS_A_DAY:
            flaws.append(Flaw(pointer, "too_many_spans", {"max": MAX_SPANS_A_DAY}))
        else:
            for index, span in enumerate(listed):
                place = f"{pointer}/{index}"
                found = _span_flaws(span, place)
                flaws += found
                if not found:
                    spans.append((*_minutes_of_week(WEEKDAYS.index(name), span), place))
    return flaws + _overlaps(spans)


def _span_flaws(span: object, pointer: str) -> list[Flaw]:
    if not isinstance(span, list) or len(span) != 2:
        return [Flaw(pointer, "not_a_span")]
    flaws = [
        Flaw(f"{pointer}/{index}", "not_a_time")
        for index, value in enumerate(span)
        if not (isinstance(value, str) and _CLOCK.fullmatch(value))
    ]
    if not flaws and span[0] == "24:00":
        return [Flaw(f"{pointer}/0", "not_a_time")]
    if not flaws and span[0] == span[1]:
        return [Flaw(pointer, "span_is_empty")]
    return flaws


def _overlaps(spans: list[tuple[int, int, str]]) -> list[Flaw]:
    """Find spans that begin before another has ended, around the end of the week as well."""
    spans = sorted(spans)
    if len(spans) < 2:
        return []
    begin, end, _ = spans[0]
    around = [*spans, (begin + _MINUTES_A_WEEK, end + _MINUTES_A_WEEK, spans[0][2])]
    return [
        Flaw(later[2], "spans_overlap")
        for earlier, later in pairwise(around)
        if later[0] < earlier[1]
    ]


def _minutes_of_week(weekday: int, span: list[str]) -> tuple[int, int]:
    begin, end = (int(value[:2]) * 60 + int(value[3:]) for value in span)
    if end <= begin:
        end += _MINUTES_A_DAY
    return weekday * _MINUTES_A_DAY + begin, weekday * _MINUTES_A_DAY + end


def _day_of_end(day: date, begin: time, end: time) -> date:
    return day + _DAY if end <= begin else day


def _time(value: str) -> time:
    return time(0) if value == "24:00" else time.fromisoformat(value)


def _escaped(name: object) -> str:
    """Return a name as part of a JSON pointer."""
    return str(name).replace("~", "~0").replace("/", "~1")
