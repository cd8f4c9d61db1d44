from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from incidents.escalation.wall_clock import UnknownZone, first_instant, in_utc, zone_named
from tests.incidents.escalation.changes_of_clock import ZONES, Change, changes, changes_of

MINUTE = timedelta(minutes=1)


def by_watching_the_clock(wall: datetime, zone: ZoneInfo) -> datetime:
    """Wait, minute by minute, until the clock on the wall has reached a time."""
    at = wall.replace(tzinfo=UTC) - timedelta(hours=40)
    while at.astimezone(zone).replace(tzinfo=None) < wall:
        at += MINUTE
    return at


def walls_around(change: Change) -> list[datetime]:
    low = min(change.wall_before, change.wall_after)
    high = max(change.wall_before, change.wall_after)
    middle = low + (high - low) // 2
    return [low - MINUTE, low, low + MINUTE, middle, high - MINUTE, high, high + MINUTE]


def test_knows_changes_in_most_of_the_thirty_zones():
    assert len(ZONES) >= 30
    assert len({change.zone for change in changes()}) >= 26
    assert len(changes()) > 600
    assert any(change.is_gap for change in changes())


def test_finds_the_first_instant_at_every_change_of_the_clock():
    # Months apart in the same zone and of the same kind, one change is like another, so a sixth
    # of them is watched minute by minute, and every one is checked against its own arithmetic.
    for number, change in enumerate(changes()):
        zone = ZoneInfo(change.zone)
        for wall in walls_around(change):
            found = first_instant(wall.date(), wall.time(), zone)
            if change.is_gap and change.wall_before <= wall < change.wall_after:
                assert found == change.at, (change, wall)
            else:
                assert found.astimezone(zone).replace(tzinfo=None) == wall, (change, wall)
            if not change.is_gap and change.wall_after <= wall < change.wall_before:
                assert found < change.at, (change, wall)
            if number % 6 == 0:
                assert found == by_watching_the_clock(wall, zone), (change, wall)


def test_puts_a_day_that_was_left_out_at_the_jump():
    (jump,) = (c for c in changes_of("Pacific/Apia", date(2011, 12, 20), 20))
    assert jump.after - jump.before == timedelta(days=1)
    zone = ZoneInfo("Pacific/Apia")
    left_out = {first_instant(date(2011, 12, 30), time(hour), zone) for hour in range(24)}
    assert left_out == {jump.at}
    assert first_instant(date(2011, 12, 31), time(0), zone) == jump.at


def test_keeps_microseconds():
    zone = ZoneInfo("Europe/Moscow")
    found = first_instant(date(2026, 3, 1), time(9, 0, 0, 250), zone)
    assert found == datetime(2026, 3, 1, 6, 0, 0, 250, tzinfo=UTC)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "Europe", "../etc/passwd", "Europe/Moscow\0"])
def test_refuses_what_is_no_zone(name):
    with pytest.raises(UnknownZone):
        zone_named(name)


def test_refuses_a_time_without_a_zone():
    with pytest.raises(ValueError, match="without a zone"):
        in_utc(datetime.combine(date(2026, 1, 1), time(0)))
