from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.intake.storm import StormRule, categorise, detect, detect_counts

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULE = StormRule(window=10 * MINUTE, min_negative=15, factor=3)


# A busy machine is slow, which says nothing about the arithmetic.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def burst(number, *, end=NOW, within=9 * MINUTE):
    return [end - within * n / max(number, 1) for n in range(number)]


def steady(per_window, *, until=NOW, rule=RULE):
    step = rule.window / per_window
    span = rule.baseline + rule.window
    return [until - step * n for n in range(int(span / step))]


rules = st.builds(
    StormRule,
    window=st.integers(1, 60).map(lambda n: n * MINUTE),
    min_negative=st.integers(1, 50),
    factor=st.floats(2, 10),
    baseline=st.integers(60, 3000).map(lambda n: n * MINUTE),
)
moments = st.lists(
    st.integers(-200_000, 600).map(lambda seconds: NOW + timedelta(seconds=seconds)), max_size=80
)


def test_fires_on_a_burst_out_of_silence():
    storm = detect(burst(15), now=NOW, rule=RULE)
    assert storm is not None
    assert (storm.count, storm.usual, storm.times_usual, storm.per_minute) == (15, 1, 15, 1.5)
    assert storm.since == min(burst(15))


def test_stays_silent_one_short():
    assert detect(burst(14), now=NOW, rule=RULE) is None


def test_stays_silent_on_what_is_usual_for_a_busy_account():
    assert detect(steady(20), now=NOW, rule=RULE) is None


def test_fires_when_a_busy_account_gets_three_times_as_much():
    assert detect(steady(20) + burst(35), now=NOW, rule=RULE) is None
    assert detect(steady(20) + burst(42), now=NOW, rule=RULE) is not None


def test_does_not_let_yesterdays_storm_hide_todays():
    yesterday = burst(600, end=NOW - timedelta(hours=20), within=timedelta(hours=2))
    assert detect(yesterday + burst(15), now=NOW, rule=RULE) is not None


def test_compares_a_new_account_with_the_time_it_was_watched():
    hour = [moment for moment in steady(20) if moment > NOW - timedelta(hours=1)]
    assert detect(hour, now=NOW, rule=RULE) is not None
    assert detect(hour, now=NOW, rule=RULE, watched_since=NOW - timedelta(hours=1)) is None


def test_compares_an_account_watched_for_minutes_with_the_floor():
    for minutes in (0, 5, 10, 15):
        since = NOW - minutes * MINUTE
        assert detect(burst(15), now=NOW, rule=RULE, watched_since=since) is not None


def test_leaves_the_future_and_the_edge_of_the_window_out():
    assert detect([NOW + MINUTE] * 50, now=NOW, rule=RULE) is None
    assert detect([NOW - RULE.window] * 50, now=NOW, rule=RULE) is None
    assert detect([NOW] * 15, now=NOW, rule=RULE) is not None


def test_reads_buckets_as_it_reads_moments():
    buckets = [(NOW - n * MINUTE, 2) for n in range(9)]
    moments = [moment for moment, number in buckets for _ in range(number)]
    assert detect_counts(buckets, now=NOW, rule=RULE) == detect(moments, now=NOW, rule=RULE)


@pytest.mark.parametrize(
    ("reasons", "category"),
    [
        ({}, "negative_comments"),
        ({"complaint": 90}, "negative_comments"),
        ({"injury": 15, "accusation": 60}, "product_safety"),
        ({"injury": 14}, "negative_comments"),
        ({"personal_data": 25, "injury": 40}, "personal_data_leak"),
        ({"personal_data": 2, "injury": 20}, "product_safety"),
        ({"spam": 50}, "spam"),
        ({"insult": 60}, "harassment"),
        ({"threat": 61}, "harassment"),
        ({"accusation": 50}, "misinformation"),
    ],
)
def test_suggests_what_the_storm_is_about(reasons, category):
    assert categorise(100, reasons) == category


def test_does_not_call_two_injuries_of_ten_a_danger():
    assert categorise(10, {"injury": 2}) == "negative_comments"
    assert categorise(10, {"injury": 3}) == "product_safety"


@pytest.mark.parametrize(
    ("number", "reasons", "severity"),
    [
        (15, {}, "medium"),
        (30, {}, "high"),
        (45, {}, "high"),
        (150, {}, "critical"),
        (15, {"injury": 3}, "high"),
        (15, {"injury": 10}, "critical"),
        (15, {"personal_data": 8}, "high"),
        (15, {"spam": 15}, "low"),
        (150, {"spam": 150}, "high"),
    ],
)
def test_suggests_a_severity_from_size_and_injuries(number, reasons, severity):
    storm = detect(burst(number), now=NOW, rule=RULE, reasons=reasons)
    assert storm is not None
    assert storm.severity == severity


@pytest.mark.parametrize(
    "changes",
    [
        {"window": timedelta(0)},
        {"baseline": timedelta(minutes=5)},
        {"min_negative": 0},
        {"factor": 1},
        {"floor": 0},
    ],
)
def test_refuses_a_rule_that_makes_no_sense(changes):
    fields = {"window": 10 * MINUTE, "min_negative": 15, "factor": 3, **changes}
    with pytest.raises(ValueError, match=r"must be|starts at"):
        StormRule(**fields)


@unhurried
@given(rules, moments)
def test_never_fires_below_the_minimum(rule, times):
    in_window = sum(NOW - rule.window < moment <= NOW for moment in times)
    storm = detect(times, now=NOW, rule=rule)
    if in_window < rule.min_negative:
        assert storm is None
    if storm is not None:
        assert storm.count == in_window
        assert storm.times_usual >= rule.factor


@unhurried
@given(rules, st.integers(2, 40), st.integers(0, 3600))
def test_never_fires_on_a_rate_that_is_usual(rule, per_window, later):
    times = steady(per_window, until=NOW + timedelta(hours=1), rule=rule)
    times += steady(per_window, until=min(times), rule=rule)
    assert detect(times, now=NOW + timedelta(seconds=later), rule=rule) is None


@unhurried
@given(rules, st.integers(0, 10))
def test_fires_on_a_planted_burst(rule, usual):
    number = max(rule.min_negative, int(rule.factor * (usual + 1)) + 2)
    times = steady(usual, rule=rule) if usual else []
    times += burst(number, within=rule.window / 2)
    assert detect(times, now=NOW, rule=rule) is not None


@unhurried
@given(rules, moments, st.randoms())
def test_does_not_depend_on_the_order(rule, times, random):
    shuffled = list(times)
    random.shuffle(shuffled)
    assert detect(times, now=NOW, rule=rule) == detect(shuffled, now=NOW, rule=rule)
