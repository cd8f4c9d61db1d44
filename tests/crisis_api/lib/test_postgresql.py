"""A server that neither refuses nor answers is given up by the client."""

import os
import time
from urllib.parse import urlsplit

import pytest
from django.db import OperationalError, connection

from crisis_api.lib.drf import outages
from crisis_api.lib.postgresql.base import DatabaseWrapper
from tests.proxy import Proxy

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite is a file"),
]

PATIENCE = 1.0
# Far above what giving up takes, and far below what the fault lasts.
LONG = 30


@pytest.fixture
def proxy():
    parts = urlsplit(os.environ["DATABASE_URL"])
    proxy = Proxy(parts.hostname or "127.0.0.1", parts.port or 5432)
    yield proxy
    proxy.stop()


@pytest.fixture
def through(proxy):
    """A connection of its own to this test's database, through the proxy."""
    settings = {**connection.settings_dict, "HOST": "127.0.0.1", "PORT": proxy.port}
    settings["OPTIONS"] = {
        **settings["OPTIONS"], "answer_timeout": PATIENCE, "connect_timeout": 2,
    }  # fmt: skip
    through = DatabaseWrapper(settings, alias="through")
    yield through
    through.close()


def one(through):
    with through.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone()


def waited(does):
    began = time.monotonic()
    with pytest.raises(OperationalError) as failed:
        does()
    return time.monotonic() - began, failed.value


def test_gives_up_on_a_server_that_does_not_answer_and_connects_anew(through, proxy):
    assert one(through) == (1,)
    proxy.set("frozen")
    took, error = waited(lambda: one(through))
    assert PATIENCE <= took < LONG
    assert through.connection.closed
    assert outages.outage(error).code == "database_unavailable"
    assert not through.is_usable()
    took, _ = waited(lambda: (through.close(), one(through)))
    assert took < LONG, "connecting has an end, too"
    proxy.set("open")
    through.close()
    assert one(through) == (1,)


def test_leaves_a_transaction_without_waiting_again(through, proxy):
    # As transaction.atomic does it.
    through.set_autocommit(False)
    one(through)
    proxy.set("frozen")
    waited(lambda: one(through))
    took, _ = waited(through.rollback)
    through.close()
    through.set_autocommit(True)
    assert took < PATIENCE
    assert through.connection is None
    proxy.set("open")
    assert one(through) == (1,)
    assert through.get_autocommit()


def test_waits_for_a_slow_answer_and_not_for_more_than_the_session_allows(through):
    with through.cursor() as cursor:
        cursor.execute("SET statement_timeout = '300ms'")
        with pytest.raises(OperationalError, match="statement timeout"):
            cursor.execute("SELECT pg_sleep(20)")
    assert not through.connection.closed, "what the server ended left a good connection"
    through.rollback()
    through.connection.patience = None
    with through.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SELECT pg_sleep(1.3)")


def test_asks_an_idle_connection_for_a_moment_only_whether_it_is_good(through, proxy, monkeypatch):
    one(through)
    through.connection.patience = LONG
    monkeypatch.setattr("crisis_api.lib.postgresql.base.HEALTH_PATIENCE", 0.5)
    proxy.set("frozen")
    began = time.monotonic()
    assert not through.is_usable()
    assert time.monotonic() - began < LONG / 2
