"""What the fault tests share: processes to kill, and somebody whom the receiver stands for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crisis_api.access.models import ContactPoint, Owner, Team
from crisis_api.lib.actors import SYSTEM
from incidents.models import Incident, Notification, Reminder, Severity
from incidents.services import lifecycle
from tests.factories.access import a_person, a_team
from tests.factories.incidents import a_policy
from tests.faults.results import SEED, Results
from tests.oracle import Expected, Verdict, at, judge
from tests.processes import Process, manage, until
from tests.rig import Receiver, celery, engine, receiver, variables, web

__all__ = ["celery", "engine", "receiver", "variables", "web"]


@pytest.fixture
def team() -> Team:
    """A team with nobody in it."""
    return a_team()


@pytest.fixture
def owner(team: Team, receiver: Receiver) -> Owner:
    """Somebody whom the receiver stands for."""
    return somebody_at(receiver, team)


def somebody_at(receiver: Receiver, team: Team, path: str = "/hook") -> Owner:
    """Return a responder of the team whose every message goes to that path of the receiver."""
    owner = a_person(team)
    for urgency in ContactPoint.Urgency.values:
        ContactPoint.objects.create(
            owner=owner,
            urgency=urgency,
            kind="webhook",
            address=receiver.url(path),
            secret="whsec_" + "a" * 43 + "=",
        )
    return owner


def pytest_report_header() -> str:
    """Print the seed, so that what failed can be done again."""
    return f"faults: seed {SEED} (FAULTS_SEED)"


@pytest.fixture(scope="session")
def results(django_db_setup: None) -> Iterator[Results]:
    """The table of results, written as they come."""
    found = Results()
    yield found
    found.say_where()


@dataclass
class Stage:
    """Incidents with a plan, whoever they remind, and a judge who knows only of these two."""

    team: Team
    receiver: Receiver
    results: Results
    people: dict[str, Owner] = field(default_factory=dict)
    expected: list[Expected] = field(default_factory=list)

    def person(self, path: str) -> Owner:
        """Return whoever the receiver stands for at that path."""
        if path not in self.people:
            self.people[path] = somebody_at(self.receiver, self.team, path)
        return self.people[path]

    def open(self, number: int, *steps: tuple[float, str], severity: int = 4) -> list[Incident]:
        """Open incidents whose steps come so many seconds after each opening, at those paths."""
        waits = [
            later[0] - before[0]
            for before, later in zip(((0, ""), *steps[:-1]), steps, strict=True)
        ]
        policy = a_policy(
            self.team,
            [
                {"delay": timedelta(seconds=wait), "people": [self.person(path)]}
                for wait, (_, path) in zip(waits, steps, strict=True)
            ],
            rounds=1,
        )
        opened = [
            lifecycle.open_incident(
                team=self.team, category="spam", severity=Severity(severity), title="T", by=SYSTEM,
                owner=self.person(steps[0][1]), policy=policy,
            ).incident
            for _ in range(number)
        ]  # fmt: skip
        self.expected += [Expected(each.reference, at(each.opened_at), steps) for each in opened]
        return opened

    def is_quiet(self) -> bool:
        """Whether nothing is left to be fired or sent; the judge does not believe it."""
        steps = Reminder.objects.pending().filter(kind="escalation_step")
        waiting = Notification.objects.filter(status__in=("pending", "sending"))
        return not steps.exists() and not waiting.exists()

    def verdict(self, seconds: float = 60) -> Verdict:
        """Wait until nothing is left, then return what the receiver's journal shows."""
        until(self.is_quiet, seconds)
        return judge(self.expected, self.receiver.journal())

    def note(self, row: str, fault: str, verdict: Verdict, **figures: Any) -> None:
        """Write the verdict into the table of results."""
        repeated = {"repeated": verdict.repeated_ids} if verdict.repeated_ids else {}
        self.results.note(row, fault, **verdict.figures(), **repeated, **figures)


@pytest.fixture
def stage(transactional_db: None, team: Team, receiver: Receiver, results: Results) -> Stage:
    """A stage on which nothing has happened yet."""
    return Stage(team, receiver, results)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Start processes by name: `start("engine", variables)`; all are stopped in the end."""
    started: list[Process] = []

    def start(name: str, variables: dict[str, str]) -> Process:
        log = tmp_path / f"{name}{len(started)}.log"
        process = Process(manage(name, name, environment=variables), log).start()
        started.append(process)
        process.says("is running", 60)
        return process

    yield start
    for process in started:
        process.stop()
