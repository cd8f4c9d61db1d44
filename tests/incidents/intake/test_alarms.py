from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.weeks import BEGIN, HOUR, MINUTE, Storm, minutes, watched
from incidents.intake.alarms import (
    ExitCriteria,
    Heard,
    Standing,
    alarm,
    exit_conditions,
    loud_author,
    reignition_threshold,
    silence,
    surprise,
)
from incidents.intake.usual import FLOOR, HOURS, Usual, hour_of_week, learned, learned_all

NOW = BEGIN + timedelta(weeks=5, hours=12)
FLAT = Usual(means=(20.0,) * HOURS, weeks=(8,) * HOURS, unevenness=0.05)


def at_rate(per_hour):
    """Counts that come evenly, whatever the window."""
    return lambda since: round(per_hour * ((NOW - since) / HOUR))


def found(storm=None, *, per_hour=20.0, seed=1, learning=2):
    return list(watched(minutes(seed, per_hour, learning + 1, storm), learning=learning))


def test_stays_quiet_at_the_usual_rate_and_a_busy_evening():
    assert alarm(FLAT, at_rate(20), NOW) is None
    assert alarm(FLAT, at_rate(28), NOW) is None


def test_finds_a_spike_by_a_short_window():
    counts = {2: 15, 5: 30, 20: 34, 90: 58, 150: 78}
    told = alarm(FLAT, lambda since: counts[(NOW - since) // MINUTE], NOW)
    assert told is not None
    assert told.shape == "spike"
    assert told.times_usual == pytest.approx(told.count / told.expected)


def test_finds_a_slow_burn_by_a_long_window_only():
    told = alarm(FLAT, at_rate(44), NOW)
    assert told is not None
    assert told.shape == "slow_burn"
    assert told.window >= 90 * MINUTE


def test_asks_more_of_an_account_whose_hours_are_uneven():
    uneven = Usual(FLAT.means, FLAT.weeks, unevenness=1.0)
    assert surprise(60, 30, 1.0, HOUR) < surprise(60, 30, 0.05, HOUR)
    assert alarm(uneven, at_rate(44), NOW) is None


def test_expects_little_of_an_account_without_history_but_never_nothing():
    assert Usual().expected(NOW - HOUR, NOW) == FLOOR
    assert alarm(Usual(), at_rate(120), NOW) is not None
    assert alarm(Usual(), at_rate(2), NOW) is None


@pytest.mark.parametrize("seed", [1, 2])
def test_finds_ten_times_as_much_within_minutes(seed):
    begin = BEGIN + timedelta(weeks=2, days=seed, hours=14)
    told = found(Storm(begin, timedelta(hours=2), 10), seed=seed)
    first = next(at for at, _ in told if at > begin)
    assert first - begin <= 10 * MINUTE


def test_finds_twice_as_much_within_hours():
    begin = BEGIN + timedelta(weeks=2, days=2, hours=9)
    told = found(Storm(begin, timedelta(hours=8), 2.2), seed=4)
    first = next(at for at, _ in told if at > begin)
    assert first - begin <= 4 * HOUR


def test_is_mostly_quiet_in_a_week_without_a_storm():
    assert len(found(seed=7)) <= 1


def test_learns_when_an_account_is_busy():
    hours = [(BEGIN + n * HOUR, 40 if n % 24 == 20 else 4) for n in range(4 * HOURS)]
    usual = learned_all(Usual(), hours)
    evening = BEGIN + timedelta(weeks=4, hours=20.5)
    assert usual.rate(evening) == pytest.approx(40, rel=0.25)
    assert usual.rate(evening - 8 * HOUR) == pytest.approx(4, rel=0.25)


def test_does_not_take_last_weeks_storm_for_usual():
    calm = learned_all(Usual(), [(BEGIN + n * HOUR, 10) for n in range(4 * HOURS)])
    stormy = learned(calm, BEGIN + timedelta(weeks=4), 5000)
    assert stormy.rate(BEGIN + timedelta(weeks=5, minutes=30)) < 20


def test_leans_on_the_hour_of_the_day_for_an_hour_it_never_saw():
    days = [(BEGIN + n * HOUR, 30 if n % 24 == 12 else 2) for n in range(3 * 24)]
    usual = learned_all(Usual(), days)
    saturday_noon = BEGIN + timedelta(days=5, hours=12.5)
    assert usual.rate(saturday_noon) > 3 * usual.rate(saturday_noon - 6 * HOUR)


def test_numbers_the_hours_of_a_week_from_monday():
    assert hour_of_week(BEGIN) == 0
    assert hour_of_week(BEGIN - MINUTE) == HOURS - 1


def test_hears_one_loud_author():
    heard = [Heard("a", 900, 80), Heard("b", 2_000_000, 70), Heard("c", None, 99)]
    assert loud_author(heard, followers_from=100_000) == heard[1]
    assert loud_author(heard, followers_from=100_000, risk_from=75) is None
    assert loud_author(heard[:1] + heard[2:], followers_from=100_000) is None


def test_notices_silence_only_while_the_volume_is_up_and_patience_is_over():
    def told(per_hour, last_said=None, began=NOW - 2 * HOUR):
        return silence(
            FLAT,
            at_rate(per_hour),
            NOW,
            began=began,
            last_said=last_said,
            patience=45 * MINUTE,
        )

    assert told(100) is not None
    assert told(100).silent_for == 2 * HOUR
    assert told(20) is None
    assert told(100, last_said=NOW - 30 * MINUTE) is None
    assert told(100, last_said=NOW - HOUR).silent_for == HOUR
    assert told(100, last_said=NOW - 9 * HOUR).silent_for == 2 * HOUR
    assert told(100, began=NOW - 10 * MINUTE) is None


def test_reopens_a_small_storm_sooner_than_a_great_one():
    def threshold(peak):
        return reignition_threshold(FLAT, NOW, window=HOUR, peak=peak)

    assert threshold(60) == 40
    assert threshold(400) == 100
    assert threshold(100_000) == 120
    assert reignition_threshold(Usual(), NOW, window=10 * MINUTE, peak=3) == 5


def test_checks_every_condition_that_is_asked_for_and_no_other():
    standing = Standing(timedelta(hours=30), 1.2, 3, 0, 1, 0, False)
    told = {each.code: each.met for each in exit_conditions(ExitCriteria(), standing)}
    assert told == {
        "watched_hours": True,
        "times_usual": True,
        "unanswered": False,
        "grave_open": True,
        "claims_unverified": False,
        "promises_overdue": True,
    }
    only = ExitCriteria(None, 1.5, None, None, None, None, said_in_public=True)
    assert [each.code for each in exit_conditions(only, standing)] == ["said_in_public"]


@given(st.lists(st.integers(0, 10_000), max_size=60))
def test_learns_from_any_counts_what_is_a_sensible_rate(counts):
    usual = learned_all(Usual(), [(BEGIN + n * HOUR, count) for n, count in enumerate(counts)])
    assert 0 <= usual.rate(NOW) <= 10_000
    assert 0 < usual.unevenness <= 1
