from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.escalation.hours import BrokenHours, WorkingHours, hours_flaws
from incidents.escalation.wall_clock import UnknownZone
from tests.incidents.escalation.changes_of_clock import ZONES, changes, moments

MOSCOW = ZoneInfo("Europe/Moscow")
NEW_YORK = ZoneInfo("America/New_York")
MINUTE = timedelta(minutes=1)
OFFICE = {day: [["09:00", "13:00"], ["14:00", "18:00"]] for day in ("mon", "tue", "wed")}


def hours(document, zone="Europe/Moscow") -> WorkingHours:
    return WorkingHours.from_json(document, zone=zone)


def at(day: int, hour: int, minute: int = 0, zone=MOSCOW) -> datetime:
    """A time in January 2026; the 5th is a Monday."""
    return datetime(2026, 1, day, hour, minute, tzinfo=zone)


def test_knows_the_working_day_of_the_persons_zone():
    office = hours(OFFICE)
    assert not office.is_working(at(5, 8, 59))
    assert office.is_working(at(5, 9))
    assert office.is_working(datetime(2026, 1, 5, 6, 0, tzinfo=UTC))
    assert not office.is_working(at(5, 13))
    assert not office.is_working(at(5, 18))
    assert not office.is_working(at(8, 12))


def test_finds_when_work_begins_next():
    office = hours(OFFICE)
    assert office.next_working(at(5, 10, 30)) == at(5, 10, 30)
    assert office.next_working(at(5, 13)) == at(5, 14)
    assert office.next_working(at(5, 18)) == at(6, 9)
    assert office.next_working(at(7, 18)) == at(12, 9)
    assert office.next_working(at(7, 18)).tzinfo is UTC


def test_works_through_the_night():
    night = hours({"sat": [["22:00", "06:00"]]})
    assert night.is_working(at(10, 23))
    assert night.is_working(at(11, 5, 59))
    assert not night.is_working(at(11, 6))
    assert night.next_working(at(11, 6)) == at(17, 22)


def test_works_until_midnight_and_all_day():
    late = hours({"mon": [["20:00", "24:00"]], "tue": [["00:00", "24:00"]]})
    assert late.is_working(at(5, 23, 59))
    assert late.is_working(at(6, 0))
    assert late.is_working(at(6, 23, 59))
    assert not late.is_working(at(7, 0))


@pytest.mark.parametrize("document", [None, {}])
def test_is_always_at_work_without_hours(document):
    always = hours(document)
    assert always.is_working(at(11, 3))
    assert always.next_working(at(11, 3)) == at(11, 3)


def test_is_never_at_work_in_a_week_of_free_days():
    never = hours({"mon": [], "tue": []})
    assert not never.is_working(at(5, 12))
    assert never.next_working(at(5, 12)) is None


# Changes of the clock: in New York, 2:00 to 3:00 is left out on 8 March 2026, and 1:00 to 2:00
# comes twice on 1 November.


def new_york(month: int, day: int, hour: int, minute: int = 0, fold: int = 0) -> datetime:
    # In UTC, since Python finds times in a repeated hour unequal to the same instant elsewhere.
    return datetime(2026, month, day, hour, minute, tzinfo=NEW_YORK, fold=fold).astimezone(UTC)


def test_skips_a_span_that_the_clock_leaves_out():
    early = hours({"sun": [["02:00", "03:00"]]}, zone="America/New_York")
    assert early.next_working(new_york(3, 8, 0)) == new_york(3, 15, 2)


def test_begins_right_after_the_jump_when_its_beginning_is_left_out():
    early = hours({"sun": [["02:30", "05:00"]]}, zone="America/New_York")
    assert early.next_working(new_york(3, 8, 0)) == new_york(3, 8, 3)


def test_works_on_through_an_hour_that_comes_twice():
    night = hours({"sun": [["01:30", "04:00"]]}, zone="America/New_York")
    assert night.next_working(new_york(11, 1, 0)) == new_york(11, 1, 1, 30)
    for fold in (0, 1):
        assert night.is_working(datetime(2026, 11, 1, 1, 45, tzinfo=NEW_YORK, fold=fold))
    assert night.is_working(new_york(11, 1, 1, 15, fold=1))


def test_keeps_office_hours_across_every_change_of_the_clock():
    for change in changes():
        zone = ZoneInfo(change.zone)
        everyday = WorkingHours(change.zone, {day: ((time(9), time(18)),) for day in range(7)})
        midnight = (change.at.astimezone(zone) - timedelta(days=1)).date()
        start = datetime.combine(midnight, time(0), tzinfo=zone).astimezone(UTC)
        worked = sum(everyday.is_working(start + 15 * MINUTE * n) for n in range(4 * 72))
        assert worked == 3 * 9 * 4, change


spans = st.tuples(st.integers(0, 6), st.integers(0, 1439), st.integers(1, 1440))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(spans, max_size=4),
    st.sampled_from(ZONES),
    moments,
)
def test_finds_a_time_of_work_and_none_before_it(listed, zone, now):
    week = {}
    for day, begin, length in listed:
        end = (begin + length) % 1440
        week.setdefault(day, []).append((time(begin // 60, begin % 60), time(end // 60, end % 60)))
    person = WorkingHours(zone, {day: tuple(of_day) for day, of_day in week.items()})
    found = person.next_working(now)
    if found is None:
        assert person.days
        return
    assert found >= now
    assert person.is_working(found)
    assert person.next_working(found) == found
    for part in range(20):
        assert not person.is_working(now + (found - now) * part / 20) or found == now


# The stored form


@pytest.mark.parametrize(
    "document",
    [
        {},
        OFFICE,
        {"mon": []},
        {"sat": [["22:00", "06:00"]], "sun": [["20:00", "24:00"]]},
        {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
    ],
)
def test_comes_back_from_storage_as_it_was(document):
    assert hours_flaws(document) == []
    assert hours(document).to_json() == document


@pytest.mark.parametrize(
    ("document", "pointer", "code"),
    [
        ([], "", "not_an_object"),
        ("9-18", "", "not_an_object"),
        ({"monday": []}, "/monday", "unknown_weekday"),
        ({"a/b~c": []}, "/a~1b~0c", "unknown_weekday"),
        ({1: []}, "/1", "unknown_weekday"),
        ({"mon": None}, "/mon", "not_a_list"),
        ({"mon": [["09:00", "18:00"]] * 13}, "/mon", "too_many_spans"),
        ({"mon": ["09:00-18:00"]}, "/mon/0", "not_a_span"),
        ({"mon": [["09:00"]]}, "/mon/0", "not_a_span"),
        ({"mon": [["9:00", "18:00"]]}, "/mon/0/0", "not_a_time"),
        ({"mon": [["09:00", "18:00:00"]]}, "/mon/0/1", "not_a_time"),
        ({"mon": [["09:00", "24:01"]]}, "/mon/0/1", "not_a_time"),
        ({"mon": [["24:00", "06:00"]]}, "/mon/0/0", "not_a_time"),
        ({"mon": [["09:00", None]]}, "/mon/0/1", "not_a_time"),
        ({"mon": [["09:00", "٠٩:٠٠"]]}, "/mon/0/1", "not_a_time"),
        ({"mon": [["09:00", "18:00\n"]]}, "/mon/0/1", "not_a_time"),
        ({"mon": [["09:00", "09:00"]]}, "/mon/0", "span_is_empty"),
        ({"mon": [["09:00", "12:00"], ["11:59", "18:00"]]}, "/mon/1", "spans_overlap"),
        ({"mon": [["12:00", "18:00"], ["09:00", "13:00"]]}, "/mon/0", "spans_overlap"),
        ({"mon": [["22:00", "06:00"]], "tue": [["05:00", "07:00"]]}, "/tue/0", "spans_overlap"),
        ({"sun": [["22:00", "06:00"]], "mon": [["05:00", "07:00"]]}, "/mon/0", "spans_overlap"),
    ],
)
def test_says_what_is_wrong_with_hours(document, pointer, code):
    assert [(flaw.pointer, flaw.code) for flaw in hours_flaws(document)] == [(pointer, code)]
    with pytest.raises(BrokenHours, match=code):
        hours(document)


def test_lets_spans_touch():
    assert hours_flaws({"mon": [["09:00", "12:00"], ["12:00", "18:00"]]}) == []
    assert hours_flaws({"sun": [["22:00", "24:00"]], "mon": [["00:00", "06:00"]]}) == []


def test_refuses_an_unknown_zone():
    with pytest.raises(UnknownZone):
        hours(OFFICE, zone="Mars/Olympus")
