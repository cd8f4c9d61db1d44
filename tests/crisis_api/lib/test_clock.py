from datetime import UTC, datetime, timedelta

import pytest

from crisis_api.lib import clock as the_clock

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)


def test_tells_the_time_in_utc():
    assert the_clock.now().tzinfo is UTC
    assert abs(the_clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_stands_still_and_moves_when_told():
    with the_clock.frozen(NEW_YEAR):
        assert the_clock.now() == NEW_YEAR
        the_clock.move(timedelta(hours=1))
        assert the_clock.now() == NEW_YEAR + timedelta(hours=1)
    assert the_clock.now() != NEW_YEAR + timedelta(hours=1)


def test_moves_with_the_clock_that_processes_share(shared_clock):
    before = the_clock.now()
    shared_clock.move(days=30)
    assert the_clock.now() - before >= timedelta(days=30)


def test_is_moved_by_no_file_outside_tests(shared_clock, monkeypatch):
    shared_clock.move(days=30)
    monkeypatch.delenv("CRISIS_TEST")
    assert abs(the_clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_takes_a_damaged_file_for_none(shared_clock, monkeypatch, tmp_path):
    damaged = tmp_path / "clock"
    damaged.write_text("soon", encoding="ascii")
    monkeypatch.setenv("CRISIS_CLOCK_FILE", str(damaged))
    assert abs(the_clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.django_db
def test_judges_due_rows_by_a_clock_that_tests_move_too(shared_clock):
    before = the_clock.decisive_now()
    shared_clock.move(days=30)
    assert the_clock.decisive_now() - before >= timedelta(days=30)
    with the_clock.frozen(NEW_YEAR):
        assert the_clock.decisive_now() == NEW_YEAR
