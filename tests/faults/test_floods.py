"""The same thing arrives a hundred thousand times, or hints do: it is there once, nobody waits."""

import json
import statistics
import threading
import time
from uuid import uuid4

import pytest
import requests
from celery import current_app
from django.conf import settings

from crisis_api.lib.ids import uuid7
from crisis_api.settings import broker
from incidents.escalation.outbox import DELIVER
from incidents.models import Incident, Mention
from tests.factories.access import a_key, a_team
from tests.factories.incidents import an_account, an_assignment_rule
from tests.faults.results import MINUTES, long
from tests.processes import Broker, Process, until
from tests.rig import Api, Site, worker_program

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.faults,
    pytest.mark.timeout(0 if MINUTES else 300),
]

COPIES = 100_000 if MINUTES else 2_000
A_BATCH = 500
TWINS = 1_000 if MINUTES else 40
CLIENTS = 4
HINTS = 100_000
QUEUE = f"{settings.REDIS_PREFIX}normal"


class Flood(threading.Thread):
    """Sends its share of the same over and over; a refusal for being too many is an answer."""

    def __init__(self, api: Api, path: str, body: object, number: int) -> None:
        super().__init__(daemon=True)
        self.api, self.path, self.body, self.number = api, path, body, number
        self.statuses: list[int] = []

    def run(self) -> None:
        """Send until every one was taken."""
        while self.number > 0:
            try:
                answer = self.api.send("POST", self.path, self.body, timeout=60)
            except requests.RequestException:
                continue
            self.statuses.append(answer.status_code)
            self.number -= answer.ok
            if answer.status_code == 429:
                time.sleep(min(float(answer.headers["Retry-After"]), 5))


class Bystander(threading.Thread):
    """Somebody of another team who reads on, and notes how long each answer took."""

    def __init__(self, api: Api) -> None:
        super().__init__(daemon=True)
        self.api = api
        self.took: list[float] = []
        self.statuses: set[int] = set()
        self.stopping = threading.Event()

    def run(self) -> None:
        """Read on until told to stop."""
        while not self.stopping.wait(0.05):
            began = time.monotonic()
            self.statuses.add(self.api.send("GET", "incidents/").status_code)
            self.took.append(time.monotonic() - began)

    def p95_seconds(self) -> float:
        """Return what 95 of a hundred answers took at most."""
        until(lambda: len(self.took) > 20, 60)
        return statistics.quantiles(self.took, n=20)[-1]


@pytest.fixture
def site(variables, tmp_path):
    site = Site(variables, tmp_path / "web.log", workers=2).start()
    yield site
    site.process.stop()


@pytest.fixture
def bystander(site):
    bystander = Bystander(Api(site.url, key=a_key(a_team())))
    bystander.start()
    yield bystander
    bystander.stopping.set()
    bystander.join(60)


def flood(site, key, path, bodies, number):
    """Send the same from several sides at once; return how often which status was answered."""
    floods = [Flood(Api(site.url, key=key), path, body, number // len(bodies)) for body in bodies]
    began = time.monotonic()
    for each in floods:
        each.start()
    for each in floods:
        each.join()
    seconds = time.monotonic() - began
    statuses = [status for each in floods for status in each.statuses]
    return seconds, {status: statuses.count(status) for status in sorted(set(statuses))}


def comment(account):
    return {
        "account": str(account.pk),
        "external_id": "748",
        "author_id": "u1",
        "text": "It burns",
        "written_at": "2026-03-14T09:00:00Z",
    }


def test_what_arrives_again_and_again_is_there_once(site, team, bystander, results):
    account, key = an_account(team), a_key(team)
    batch = {"mentions": [comment(account)] * A_BATCH}
    seconds, statuses = flood(site, key, "mentions/batch/", [batch] * CLIENTS, COPIES // A_BATCH)
    others = bystander.p95_seconds()
    assert Mention.objects.count() == 1
    assert max(statuses) < 500
    assert bystander.statuses == {200}
    results.note(
        "F48 P12", f"{COPIES} copies of one comment, {CLIENTS} clients",
        rows=Mention.objects.count(), seconds=round(seconds, 1), answers=statuses,
        **{"another team's p95 s": round(others, 3)},
    )  # fmt: skip


def test_one_signal_from_many_sides_is_one_incident(site, team, owner, bystander, results):
    an_assignment_rule(team, owner=owner)
    body = {"title": "Burns", "category": "spam", "severity": "low", "dedup_key": uuid4().hex}
    seconds, statuses = flood(site, a_key(team), "incidents/", [body] * CLIENTS, TWINS)
    others = bystander.p95_seconds()
    (incident,) = Incident.objects.all()
    assert incident.signal_count == TWINS
    assert statuses.get(201) == 1
    assert max(statuses) < 500
    results.note(
        "F48 P12", f"{TWINS} signals with one dedup_key, {CLIENTS} clients", rows=1,
        seconds=round(seconds, 1), answers=statuses,
        **{"another team's p95 s": round(others, 3)},
    )  # fmt: skip


@long
def test_a_hundred_thousand_stale_hints_keep_nobody_from_being_told(
    stage, variables, tmp_path, start
):
    valkey = Broker(tmp_path)
    valkey.start()
    variables["REDIS_URL"] = valkey.url
    worker = Process(worker_program(variables), tmp_path / "worker.log")
    try:
        waiting = publish(valkey, HINTS)
        assert waiting == HINTS
        start("engine", variables)
        began = time.monotonic()
        worker.start().says("ready.", 60)
        stage.open(50, (0, "/hook/1"), (2, "/hook/2"), (4, "/hook/1"))
        until(lambda: not valkey.client().llen(QUEUE), 600)
        drained = time.monotonic() - began
        verdict = stage.verdict()
    finally:
        worker.stop()
        valkey.stop()
    assert verdict.faults == {}
    assert verdict.late(0.99) < 30
    stage.note(
        "F18", f"{waiting} hints in the queue, expired or of no row", verdict,
        **{"drained in s": round(drained)},
    )  # fmt: skip


def publish(valkey, number):
    """Put hints into the queue: nine of ten are too old, the tenth tells of no row."""
    client = valkey.client()
    with current_app.connection_for_write(url=broker.celery_url(valkey.url)) as connection:
        producer = current_app.amqp.Producer(connection)
        for expires in (-60, 3600):
            current_app.send_task(
                DELIVER, args=[[str(uuid7())]], queue="normal", ignore_result=True, retry=False,
                expires=expires, producer=producer,
            )  # fmt: skip
    fresh, stale = client.lrange(QUEUE, 0, -1)
    client.delete(QUEUE)
    for _ in range(0, number, 1000):
        client.lpush(QUEUE, *(another(fresh if n % 10 == 0 else stale) for n in range(1000)))
    return client.llen(QUEUE)


def another(message):
    """Return the same message as one of its own."""
    told = json.loads(message)
    old = told["properties"]["correlation_id"]
    told["properties"]["delivery_tag"] = str(uuid4())
    return json.dumps(told).replace(old, str(uuid4()))
