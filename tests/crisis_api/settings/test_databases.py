"""DATABASE_URL as Django's settings."""

from pathlib import Path

import pytest
from django.db import connection

from crisis_api.settings import databases


def test_is_sqlite_in_the_data_folder_by_default():
    entry = databases.configured("", Path("/srv/Данные [x] y"))

    assert entry["NAME"] == "/srv/Данные [x] y/crisis.sqlite3"
    assert entry["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_a_sqlite_address_has_the_same_options():
    entry = databases.configured("sqlite:////srv/a%20b/crisis.sqlite3", Path("/var"))

    assert entry["NAME"] == "/srv/a b/crisis.sqlite3"
    assert entry["OPTIONS"]["timeout"] == 20


def test_options_of_an_address_come_after_ours_and_so_win():
    url = "postgres://u:p@db:5433/crisis?sslmode=require&options=-c%20statement_timeout%3D0"
    entry = databases.configured(url, Path("/var"))

    assert (entry["HOST"], entry["PORT"], entry["NAME"]) == ("db", 5433, "crisis")
    assert entry["OPTIONS"]["sslmode"] == "require"
    assert entry["OPTIONS"]["options"].startswith("-c lock_timeout=5s")
    assert entry["OPTIONS"]["options"].endswith("-c statement_timeout=0")
    assert entry["CONN_MAX_AGE"] is None
    assert entry["CONN_HEALTH_CHECKS"] is True


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        ("", 10),
        ("?options=-c%20statement_timeout%3D0", 0),
        ("?options=-c%20statement_timeout%3D2min", 122),
        ("?options=-c%20statement_timeout%3D500", 2.5),
        ("?options=-c%20statement_timeout%3D0&answer_timeout=60", 60),
    ],
)
def test_a_server_has_a_moment_longer_to_answer_than_to_work(query, seconds):
    entry = databases.configured(f"postgres://db/c{query}", Path("/"))
    assert entry["OPTIONS"]["answer_timeout"] == seconds


def test_how_long_a_connection_lives_can_be_said_in_the_address():
    assert databases.configured("postgres://db/c?conn_max_age=60", Path("/"))["CONN_MAX_AGE"] == 60


@pytest.mark.django_db
def test_the_session_has_its_limits():
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            found = {}
            for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers"):
                cursor.execute(f"PRAGMA {name}")
                found[name] = cursor.fetchone()[0]
            assert found == {
                "journal_mode": "wal",
                "synchronous": 2,
                "foreign_keys": 1,
                "recursive_triggers": 1,
            }
        else:
            limits = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
            found = []
            for name in limits:
                cursor.execute(f"SHOW {name}")
                found.append(cursor.fetchone()[0])
            assert found == ["5s", "8s", "10s"]
