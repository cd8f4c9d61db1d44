"""Everything runs for as long as asked, under load, while whatever there is gets killed.

Not part of the suite. FAULTS_MINUTES is for how many minutes:

    FAULTS_MINUTES=60 python -m pytest tests/faults/test_endurance.py --log-cli-level=INFO
"""

import json
import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from crisis_api.access.models import Owner
from incidents.models import Event, Incident, Notification, PendingEvent, Reminder
from responses.models import WebhookDelivery
from tests.factories.access import a_key, a_team
from tests.factories.incidents import a_policy, an_account, an_assignment_rule
from tests.factories.webhooks import an_endpoint
from tests.faults.conftest import somebody_at
from tests.faults.results import MINUTES, SEED, Results, long
from tests.oracle import Expected, Verdict, at, judge
from tests.processes import Broker, Process, environment, manage, until
from tests.rig import Api, Receiver, Site, is_signed, to_reach_us, worker_program

pytestmark = [
    long,
    pytest.mark.django_db(transaction=True),
    pytest.mark.faults,
    pytest.mark.timeout(0),
]

log = logging.getLogger("endurance")
STEPS = 3
BETWEEN_KILLS = (5, 20)
# Of a process that nobody killed; the first minute is for warming up.
MOST_GROWTH_KIB = 60 * 1024


@dataclass
class Town:
    """Processes that are killed now and then, and one engine that never is."""

    valkey: Broker
    web: Site
    killable: dict[str, Callable[[], object]]
    spared: Process
    receiver: Receiver
    owner: Owner
    key: str
    secret: str
    kills: Counter[str] = field(default_factory=Counter)

    def kill_one(self, chance: random.Random) -> None:
        """Kill something with -9, and start it again."""
        name = chance.choice(sorted(self.killable))
        self.kills[name] += 1
        self.killable[name]()


@pytest.fixture
def town(transactional_db: None, tmp_path: Path) -> Iterator[Town]:
    with ExitStack() as stack:
        valkey = Broker(tmp_path)
        valkey.start()
        stack.callback(valkey.stop)
        receiver = Receiver(tmp_path)
        stack.callback(receiver.process.stop)
        variables = to_reach_us({**environment(), "REDIS_URL": valkey.url})
        web = Site(variables, tmp_path / "web.log")
        engines = [
            Process(manage("engine", "engine", environment=variables), tmp_path / f"engine{n}.log")
            for n in range(2)
        ]
        worker = Process(worker_program(variables), tmp_path / "worker.log")
        for process in (*engines, worker, web.process):
            stack.callback(process.start().stop)
        owner = somebody_at(receiver, a_team())
        team = owner.memberships.get().team
        steps = [{"delay": timedelta(seconds=2), "notify_owner": True} for _ in range(STEPS)]
        an_assignment_rule(team, owner=owner, policy=a_policy(team, steps, rounds=1))
        an_account(team)
        endpoint = an_endpoint(team, receiver.url("/events"))
        until(web.answers, 60)
        yield Town(
            valkey=valkey,
            web=web,
            killable={
                "engine": again(engines[1]),
                "worker": again(worker),
                "web": again(web.process),
                "redis": lambda: (valkey.kill(), valkey.start()),
            },
            spared=engines[0],
            receiver=receiver,
            owner=owner,
            key=a_key(team),
            secret=endpoint.secret,
        )


def again(process: Process) -> Callable[[], object]:
    return lambda: (process.kill(), process.start())


class Citizen(threading.Thread):
    """Opens incidents, writes what people say, and acknowledges every other one."""

    def __init__(self, town: Town, chance: random.Random) -> None:
        super().__init__(daemon=True)
        self.api, self.owner, self.chance = Api(town.web.url, key=town.key), town.owner, chance
        self.opened: list[str] = []
        self.acknowledged: set[str] = set()
        self.wrong: list[str] = []
        self.stopping = threading.Event()

    def run(self) -> None:
        """Live until told to stop."""
        while not self.stopping.is_set():
            body = {"title": uuid4().hex, "category": "spam", "severity": "critical"}
            incident = self.ask("incidents/", body)["id"]
            self.opened.append(incident)
            self.ask("mentions/batch/", {"mentions": [comment() for _ in range(20)]})
            self.stopping.wait(self.chance.uniform(0, 2))
            if self.chance.random() < 0.5:
                path = f"incidents/{incident}/acknowledge/"
                self.ask(path, {"owner": str(self.owner.pk)})
                self.acknowledged.add(incident)

    def ask(self, path: str, body: object) -> Any:
        """Post until it is taken; what ought not to be answered is written down."""
        key = uuid4().hex
        while True:
            with suppress(requests.ConnectionError, requests.Timeout):
                answer = self.api.send("POST", path, body, Idempotency_Key=key)
                if answer.ok:
                    return answer.json()
                if answer.status_code not in (409, 429, 503):
                    self.wrong.append(f"{path}: {answer.status_code} {answer.text}")
            self.stopping.wait(0.2)


def comment() -> dict[str, str]:
    return {
        "external_id": uuid4().hex,
        "author_id": uuid4().hex,
        "text": "It burns",
        "written_at": "2026-03-14T09:00:00Z",
    }


def memory(process: Process) -> int:
    """Return what a process holds, in KiB."""
    assert process.popen is not None
    status = Path(f"/proc/{process.popen.pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0])


def test_nothing_is_lost_and_nothing_grows(town, results):
    chance = random.Random(SEED)
    log.info("seed %d, %g minutes", SEED, MINUTES)
    citizens = [Citizen(town, random.Random(SEED + n)) for n in range(2)]
    for citizen in citizens:
        citizen.start()
    end = time.monotonic() + MINUTES * 60
    warm = min(time.monotonic() + 60, end)
    at_first = memory(town.spared)
    while time.monotonic() < end:
        pause = chance.uniform(*BETWEEN_KILLS)
        citizens[0].stopping.wait(min(pause, max(end - time.monotonic(), 0)))
        if time.monotonic() < warm:
            at_first = memory(town.spared)
        town.kill_one(chance)
        heard = len(town.receiver.journal())
        log.info("%s, %d KiB, %d heard", dict(town.kills), memory(town.spared), heard)
    grown = memory(town.spared) - at_first
    town.killable["web"]()
    until(town.web.answers, 60)
    for citizen in citizens:
        citizen.stopping.set()
        citizen.join(120)
        assert citizen.wrong == []
    # A killed sender's lease of 20 seconds, its retries, and whatever is still queued behind.
    until(nothing_is_left, 300)
    everybody_was_called(town, citizens)
    every_event_was_told(town)
    verdict = whoever_reacted_to_nothing(town, citizens)
    write_down(results, town, citizens, verdict, grown)
    assert verdict.faults == {}
    assert grown < MOST_GROWTH_KIB


def nothing_is_left() -> bool:
    """Return whether nothing of any kind is due or under way."""
    under_way = ["pending", "sending"]
    return not (
        Reminder.objects.pending().filter(kind="escalation_step").exists()
        or Notification.objects.filter(status__in=under_way).exists()
        or PendingEvent.objects.exists()
        or WebhookDelivery.objects.filter(status__in=under_way).exists()
    )


def everybody_was_called(town: Town, citizens: list[Citizen]) -> None:
    opened = [pk for citizen in citizens for pk in citizen.opened]
    acknowledged = set().union(*(citizen.acknowledged for citizen in citizens))
    assert Incident.objects.filter(pk__in=opened).count() == len(set(opened)) == len(opened)
    assert Incident.objects.count() == len(opened)
    steps = Counter(
        str(pk)
        for pk in Event.objects.filter(kind="incident.escalated").values_list("incident", flat=True)
    )
    assert {steps[pk] for pk in opened if pk not in acknowledged} <= {STEPS}
    assert max(steps.values()) == STEPS
    arrived = {line["id"] for line in town.receiver.journal("/hook")}
    # What a killed sender had sent and not written down may have been acknowledged since.
    assert ids(Notification.objects.filter(status="sent")) <= arrived
    assert arrived <= ids(Notification.objects.exclude(sending_at=None))
    assert not Notification.objects.filter(status__in=["dead", "failed"]).exists()
    assert not Reminder.objects.filter(status="parked").exists()


def whoever_reacted_to_nothing(town: Town, citizens: list[Citizen]) -> Verdict:
    """Judge the incidents that nobody acknowledged: each step in its time, once."""
    acknowledged = set().union(*(citizen.acknowledged for citizen in citizens))
    steps = tuple((2.0 * number, "/hook") for number in range(1, STEPS + 1))
    left = Incident.objects.exclude(pk__in=acknowledged)
    expected = [Expected(row.reference, at(row.opened_at), steps) for row in left]
    return judge(expected, town.receiver.journal("/hook"))


def write_down(
    results: Results, town: Town, citizens: list[Citizen], verdict: Verdict, grown: int
) -> None:
    opened = sum(len(citizen.opened) for citizen in citizens)
    results.note(
        "P3 P11 P25",
        f"for {MINUTES:g} minutes, killed at random: {dict(town.kills)}",
        **verdict.figures(),
        repeated=verdict.repeated_ids,
        opened=opened,
        **{"2xx lost": 0, "engine grew KiB": grown},
    )


def ids(rows: Any) -> set[str]:
    return {f"ntf_{pk.hex}" for pk in rows.values_list("pk", flat=True)}


def every_event_was_told(town: Town) -> None:
    lines = town.receiver.journal("/events")
    told = {line["id"] for line in lines}
    assert told == {f"evt_{pk.hex}" for pk in Event.objects.values_list("pk", flat=True)}
    assert all(is_signed(line, town.secret) for line in lines)
    numbers: dict[str, set[int]] = {}
    for line in lines:
        data = json.loads(line["body"])["data"]
        if data["incident"] is not None:
            numbers.setdefault(data["incident"]["id"], set()).add(data["sequence"])
    for pk, last in Incident.objects.values_list("pk", "last_sequence"):
        assert numbers[str(pk)] == set(range(1, last + 1))
