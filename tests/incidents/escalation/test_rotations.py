from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.escalation.rotations import (
    OverrideShape,
    Shift,
    next_shift,
    on_call,
    override_flaws,
    rotation_flaws,
    shifts,
)
from incidents.escalation.turns import RotationShape
from tests.incidents.escalation.changes_of_clock import ZONES, Change, changes, changes_of, moments

MOSCOW = ZoneInfo("Europe/Moscow")
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)

weekly = RotationShape("Europe/Moscow", date(2026, 1, 5), time(9), 0, 7, ("anna", "boris", "vera"))
daily = RotationShape("Europe/Moscow", date(2026, 1, 5), time(9), None, 1, ("anna", "boris"))


def msk(day: int, hour: int = 0, minute: int = 0, month: int = 1) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=MOSCOW).astimezone(UTC)


def override(start: datetime, end: datetime, person: str, created: int = 0) -> OverrideShape:
    return OverrideShape(start, end, person, msk(1) + timedelta(minutes=created))


def test_gives_turns_in_order():
    assert on_call(weekly, [], msk(5, 9)) == Shift("anna", msk(5, 9), msk(12, 9), False)
    assert on_call(weekly, [], msk(12, 9)) == Shift("boris", msk(12, 9), msk(19, 9), False)
    assert on_call(weekly, [], msk(27)) == Shift("anna", msk(26, 9), msk(2, 9, month=2), False)


def test_hands_over_at_that_very_instant():
    last = msk(12, 9) - timedelta(microseconds=1)
    assert on_call(weekly, [], last).person == "anna"
    assert on_call(weekly, [], msk(12, 9)).person == "boris"


def test_has_nobody_before_the_rotation_starts():
    before = msk(5, 9) - timedelta(microseconds=1)
    assert on_call(weekly, [], before) is None
    assert next_shift(weekly, [], before) == on_call(weekly, [], msk(5, 9))


def test_has_nobody_without_participants():
    empty = replace(weekly, participants=())
    assert on_call(empty, [], msk(14)) is None
    assert next_shift(empty, [], msk(14)) is None
    assert shifts(empty, [], msk(1), msk(30)) == []


def test_shortens_the_first_shift_to_reach_the_weekday_of_the_handoff():
    from_thursday = replace(weekly, starts_on=date(2026, 1, 8))
    assert on_call(from_thursday, [], msk(8, 8)) is None
    assert on_call(from_thursday, [], msk(8, 9)) == Shift("anna", msk(8, 9), msk(12, 9), False)
    assert on_call(from_thursday, [], msk(12, 9)).person == "boris"


def test_counts_whole_shifts_from_the_start_without_a_weekday():
    three_days = replace(daily, shift_days=3)
    assert [s.start for s in shifts(three_days, [], msk(5, 9), msk(14, 9))] == [
        msk(5, 9),
        msk(8, 9),
        msk(11, 9),
    ]


def test_tells_who_is_next():
    assert next_shift(daily, [], msk(6, 10)) == Shift("anna", msk(7, 9), msk(8, 9), False)
    alone = replace(daily, participants=("anna",))
    assert next_shift(alone, [], msk(6, 10)) == Shift("anna", msk(7, 9), msk(8, 9), False)


def test_takes_any_zone_for_the_question_and_answers_in_utc():
    shift = on_call(weekly, [], datetime(2026, 1, 12, 1, tzinfo=ZoneInfo("America/New_York")))
    assert shift.person == "boris"
    assert shift.start.tzinfo is UTC


# Overrides


def test_lets_an_override_cut_a_shift():
    cover = override(msk(6, 12), msk(6, 18), "vera")
    assert shifts(daily, [cover], msk(6, 9), msk(7, 9)) == [
        Shift("boris", msk(6, 9), msk(6, 12), False),
        Shift("vera", msk(6, 12), msk(6, 18), True),
        Shift("boris", msk(6, 18), msk(7, 9), False),
    ]
    assert next_shift(daily, [cover], msk(6, 9)).person == "vera"


def test_lets_an_override_span_handoffs():
    cover = override(msk(6, 12), msk(9, 18), "vera")
    assert on_call(daily, [cover], msk(8)) == Shift("vera", msk(6, 12), msk(9, 18), True)


def test_follows_the_latest_created_of_overlapping_overrides():
    older = override(msk(6, 10), msk(6, 20), "vera", created=1)
    newer = override(msk(6, 12), msk(6, 14), "gleb", created=2)
    for listed in ([older, newer], [newer, older]):
        assert [s.person for s in shifts(daily, listed, msk(6, 10), msk(6, 20))] == [
            "vera",
            "gleb",
            "vera",
        ]
    assert on_call(daily, [newer, replace(older, created_at=msk(3))], msk(6, 13)).person == "vera"


def test_lets_the_later_in_the_list_win_among_overrides_of_one_instant():
    first, second = (override(msk(6, 10), msk(6, 20), person) for person in ("vera", "gleb"))
    assert on_call(daily, [first, second], msk(6, 12)).person == "gleb"


def test_merges_overrides_of_one_person_that_touch_or_overlap():
    covers = [
        override(msk(6, 10), msk(6, 12), "vera", created=1),
        override(msk(6, 12), msk(6, 15), "vera", created=2),
        override(msk(6, 14), msk(6, 18), "vera", created=3),
    ]
    whole = Shift("vera", msk(6, 10), msk(6, 18), True)
    assert {on_call(daily, covers, msk(6, hour)) for hour in range(10, 18)} == {whole}


def test_merges_overrides_before_the_rotation_starts_too():
    covers = [override(msk(2), msk(3), "anna"), override(msk(3), msk(4), "anna")]
    assert on_call(daily, covers, msk(3, 12)) == Shift("anna", msk(2), msk(4), True)


def test_shows_no_override_for_who_is_on_call_anyway():
    idle = override(msk(6, 12), msk(6, 18), "boris")
    assert on_call(daily, [idle], msk(6, 13)) == Shift("boris", msk(6, 9), msk(7, 9), False)
    early = override(msk(6, 22), msk(7, 12), "anna")
    assert on_call(daily, [early], msk(6, 23)) == Shift("anna", msk(6, 22), msk(7, 9), True)
    assert on_call(daily, [early], msk(7, 10)) == Shift("anna", msk(7, 9), msk(8, 9), False)


def test_honours_an_override_before_the_start_and_without_participants():
    early = override(msk(2), msk(3), "vera")
    for shape in (daily, replace(daily, participants=())):
        assert on_call(shape, [early], msk(2, 12)) == Shift("vera", msk(2), msk(3), True)
        assert next_shift(shape, [early], msk(1)).person == "vera"
    assert on_call(daily, [early], msk(3)) is None
    across = override(msk(4), msk(5, 12), "vera")
    assert on_call(daily, [across], msk(5, 10)) == Shift("vera", msk(4), msk(5, 12), True)
    assert on_call(daily, [across], msk(5, 12)) == Shift("anna", msk(5, 12), msk(6, 9), False)


# Every change of the clock


def handoffs_around(change: Change) -> set[time]:
    walls = [change.wall_before, change.wall_after]
    middle = min(walls) + abs(walls[1] - walls[0]) // 2
    near = [*walls, middle, *(wall - timedelta(minutes=1) for wall in walls)]
    return {wall.time() for wall in near} | {time(0), time(23, 59), time(9)}


def test_hands_over_once_a_day_across_every_change_of_the_clock():
    for change in changes():
        zone = ZoneInfo(change.zone)
        first_day = change.wall_before.date() - 3 * DAY
        for handoff in handoffs_around(change):
            shape = RotationShape(change.zone, first_day, handoff, None, 1, tuple("abcdefghij"))
            found = shifts(shape, [], change.at - 2 * DAY, change.at + 3 * DAY)
            assert len(found) in (5, 6, 7), change
            for shift, following in pairwise(found):
                assert shift.end == following.start, change
                assert ord(following.person) - ord(shift.person) == 1, change
            for shift in found:
                day = first_day + DAY * (ord(shift.person) - ord("a"))
                wall = datetime.combine(day, handoff)
                shown = shift.start.astimezone(zone)
                if change.is_gap and change.wall_before <= wall < change.wall_after:
                    assert shift.start == change.at, change
                else:
                    assert shown.replace(tzinfo=None) == wall, change
                    assert shown.fold == 0, change


def test_gives_no_turn_to_a_day_that_is_left_out():
    # In Apia, 30 December 2011 was left out, so at midnight two handoffs fall together.
    (jump,) = changes_of("Pacific/Apia", date(2011, 12, 20), 20)
    midnight = RotationShape("Pacific/Apia", date(2011, 12, 28), time(0), None, 1, tuple("abcdef"))
    found = shifts(midnight, [], jump.at - DAY, jump.at + DAY)
    assert [shift.person for shift in found] == ["b", "d"]
    assert found[0].end == found[1].start == jump.at


def test_does_not_hand_back_when_the_clock_goes_back_past_midnight():
    # At one minute past midnight, St John's set its clocks to 23:01 of the day before.
    shape = RotationShape("America/St_Johns", date(2010, 11, 4), time(0), None, 1, tuple("abcdef"))
    (change,) = changes_of("America/St_Johns", date(2010, 11, 1), 10)
    assert change.wall_after.date() < change.wall_before.date()
    handoff = change.at - timedelta(minutes=1)
    assert on_call(shape, [], handoff - timedelta(seconds=1)).person == "c"
    for minutes in (0, 1, 30, 59, 61):
        shift = on_call(shape, [], handoff + timedelta(minutes=minutes))
        assert shift == Shift("d", handoff, handoff + 25 * HOUR, False)


people = st.sampled_from(["anna", "boris", "vera", "gleb"])
starts = moments.map(lambda at: at.replace(second=0, microsecond=0))


@st.composite
def schedules(draw):
    """A rotation that has run for a while near a change of its clock, and overrides there."""
    near = draw(st.one_of(st.sampled_from(changes()).map(lambda c: c.at), starts))
    zone = draw(st.sampled_from(ZONES))
    shift_days = draw(st.sampled_from([1, 1, 2, 3, 7, 14]))
    shape = RotationShape(
        zone=zone,
        starts_on=near.date() - DAY * draw(st.integers(-2, 400)),
        handoff_time=draw(st.times(max_value=time(23, 59))).replace(second=0, microsecond=0),
        handoff_weekday=draw(st.integers(0, 6)) if shift_days % 7 == 0 else None,
        shift_days=shift_days,
        participants=tuple(draw(st.lists(people, max_size=3))),
    )
    overrides = []
    for _ in range(draw(st.integers(0, 5))):
        start = near + HOUR * draw(st.integers(-60, 60))
        end = start + HOUR * draw(st.integers(1, 50))
        overrides.append(override(start, end, draw(people), draw(st.integers(0, 3))))
    return shape, overrides, near


def person_by_counting(shape: RotationShape, overrides: list[OverrideShape], at: datetime):
    """Who is on call, by going through every handoff day there ever was."""
    winner = None
    for candidate in overrides:
        if candidate.start <= at < candidate.end and (
            winner is None or candidate.created_at >= winner.created_at
        ):
            winner = candidate
    if winner:
        return winner.person
    zone = ZoneInfo(shape.zone)
    day, turns = shape.starts_on, 0
    while day <= at.astimezone(zone).date() + DAY:
        counted = (day - shape.starts_on).days
        is_handoff = (
            counted % shape.shift_days == 0
            if shape.handoff_weekday is None
            else day.weekday() == shape.handoff_weekday and full_weeks(shape, day)
        )
        if (is_handoff or not counted) and reached(day, shape.handoff_time, zone, at):
            turns += 1
        day += DAY
    if not turns or not shape.participants:
        return None
    return shape.participants[(turns - 1) % len(shape.participants)]


def full_weeks(shape: RotationShape, day: date) -> bool:
    first = shape.starts_on
    while first.weekday() != shape.handoff_weekday:
        first -= DAY
    return (day - first).days % shape.shift_days == 0


def reached(day: date, handoff: time, zone: ZoneInfo, at: datetime) -> bool:
    """Whether the clock on the wall has ever shown that time or a later one by now."""
    shown = [(at - timedelta(minutes=30 * n)).astimezone(zone) for n in range(8)]
    return any(wall.replace(tzinfo=None) >= datetime.combine(day, handoff) for wall in shown)


@settings(max_examples=200, deadline=None)
@given(schedules(), st.lists(st.integers(-70, 70), min_size=3, max_size=6))
def test_agrees_with_counting_every_handoff(schedule, hours):
    shape, overrides, near = schedule
    for hour in hours:
        at = near + HOUR * hour
        shift = on_call(shape, overrides, at)
        assert (shift.person if shift else None) == person_by_counting(shape, overrides, at)


@settings(max_examples=200, deadline=None)
@given(schedules())
def test_tiles_time_without_gap_or_overlap(schedule):
    shape, overrides, near = schedule
    start, end = near - 4 * DAY, near + 4 * DAY
    found = shifts(shape, overrides, start, end)
    for shift, following in pairwise(found):
        assert shift.start < shift.end <= following.start
        if shift.end < following.start:
            assert on_call(shape, overrides, shift.end) is None
            assert next_shift(shape, overrides, shift.end) == following
        assert next_shift(shape, overrides, shift.start) == following
        both = (shift.person, shift.is_override), (following.person, following.is_override)
        assert not (both[0] == both[1] and shift.is_override and shift.end == following.start)
    for shift in found:
        assert shift.end > start
        assert shift.start < end
        for at in (shift.start, shift.start + (shift.end - shift.start) / 2):
            assert on_call(shape, overrides, at) == shift
        assert on_call(shape, overrides, shift.end - timedelta(microseconds=1)) == shift


def test_takes_no_longer_for_a_rotation_that_started_long_ago(monkeypatch):
    import incidents.escalation.turns as module

    asked = []
    real = module.first_instant
    monkeypatch.setattr(module, "first_instant", lambda *a: asked.append(a) or real(*a))
    counts = []
    for year in (2025, 2000):
        asked.clear()
        shape = replace(daily, starts_on=date(year, 1, 1))
        assert on_call(shape, [], msk(14)) is not None
        for_a_year = override(msk(1), msk(1) + 365 * DAY, "vera")
        assert on_call(shape, [for_a_year], msk(14)).person == "vera"
        counts.append(len(asked))
    assert counts[0] == counts[1] < 40


# What is refused


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"zone": "Mars/Olympus"}, "/time_zone", "unknown_time_zone"),
        ({"shift_days": 0}, "/shift_days", "shift_days_out_of_range"),
        ({"shift_days": 367, "handoff_weekday": None}, "/shift_days", "shift_days_out_of_range"),
        ({"handoff_weekday": 7}, "/handoff_weekday", "unknown_weekday"),
        ({"shift_days": 3}, "/handoff_weekday", "weekday_needs_whole_weeks"),
        ({"participants": tuple("a" * 101)}, "/participants", "too_many_participants"),
        ({"starts_on": date(1, 1, 1)}, "/starts_on", "year_out_of_range"),
    ],
)
def test_names_what_is_wrong_with_a_rotation(change, pointer, code):
    flaws = rotation_flaws(replace(weekly, **change))
    assert [(flaw.pointer, flaw.code) for flaw in flaws] == [(pointer, code)]


def test_accepts_a_sound_rotation_and_override():
    assert rotation_flaws(weekly) == []
    assert override_flaws(override(msk(6), msk(7), "vera")) == []


def test_refuses_an_override_that_ends_before_it_starts():
    flaws = override_flaws(override(msk(7), msk(7), "vera"))
    assert [flaw.code for flaw in flaws] == ["ends_before_it_starts"]
