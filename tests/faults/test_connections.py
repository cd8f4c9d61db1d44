"""What lies between the processes and their servers is cut, frozen, slowed down, or full."""

import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest
import requests
from django.db import connection, transaction

from incidents.models import Incident
from tests.factories.access import a_key
from tests.faults.results import MINUTES, long
from tests.oracle import judge
from tests.processes import Broker, Process, until
from tests.proxy import Proxy
from tests.rig import Api, Site, worker_program

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.faults,
    pytest.mark.timeout(0 if MINUTES else 300),
]

STEPS = ((0, "/hook/1"), (2, "/hook/2"), (4, "/hook/1"))
# A statement is given up after ten seconds; before it, an idle connection is after three.
GIVEN_UP = 15
# How long a fault lasts, in CI and in a long run.
SECONDS = 60 if MINUTES else 6


@pytest.fixture
def redis_proxy(tmp_path) -> Iterator[Proxy]:
    valkey = Broker(tmp_path)
    valkey.start()
    proxy = Proxy(urlsplit(valkey.url).path)
    yield proxy
    proxy.stop()
    valkey.stop()


@pytest.fixture
def database_proxy(variables) -> Iterator[Proxy]:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite is a file: there is nothing between")
    parts = urlsplit(variables["DATABASE_URL"])
    proxy = Proxy(parts.hostname or "127.0.0.1", parts.port or 5432)
    name = f"{parts.username}{':' + parts.password if parts.password else ''}"
    variables["DATABASE_URL"] = urlunsplit(parts._replace(netloc=f"{name}@127.0.0.1:{proxy.port}"))
    yield proxy
    proxy.stop()


class Caller(threading.Thread):
    """Opens incidents over HTTP all the time, and notes what was answered and how long it took."""

    def __init__(self, url: str, key: str) -> None:
        super().__init__(daemon=True)
        self.api = Api(url, key=key)
        self.kept: list[str] = []
        self.statuses: list[int] = []
        self.slowest = 0.0
        self.stopping = threading.Event()

    def run(self) -> None:
        """Call until told to stop."""
        while not self.stopping.wait(0.2):
            began = time.monotonic()
            body = {"title": uuid4().hex, "category": "spam", "severity": "low"}
            try:
                answer = self.api.send("POST", "incidents/", body, timeout=60)
            except requests.RequestException:
                continue
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.statuses.append(answer.status_code)
            if answer.ok:
                self.kept.append(body["title"])

    def stop(self) -> "Caller":
        """Stop, and return itself."""
        self.stopping.set()
        self.join(90)
        return self


def flapping(proxy: Proxy, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for mode in ("cut", "open"):
            proxy.set(mode)
            time.sleep(1)


def lagging(proxy: Proxy, seconds: float) -> None:
    proxy.set("open", lag=0.5)
    time.sleep(seconds)
    proxy.set("open")


@long
def test_a_broker_that_comes_and_goes_or_answers_late_delays_nobody(
    stage, variables, redis_proxy, tmp_path, start
):
    variables["REDIS_URL"] = f"redis://127.0.0.1:{redis_proxy.port}/0"
    web = Site(variables, tmp_path / "web.log", workers=1)
    worker = Process(worker_program(variables), tmp_path / "worker.log")
    try:
        start("engine", variables)
        worker.start().says("ready.", 60)
        web.start()
        caller = Caller(web.url, a_key(stage.team))
        caller.start()
        for row, what, fault in (("F15", "flapping", flapping), ("F16", "500 ms late", lagging)):
            stage.expected, caller.slowest = [], 0.0
            stage.open(10, *STEPS)
            fault(redis_proxy, SECONDS)
            verdict = stage.verdict()
            assert verdict.faults == {}
            assert verdict.late(1.0) < 30
            stage.note(row, f"Redis {what} for {SECONDS} s", verdict, **api_figures(caller))
        caller.stop()
        assert set(caller.statuses) == {201}
        assert worker.popen is not None
        assert worker.popen.poll() is None
    finally:
        worker.stop()
        web.process.stop()


def api_figures(caller: Caller) -> dict[str, object]:
    wrong = len([status for status in caller.statuses if status >= 500])
    return {
        "API calls": len(caller.statuses),
        "API 5xx": wrong,
        "API slowest s": round(caller.slowest, 2),
    }


@pytest.mark.parametrize(
    ("row", "mode"),
    [
        ("F19", "cut"),
        pytest.param("F20", "frozen", marks=long),
        pytest.param("F22", "late", marks=long),
        pytest.param("F23", "full", marks=long),
    ],
)
def test_a_database_that_is_away_for_a_while_loses_nothing_it_said_yes_to(
    stage, variables, database_proxy, tmp_path, start, row, mode
):
    engine = start("engine", variables)
    web = Site(variables, tmp_path / "web.log", workers=1)
    try:
        web.start()
        caller = Caller(web.url, a_key(stage.team))
        caller.start()
        until(lambda: caller.kept, 60)
        stage.open(5, *STEPS)
        began = time.monotonic()
        if mode == "late":
            lagging(database_proxy, SECONDS)
        else:
            database_proxy.set(mode)
            time.sleep(SECONDS)
            database_proxy.set("open")
        back = time.monotonic()
        before = len(caller.kept)
        until(lambda: len(caller.kept) > before, 60)
        recovered = time.monotonic() - back
        verdict = stage.verdict(90)
        caller.stop()
    finally:
        web.process.stop()
    assert engine.popen is not None
    assert engine.popen.poll() is None, "nobody had to start it again"
    assert verdict.faults == {}
    assert verdict.late(1.0) < (back - began) + 45
    there = set(Incident.objects.values_list("title", flat=True))
    assert set(caller.kept) <= there, "what it said yes to is there"
    assert {status for status in caller.statuses if status >= 500} <= {503}
    assert mode == "late" or caller.slowest < GIVEN_UP, "nobody waits for as long as it is away"
    stage.note(
        row,
        f"PostgreSQL {mode} for {SECONDS} s",
        verdict,
        **api_figures(caller),
        **{"lost 2xx": len(set(caller.kept) - there), "recovery s": round(recovered, 1)},
    )


class Holder(threading.Thread):
    """Holds an incident's row, as somebody at a console who forgot to commit does."""

    def __init__(self, incident: Incident) -> None:
        super().__init__(daemon=True)
        self.incident = incident
        self.holding, self.letting_go = threading.Event(), threading.Event()

    def run(self) -> None:
        """Hold it until told to let go."""
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
                Incident.objects.select_for_update().get(pk=self.incident.pk)
                self.holding.set()
                self.letting_go.wait(300)
        finally:
            connection.close()


@long
def test_a_row_that_somebody_holds_delays_no_other(stage, variables, start, receiver):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one lock, for everything")
    start("engine", variables)
    (held,) = stage.open(1, *STEPS)
    holder = Holder(held)
    holder.start()
    assert holder.holding.wait(60)
    others = {incident.reference for incident in stage.open(10, *STEPS)}
    until(lambda: all(receiver.references().count(each) >= len(STEPS) for each in others), 120)
    time.sleep(SECONDS)
    holder.letting_go.set()
    holder.join(60)
    verdict = stage.verdict()
    assert verdict.faults == {}
    mine = [each for each in stage.expected if each.reference in others]
    healthy = judge(mine, receiver.journal())
    assert healthy.late(1.0) < 30
    stage.note("F21", f"the row of one incident held for {SECONDS} s: the others", healthy)
