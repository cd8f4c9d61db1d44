"""Every change of the clock from 2024 to 2037 in thirty places with different habits."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

ZONES = (
    "Europe/Moscow",  # no changes any more
    "Europe/London",
    "Europe/Berlin",
    "Europe/Lisbon",
    "Europe/Dublin",  # winter time is the exception there
    "Europe/Chisinau",
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",  # half an hour off
    "America/Havana",  # changes at midnight
    "America/Asuncion",  # gave it up in 2024
    "America/Santiago",  # changes at midnight, in the southern spring
    "America/Nuuk",  # changed its zone in 2023 and its rule in 2024
    "America/Scoresbysund",  # changed its zone in 2024
    "Atlantic/Azores",
    "Africa/Casablanca",  # four changes a year's worth, around Ramadan
    "Africa/El_Aaiun",
    "Africa/Cairo",  # took it up again in 2023, at midnight
    "Asia/Gaza",  # two seasons in some years
    "Asia/Hebron",
    "Asia/Beirut",  # changes at midnight
    "Asia/Jerusalem",
    "Asia/Kolkata",  # half an hour off, no changes
    "Asia/Kathmandu",  # a quarter
    "Asia/Almaty",  # one change for good, in 2024
    "Australia/Lord_Howe",  # changes by half an hour
    "Australia/Adelaide",
    "Pacific/Apia",  # left out a whole day in 2011
    "Pacific/Chatham",  # a quarter, changes at 2:45
    "Pacific/Easter",
    "Antarctica/Troll",  # changes by two hours
)


FIRST_DAY = date(2024, 1, 1)
DAYS = 14 * 366

# Any moment of those years, to the microsecond.
moments = st.timedeltas(timedelta(0), timedelta(days=DAYS)).map(
    lambda since: datetime.combine(FIRST_DAY, time(0), tzinfo=UTC) + since
)


@dataclass(frozen=True)
class Change:
    """A clock that jumps at an instant, from one offset to another."""

    zone: str
    at: datetime
    before: timedelta
    after: timedelta

    @property
    def is_gap(self) -> bool:
        return self.after > self.before

    @property
    def wall_before(self) -> datetime:
        """What the clock would have shown, had it not jumped."""
        return (self.at + self.before).replace(tzinfo=None)

    @property
    def wall_after(self) -> datetime:
        """What it shows."""
        return (self.at + self.after).replace(tzinfo=None)

    def __str__(self) -> str:
        return f"{self.zone} {self.at:%Y-%m-%d}"


@cache
def changes() -> tuple[Change, ...]:
    return tuple(change for zone in ZONES for change in changes_of(zone, FIRST_DAY, DAYS))


def changes_of(name: str, first_day: date, days: int) -> Iterator[Change]:
    zone = ZoneInfo(name)
    at = datetime.combine(first_day, time(0), tzinfo=UTC)
    for _ in range(days):
        following = at + timedelta(days=1)
        before, after = _offset(zone, at), _offset(zone, following)
        if before != after:
            low, high = at, following
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                middle = middle.replace(microsecond=0)
                low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
            yield Change(name, high, before, after)
        at = following


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return offset
