"""When a person's working morning is: the first moment of work of a day, on their own clock."""

from datetime import date, datetime, time, timedelta

from incidents.escalation.hours import LOOK_AHEAD, WorkingHours
from incidents.escalation.wall_clock import first_instant, in_utc, zone_named

# A span that began before dawn, or the day before, has its morning now.
DAWN = time(6)
# Of those who said nothing of their hours, which means always.
USUAL = time(9)
_WEEKEND = (5, 6)


def next_morning(hours: WorkingHours, after: datetime) -> datetime | None:
    """Return the first working morning after that time, in UTC; None where none is in a year."""
    today = in_utc(after).astimezone(zone_named(hours.zone)).date()
    for number in range(LOOK_AHEAD.days):
        morning = _morning_of(hours, today + timedelta(days=number))
        if morning is not None and morning > after:
            return morning
    return None


def _morning_of(hours: WorkingHours, day: date) -> datetime | None:
    zone = zone_named(hours.zone)
    if not hours.days:
        return None if day.weekday() in _WEEKEND else first_instant(day, USUAL, zone)
    work = hours.next_working(first_instant(day, DAWN, zone))
    return work if work and work.astimezone(zone).date() == day else None
