"""SQLite's writers: each gets its turn, whoever else writes."""

import multiprocessing
import os
import signal
import sqlite3
import threading
import time
from contextlib import closing

import pytest
from django.db import OperationalError, connection, transaction

from crisis_api.access.models import Team
from crisis_api.lib.drf.outages import is_lock_timeout
from crisis_api.lib.sqlite3 import turns

fork = multiprocessing.get_context("fork")
on_sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL has many")


@pytest.fixture
def file(tmp_path):
    path = str(tmp_path / "one.sqlite3")
    with closing(sqlite3.connect(path)) as made:
        made.execute("PRAGMA journal_mode=WAL")
        made.execute("CREATE TABLE lines (who)")
    return path


def write(file, who, seconds=0.0):
    """Write a line, in a transaction that lasts so long."""
    assert turns.of(file).take(20)
    try:
        with closing(sqlite3.connect(file, isolation_level=None)) as opened:
            opened.execute("BEGIN IMMEDIATE")
            opened.execute("INSERT INTO lines VALUES (?)", (who,))
            time.sleep(seconds)
            opened.execute("COMMIT")
    finally:
        turns.of(file).give_back()


def lines(file):
    with closing(sqlite3.connect(file)) as opened:
        return [who for (who,) in opened.execute("SELECT who FROM lines ORDER BY rowid")]


@pytest.fixture
def greedy(file):
    """A process of several threads that do nothing but write."""

    def work():
        def one():
            while True:
                write(file, "greedy", 0.01)

        for _ in range(4):
            threading.Thread(target=one, daemon=True).start()
        signal.pause()

    process = fork.Process(target=work)
    process.start()
    while not lines(file):
        time.sleep(0.01)
    yield process
    process.kill()
    process.join()


def test_lets_a_quiet_process_write_beside_a_greedy_one(file, greedy):
    for _ in range(10):
        write(file, "quiet")
    greedy.kill()
    greedy.join()
    told = lines(file)
    first, last = told.index("quiet"), len(told) - told[::-1].index("quiet")
    assert told[first:last].count("greedy") < 100, "ten of its lines for one of ours, at most"


def test_takes_over_from_a_process_that_is_killed(file):
    ready = fork.Event()

    def dies():
        turns.of(file).take(1)
        ready.set()
        signal.pause()

    process = fork.Process(target=dies)
    process.start()
    assert ready.wait(20)
    assert not turns.of(file).take(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert turns.of(file).take(20)
    turns.of(file).give_back()


def test_lets_nobody_into_what_another_thread_writes(file):
    inside, most = [0], []

    def writes():
        for _ in range(10):
            assert turns.of(file).take(20)
            inside[0] += 1
            time.sleep(0.001)
            most.append(inside[0])
            inside[0] -= 1
            turns.of(file).give_back()

    threads = [threading.Thread(target=writes) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert most == [1] * 40


@on_sqlite
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("leave", ["commit", "rollback", "close", "refused"])
def test_gives_its_turn_back_however_it_leaves(leave):
    try:
        with transaction.atomic():
            Team.objects.create(name="A", slug="a")
            if leave == "rollback":
                raise LookupError
            if leave == "close":
                connection.close()
            if leave == "refused":
                connection.cursor().execute("INSERT INTO nothing_like_it VALUES (1)")
    except (LookupError, OperationalError):
        pass
    mine = turns.of(connection.settings_dict["NAME"])
    assert mine.take(0.2)
    mine.give_back()


def by_itself(team):
    Team.objects.filter(pk=team.pk).update(name="B")


def in_a_transaction(team):
    with transaction.atomic():
        by_itself(team)


@on_sqlite
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rename", [by_itself, in_a_transaction])
def test_says_that_the_database_is_locked_when_its_turn_does_not_come(monkeypatch, rename):
    team = Team.objects.create(name="A", slug="a")
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.05)
    mine = turns.of(connection.settings_dict["NAME"])
    assert mine.take(20)
    try:
        with pytest.raises(OperationalError, match="locked") as told:
            rename(team)
        assert is_lock_timeout(told.value)
        assert Team.objects.get().name == "A", "readers never wait"
    finally:
        mine.give_back()
    rename(team)
    assert Team.objects.get().name == "B"
