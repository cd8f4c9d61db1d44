"""A drifting clock, a damaged file, a broker that takes nothing: a person hears of it."""

import shutil
import sqlite3
import time
from contextlib import closing
from datetime import timedelta

import pytest
import redis
from django.core import mail
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.test import Client

from crisis_api.lib import drift, integrity
from crisis_api.lib.drf import outages
from incidents.escalation.auditor import ground, second_path, turns
from incidents.escalation.engine import Engine
from incidents.models import AuditorState
from tests.processes import Broker, until

pytestmark = pytest.mark.django_db

MINUTE = 60.0


@pytest.fixture(autouse=True)
def _mailbox(settings):
    settings.ALARM_EMAIL = ["night@ops.example"]
    second_path.forget()
    yield
    second_path.forget()


def told():
    return [message.subject.rpartition(" ")[2] for message in mail.outbox]


def looking(monkeypatch, **values):
    """A look at everything each time it is asked, whatever was looked at just before."""
    monkeypatch.setattr(ground.Ground, "_is_time", lambda self, code, every: True)
    return ground.Ground(**values)


class Host:
    """A machine whose wall clock can be led astray; its ticks, and PostgreSQL's clock, cannot."""

    def __init__(self):
        self.astray = self.passed = 0.0

    def wall(self):
        # On SQLite time passes as the test says, beside the database's clock it is the real one.
        passed = self.passed if connection.vendor == "sqlite" else time.time()
        return passed + self.astray

    def passes(self, seconds, drift_a_minute=0.0):
        self.passed += seconds
        self.astray += drift_a_minute * seconds / MINUTE


@pytest.fixture
def host():
    return Host()


def watching(host, monkeypatch):
    watch = looking(monkeypatch, drift=drift.Drift(wall=host.wall, ticks=lambda: host.passed))
    monkeypatch.setattr(watch, "_look_at_file", lambda: None)
    return watch


def test_tells_of_a_clock_that_drifts_a_second_a_minute_within_three(host, monkeypatch, clock):
    watch = watching(host, monkeypatch)
    noticed = None
    for _ in range(30):
        watch.look()
        if told() and noticed is None:
            noticed = host.passed
        host.passes(10, drift_a_minute=1.0)
    assert told() == ["clock_off"]
    assert 2 * MINUTE <= noticed <= 3 * MINUTE
    Engine()._beat()
    turns.turn("a")
    assert Client().get("/healthz/engine").status_code == 503


def test_tells_of_a_clock_that_is_set_in_either_direction(host, monkeypatch):
    for jump in (-3600.0, 2.5):
        second_path.forget()
        mail.outbox.clear()
        watch = watching(host, monkeypatch)
        watch.look()
        host.passes(10)
        host.astray += jump if connection.vendor == "sqlite" else jump - host.astray
        watch.look()
        assert told() == ["clock_off"]


def test_is_content_with_a_clock_that_is_steered_gently_for_a_day(host, monkeypatch):
    watch = watching(host, monkeypatch)
    for _ in range(24 * 60):
        watch.look()
        # 80 millionths; on PostgreSQL the other clock is right beside.
        host.passes(60, drift_a_minute=0.005 if connection.vendor == "sqlite" else 0.0)
    assert told() == []
    assert not AuditorState.objects.filter(pk=ground.CLOCK).exists()


def test_counts_the_ticks_of_sleep_and_none_that_are_steered():
    before = drift.ticks()
    assert drift.ticks() >= before
    assert abs(drift.Drift().off()) < drift.TOLERATED


@pytest.fixture
def own_broker(tmp_path, settings):
    valkey = Broker(tmp_path)
    valkey.start()
    settings.NUDGE_ENABLED, settings.REDIS_URL = True, valkey.url
    yield valkey
    valkey.stop()


def test_tells_of_a_broker_that_takes_nothing_although_it_answers(own_broker, monkeypatch, clock):
    monkeypatch.setattr(ground, "BROKER_AWAY_FOR", timedelta(seconds=0.2))
    watch = looking(monkeypatch)
    watch.look()
    client = own_broker.client()
    client.set("ballast", "x" * 2_000_000)
    client.config_set("maxmemory", "1mb")
    with pytest.raises(redis.OutOfMemoryError):
        client.set("one more", "x")
    watch.look()
    assert told() == [], "a moment is no news"
    until(lambda: watch.look() or told())
    watch.look()
    assert told() == ["broker_away"]
    Engine()._beat()
    turns.turn("a")
    assert Client().get("/healthz/engine").status_code == 200, "nobody is late for it"
    client.config_set("maxmemory", "256mb")
    watch.look()
    own_broker.kill()
    second_path.forget()
    until(lambda: watch.look() or len(told()) == 2)
    assert told() == ["broker_away", "broker_away"], "and again after it was well"


def damaged(file):
    """Overwrite one page in the middle of a table, as a disk that lies does."""
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = database.execute("PRAGMA page_size").fetchone()
        (root,) = database.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'incidents_incident'"
        ).fetchone()
    with file.open("r+b") as pages:
        pages.seek((root - 1) * size)
        pages.write(b"\xa5" * size)


@pytest.fixture
def file(tmp_path):
    """A copy of this test's database, to be damaged."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has checksums of its own")
    copy = tmp_path / "copy.sqlite3"
    with closing(sqlite3.connect(copy)) as target:
        connection.ensure_connection()
        with closing(sqlite3.connect(connection.settings_dict["NAME"])) as source:
            source.backup(target)
    return copy


def test_finds_a_damaged_page_and_lets_the_page_fail(file, monkeypatch, clock):
    watch = looking(monkeypatch)
    monkeypatch.setitem(connection.settings_dict, "NAME", str(file))
    read_through(watch, clock)
    assert told() == []
    damaged(file)
    clock.move(minutes=4)
    read_through(watch, clock)
    assert told() == [], "it is read every five minutes"
    clock.move(minutes=1)
    read_through(watch, clock)
    assert told() == ["database_damaged"]
    Engine()._beat()
    turns.turn("a")
    assert Client().get("/healthz/engine").json()["overlooked"] == 1
    assert Client().get("/healthz/engine").status_code == 503


def read_through(watch, clock):
    watch.look()
    if watch._reading is not None:
        watch._reading.join(60)
    watch.look()


def test_one_of_all_processes_reads_the_file_at_a_time(file, monkeypatch, clock):
    one, other = looking(monkeypatch), looking(monkeypatch)
    for watch in (one, other):
        watch.look()
    assert one._reading is not None
    assert other._reading is None


def test_says_at_once_what_a_statement_came_upon(file, monkeypatch):
    damaged(file)
    with (
        closing(sqlite3.connect(file)) as database,
        pytest.raises(sqlite3.DatabaseError) as failed,
    ):
        database.execute("SELECT count(title) FROM incidents_incident").fetchone()
    error = DatabaseError(str(failed.value))
    error.__cause__ = failed.value
    ground.Ground().hear(error)
    assert told() == ["database_damaged"]
    assert outages.outage(error).code == "database_damaged"


def test_takes_a_busy_file_for_no_damage(file, tmp_path):
    assert integrity.flaw(file) == ""
    assert integrity.flaw(tmp_path / "away.sqlite3") == ""
    (tmp_path / "text").write_text("no database at all, but long enough" * 100, encoding="ascii")
    assert integrity.flaw(tmp_path / "text") != ""
    shutil.copy(file, tmp_path / "short")
    with (tmp_path / "short").open("r+b") as pages:
        pages.truncate(file.stat().st_size // 2)
    assert integrity.flaw(tmp_path / "short") != ""


def test_the_command_reads_it_through_too(file, monkeypatch, capsys):
    Engine()._beat()
    damaged(file)
    monkeypatch.setitem(connection.settings_dict, "NAME", str(file))
    with pytest.raises(SystemExit) as ended:
        call_command("auditor")
    assert ended.value.code == 1
    assert "database_damaged" in capsys.readouterr().out
