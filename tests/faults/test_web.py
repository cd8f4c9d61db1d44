"""The web server is killed amid requests: what it said yes to is there, and there once."""

import os
import signal
import threading
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from incidents.models import Incident, Milestone, Note
from tests.factories.access import a_key
from tests.processes import until
from tests.rig import Api

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.faults,
    pytest.mark.timeout(300),
]

CLIENTS = 4
KILLS = 3
# Whoever gets one of these does not know whether it was done, or is told to come again.
AGAIN = {409, 500, 502, 503}


class Client(threading.Thread):
    """Opens incidents and notes one after another, and asks again until it is told yes."""

    def __init__(self, url: str, key: str, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.api = Api(url, key=key)
        self.answers: dict[str, dict[str, str]] = {}
        self.unanswered = 0
        self.refused: list[str] = []
        self.stopping = threading.Event()

    def run(self) -> None:
        """Go on until told to stop."""
        number = 0
        while not self.stopping.is_set():
            number += 1
            incident = {"title": f"{self.name}-{number}", "category": "spam", "severity": "low"}
            opened = self.ask(f"open-{self.name}-{number}", "incidents/", incident)
            note = {"text": f"{self.name}-{number}"}
            self.ask(f"note-{self.name}-{number}", f"incidents/{opened['id']}/notes/", note)

    def ask(self, key: str, path: str, body: object) -> dict[str, str]:
        """Post until it is answered with 2xx, and keep that answer under the key."""
        while True:
            with suppress(requests.ConnectionError, requests.Timeout):
                answer = self.api.send("POST", path, body, Idempotency_Key=key)
                if answer.ok:
                    self.answers[key] = answer.json()
                    return self.answers[key]
                if answer.status_code not in AGAIN:
                    self.refused.append(answer.text)
            self.unanswered += 1
            self.stopping.wait(0.05)


@pytest.fixture
def clients(web, team):
    key = a_key(team)
    started = [Client(web.url, key, f"client{n}") for n in range(CLIENTS)]
    yield started
    for each in started:
        each.stopping.set()


def total(clients):
    return sum(len(each.answers) for each in clients)


def test_says_yes_to_nothing_that_is_lost_or_done_twice(web, clients):
    for each in clients:
        each.start()
    for _ in range(KILLS):
        before = total(clients)
        until(lambda known=before: total(clients) >= known + 20, 60)
        web.process.kill()
        web.start()
    one_worker_dies(web)
    before = total(clients)
    until(lambda: total(clients) >= before + 20, 60)
    for each in clients:
        each.stopping.set()
        each.join(60)
        assert not each.is_alive()
        assert each.refused == []
    assert sum(each.unanswered for each in clients) >= KILLS, "no request met a dead server"

    everything_answered_is_there_once(clients)
    everything_there_is_whole()
    whoever_asks_again_is_answered_as_before(clients)


def everything_answered_is_there_once(clients):
    for each in clients:
        for key, answer in each.answers.items():
            kind, _, name = key.partition("-")
            rows = Incident.objects.filter(title=name)
            made = rows if kind == "open" else Note.objects.filter(text=name)
            assert [str(row.pk) for row in made] == [answer["id"]]
    assert Incident.objects.count() + Note.objects.count() == total(clients)


def everything_there_is_whole():
    for incident in Incident.objects.all():
        kinds = list(incident.events.order_by("sequence").values_list("kind", flat=True))
        assert kinds[0] == "incident.opened"
        assert kinds.count("incident.noted") == incident.notes.count()
        assert len(kinds) == incident.last_sequence
        assert incident.milestones.count() == len(Milestone.Name.values)


def whoever_asks_again_is_answered_as_before(clients):
    for each in clients:
        key, before = next(iter(each.answers.items()))
        title = key.removeprefix("open-")
        incident = {"title": title, "category": "spam", "severity": "low"}
        again = each.api.send("POST", "incidents/", incident, Idempotency_Key=key)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.json() == before


def one_worker_dies(web):
    """Kill one of the server's own children; the others go on, and it gets a new one."""
    master = web.process.popen.pid
    children = Path(f"/proc/{master}/task/{master}/children")
    until(lambda: children.read_text().split())
    os.kill(int(children.read_text().split()[0]), signal.SIGKILL)
