"""Redis dies, freezes, fills up or forgets: nobody's request fails, and nobody is forgotten.

The Valkey is the test's own on either database, so that it may be done to what the test likes.
Everything goes on running from one trouble to the next, as it would in real life.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest
import redis

from crisis_api.access.models import Owner
from incidents.models import Notification
from tests.factories.access import a_key, a_team
from tests.factories.incidents import a_policy, an_account, an_assignment_rule
from tests.faults.conftest import somebody_at
from tests.faults.results import MINUTES
from tests.processes import Broker, Process, environment, manage, until
from tests.rig import Api, Receiver, Site, to_reach_us, worker_program

pytestmark = [pytest.mark.faults, pytest.mark.timeout(0 if MINUTES else 300)]

SECONDS = 30
# Far above what a request takes here, and far below what waiting for Redis would cost: a client
# without our limits waits for ever for one that is frozen.
SLOWEST_SECONDS = 5


@dataclass
class Works:
    """All processes, around a Valkey of their own, and a key to call them with."""

    valkey: Broker
    web: Site
    engine: Process
    worker: Process
    receiver: Receiver
    owner: Owner
    api: Api
    slowest: float = 0.0
    told_after: float = 0.0
    opened: list[str] = field(default_factory=list)

    def call(self, path: str, body: object) -> dict[str, object]:
        """Call the API, which must take it, and remember how long that took."""
        began = time.monotonic()
        answer = self.api.post(path, body, Idempotency_Key=uuid4().hex)
        self.slowest = max(self.slowest, time.monotonic() - began)
        return answer

    def use(self, number: int = 8) -> None:
        """Do what people and systems do, and see that the owner is told of every incident."""
        self.slowest, self.opened = 0.0, []
        for _ in range(number):
            incident = {"title": "Burns", "category": "spam", "severity": "critical"}
            reference = self.call("incidents/", incident)["reference"]
            self.opened.append(str(reference))
            self.call(f"incidents/{reference}/notes/", {"text": "We look at it."})
            self.call("mentions/", said())
            assert self.api.get("incidents/?status=open")["results"]
        assert self.slowest < SLOWEST_SECONDS
        opened = time.monotonic()
        until(self.all_arrived, SECONDS)
        self.told_after = time.monotonic() - opened
        for reference in self.opened:
            self.call(f"incidents/{reference}/acknowledge/", {"owner": str(self.owner.pk)})
        assert self.slowest < SLOWEST_SECONDS

    def all_arrived(self) -> bool:
        """Return whether the owner has heard of every incident."""
        return set(self.opened) <= set(self.receiver.references())

    def is_sent_by_the_worker_again(self) -> bool:
        """Return whether the worker, and not the engine, sends what is due now."""
        assert self.engine.popen is not None
        self.use(1)
        sent = Notification.objects.get(incident__reference=self.opened[0])
        return f":{self.engine.popen.pid}:" not in sent.lease_owner

    def alarms(self) -> int:
        """Return how often the second path was taken because of the broker."""
        return self.engine.output().count("auditor: broker_away 1")

    def recoveries(self) -> int:
        """Return how often it was said that the broker takes hints again."""
        return self.engine.output().count("auditor: broker_away is over")

    def nothing_twice(self) -> bool:
        """Return whether no message came more than once."""
        return set(Counter(line["id"] for line in self.receiver.journal()).values()) == {1}


def said() -> dict[str, str]:
    return {
        "external_id": uuid4().hex,
        "author_id": "u1",
        "text": "Where can I buy it?",
        "written_at": "2026-03-14T09:00:00Z",
    }


@pytest.fixture
def works(transactional_db: None, tmp_path: Path) -> Iterator[Works]:
    folder = tmp_path
    with ExitStack() as stack:
        valkey = Broker(folder)
        valkey.start()
        stack.callback(valkey.stop)
        receiver = Receiver(folder)
        stack.callback(receiver.process.stop)
        variables = to_reach_us({**environment(), "REDIS_URL": valkey.url})
        web = Site(variables, folder / "web.log", workers=1)
        engine = Process(manage("engine", "engine", environment=variables), folder / "engine.log")
        worker = Process(worker_program(variables), folder / "worker.log")
        for process in (engine, worker, web.process):
            stack.callback(process.start().stop)
        owner = _a_team_with(receiver)
        until(web.answers, 60)
        engine.says("is running", 60)
        worker.says("ready.", 60)
        api = Api(web.url, key=a_key(owner.memberships.get().team))
        yield Works(valkey, web, engine, worker, receiver, owner, api)


def _a_team_with(receiver: Receiver) -> Owner:
    team = a_team()
    owner = somebody_at(receiver, team)
    an_account(team)
    policy = a_policy(team, [{"notify_owner": True}], rounds=1)
    an_assignment_rule(team, owner=owner, policy=policy)
    return owner


@contextmanager
def dead(valkey: Broker) -> Iterator[None]:
    valkey.kill()
    try:
        yield
    finally:
        valkey.start()


@contextmanager
def frozen(valkey: Broker) -> Iterator[None]:
    process_id = valkey.process_id
    os.kill(process_id, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process_id, signal.SIGCONT)


@contextmanager
def full(valkey: Broker) -> Iterator[None]:
    client = valkey.client()
    client.set("ballast", "x" * 2_000_000)
    client.config_set("maxmemory", "1mb")
    client.config_set("maxmemory-policy", "noeviction")
    try:
        with pytest.raises(redis.OutOfMemoryError):
            client.set("one more", "x")
        yield
    finally:
        client.config_set("maxmemory", "256mb")


@contextmanager
def forgetful(valkey: Broker) -> Iterator[None]:
    client = valkey.client()
    client.config_set("appendonly", "no")
    client.flushall()
    yield
    client.flushall()


ROWS = {dead: "F10", frozen: "F11", full: "F13", forgetful: "F12"}
# After twenty seconds without an answer, seen every ten; a Redis that forgot answers all the same.
ALARMED = 60


def test_goes_on_as_if_nothing_were_wrong_while_redis_is(works, subtests, results):
    for wrong, row in ROWS.items():
        with subtests.test(wrong.__name__), wrong(works.valkey):
            began, alarms = time.monotonic(), works.alarms()
            works.use()
            assert works.web.process.popen.poll() is None
            assert works.engine.popen.poll() is None
            assert works.worker.popen.poll() is None
            figures = {
                "API 5xx": 0,
                "API slowest s": round(works.slowest, 2),
                "all told s after the last was opened": round(works.told_after, 1),
            }
            if MINUTES and wrong is not forgetful:
                until(lambda before=alarms: works.alarms() > before, ALARMED)
                figures["alarm after s"] = round(time.monotonic() - began)
            results.note(row, f"Redis {wrong.__name__}", lost=0, doubled=0, **figures)
        if MINUTES and wrong is not forgetful:
            until(lambda before=alarms: works.recoveries() > before, ALARMED)
    assert works.nothing_twice()
    until(works.is_sent_by_the_worker_again, 60)
