"""Layers of a rotation: the first that holds decides, and a gap falls to the layer below."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.escalation.hours import WorkingHours
from incidents.escalation.rotations import (
    OverrideShape,
    Shift,
    layer_flaws,
    next_shift,
    on_call,
    rotation_flaws,
    shifts,
)
from incidents.escalation.turns import RotationShape
from tests.incidents.escalation.changes_of_clock import changes

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
LONG_AGO = date(2020, 1, 1)
NAMES = ("anna", "boris", "vera", "gleb", "dina", "egor")


def hours(document, zone="Europe/Berlin"):
    return WorkingHours.from_json(document, zone=zone)


def shape(*people, starts_on=date(2027, 1, 4), **values):
    known = {"zone": "Europe/Berlin", "handoff_time": time(9), "handoff_weekday": None}
    return RotationShape(
        **{**known, "shift_days": 7, **values}, starts_on=starts_on, participants=people
    )


WEEKENDS = shape("wanda", hours=hours({"sat": [["00:00", "24:00"]], "sun": [["00:00", "24:00"]]}))
NIGHTS = shape(
    "nora", "nils", shift_days=1, hours=hours({d: [["22:00", "06:00"]] for d in ("mon", "fri")})
)
BASE = shape("anna", "boris", layers=(WEEKENDS, NIGHTS))


def local(day, hour=0, minute=0, month=1, year=2027):
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


def test_lets_the_first_layer_that_holds_decide():
    assert on_call(BASE, [], local(5, 12)).person == "anna"
    assert on_call(BASE, [], local(9, 12)) == Shift("wanda", local(9), local(11), False, 0)
    # Friday night is Saturday's from midnight on, although the night lasts until six.
    assert on_call(BASE, [], local(8, 23)) == Shift("nora", local(8, 22), local(9), False, 1)


def test_falls_to_the_layer_below_where_none_holds():
    assert on_call(BASE, [], local(4, 21, 59)).layer is None
    assert on_call(BASE, [], local(5, 6)) == Shift("anna", local(5, 6), local(8, 22), False)


def test_hands_over_by_the_order_of_each_layer():
    found = shifts(BASE, [], local(11, 9), local(18, 9))
    assert [(s.person, s.layer) for s in found] == [
        ("boris", None),
        ("nils", 1),
        ("boris", None),
        ("nils", 1),
        ("wanda", 0),
        ("boris", None),
    ]
    assert all(one.end == other.start for one, other in pairwise(found))


def test_has_nobody_in_the_hours_that_nothing_holds():
    gap = replace(BASE, participants=(), layers=(NIGHTS,))
    assert on_call(gap, [], local(5, 12)) is None
    assert next_shift(gap, [], local(5, 12)).start == local(8, 22)
    assert [s.start for s in shifts(gap, [], local(4, 9), local(9))] == [local(4, 22), local(8, 22)]
    office = shape("anna", hours=hours({"mon": [["09:00", "17:00"]]}))
    assert on_call(office, [], local(4, 17)) is None
    assert on_call(office, [], local(4, 16)).end == local(4, 17)


def test_puts_overrides_before_every_layer():
    night = OverrideShape(local(8, 20), local(9, 2), "otto", local(1))
    found = shifts(BASE, [night], local(8, 12), local(9, 12))
    assert [(s.person, s.start, s.end, s.is_override) for s in found] == [
        ("anna", local(5, 6), local(8, 20), False),
        ("otto", local(8, 20), local(9, 2), True),
        ("wanda", local(9, 2), local(11), False),
    ]
    same = OverrideShape(local(9), local(9, 12), "wanda", local(1))
    assert on_call(BASE, [same], local(9, 1)) == on_call(BASE, [], local(9, 1))
    below = OverrideShape(local(9, 10), local(9, 12), "anna", local(1))
    assert on_call(BASE, [below], local(9, 11)) == Shift("anna", local(9, 10), local(9, 12), True)


def test_begins_when_the_layer_does():
    later = replace(WEEKENDS, starts_on=date(2027, 1, 16))
    above = replace(BASE, layers=(later,))
    assert on_call(above, [], local(9, 12)).person == "anna"
    assert on_call(above, [], local(16, 8)).person == "boris"
    assert on_call(above, [], local(16, 9)).person == "wanda"


def test_leaves_out_hours_that_the_clock_leaves_out_and_keeps_those_it_repeats():
    def over(span):
        return replace(BASE, layers=(replace(WEEKENDS, hours=hours({"sun": [span]})),))

    jump = datetime(2027, 3, 28, 1, tzinfo=UTC)
    assert on_call(over(["02:00", "03:00"]), [], jump).person in ("anna", "boris")
    half = on_call(over(["01:30", "02:30"]), [], jump - HOUR / 2)
    assert (half.person, half.start, half.end) == ("wanda", jump - HOUR / 2, jump)
    back = datetime(2027, 10, 31, 1, tzinfo=UTC)
    twice = on_call(over(["02:00", "03:00"]), [], back)
    assert (twice.person, twice.start, twice.end) == ("wanda", back - HOUR, back + HOUR)


def test_says_around_every_change_of_clock_what_the_wall_clock_says():
    """Whole days: of whatever length a Saturday or Sunday is, the layer holds through all of it."""
    days = {"sat": [["00:00", "24:00"]], "sun": [["00:00", "24:00"]]}
    wrong = []
    for change in changes():
        weekends = replace(WEEKENDS, zone=change.zone, hours=hours(days, change.zone))
        above = shape("anna", zone=change.zone, layers=(replace(weekends, starts_on=LONG_AGO),))
        for minutes in (-1500, -90, -1, 0, 1, 31, 90, 1500):
            at = change.at + timedelta(minutes=minutes)
            is_weekend = at.astimezone(ZoneInfo(change.zone)).weekday() >= 5
            found = on_call(replace(above, starts_on=LONG_AGO), [], at).person
            if found != ("wanda" if is_weekend else "anna"):
                wrong.append((str(change), minutes, found))
    assert wrong == []


spans = st.tuples(st.integers(0, 47), st.integers(1, 24)).map(
    lambda pair: [_clock(pair[0]), _clock((pair[0] + pair[1]) % 48)]
)


def _clock(half_hours):
    return f"{half_hours // 2:02}:{half_hours % 2 * 30:02}"


layer_shapes = st.builds(
    lambda people, days, span, shift: shape(
        *people, shift_days=shift, hours=hours({day: [span] for day in days}) if days else None
    ),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=3),
    st.sets(st.sampled_from(("mon", "wed", "sat")), max_size=3),
    spans,
    st.integers(1, 9),
)


@settings(max_examples=60, deadline=None)
@given(
    layer_shapes,
    st.lists(layer_shapes, max_size=3),
    st.integers(0, 60 * 24 * 21),
    st.lists(
        st.tuples(st.integers(0, 400), st.integers(1, 60), st.sampled_from(NAMES)), max_size=3
    ),
)
def test_tiles_time_and_agrees_with_itself_whatever_the_layers(base, layers, minutes, exceptions):
    whole = replace(base, layers=tuple(layers))
    start = datetime(2027, 3, 20, tzinfo=UTC)
    overrides = [
        OverrideShape(start + begin * HOUR, start + (begin + long) * HOUR, who, start)
        for begin, long, who in exceptions
    ]
    at = start + timedelta(minutes=minutes)
    now = on_call(whole, overrides, at)
    by_hand = next((found for each in layers if (found := on_call(each, [], at))), None)
    expected = by_hand or on_call(base, [], at)
    latest = next((o.person for o in reversed(overrides) if o.start <= at < o.end), None)
    assert (now and now.person) == (latest or (expected and expected.person))
    found = shifts(whole, overrides, start, start + timedelta(days=21))
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert now is None or now in found
    assert all(on_call(whole, overrides, each.start) == each for each in found)


def test_names_what_is_wrong_with_a_layer():
    never = WorkingHours("Europe/Berlin", {0: ()})
    assert [f.code for f in rotation_flaws(shape("anna", hours=never))] == ["hours_without_time"]
    assert [(f.pointer, f.code) for f in layer_flaws(shape())] == [
        ("/participants", "no_participants")
    ]
