"""The demo team with all its processes running, as its people and their systems meet it."""

import json
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from crisis_api.lib import clock
from crisis_api.supervisor.processes import Program
from tests.processes import Process, environment, manage, until
from tests.rig import Api, Receiver, Site, is_signed, to_reach_us, worker_program

WAVE = "incidents/demo/wave.jsonl"
PEOPLE = ("admin", "anna", "ben", "vera", "leo", "mia")
SECONDS = 30
# As much as there is to be logged, so that what must not be is looked for in all of it.
TALKATIVE = {"LOG_LEVEL": "DEBUG", "LOG_FORMAT": "json", "ACCESS_LOG": "on"}


def run(program: Program, seconds: float = 120) -> str:
    """Run a program to its end and return what it printed."""
    done = subprocess.run(
        program.command,
        cwd=program.folder,
        env=dict(program.environment),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@dataclass
class Lumelle:
    """The team in its rooms: everybody signed in, their phones, and a system that gets events."""

    variables: Mapping[str, str]
    receiver: Receiver
    web: Site
    move_clock: Callable[[timedelta], object]
    people: dict[str, Api] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, list[str]] = field(default_factory=dict)
    team: str = ""
    password: str = ""
    processes: tuple[Process, ...] = ()

    def command(self, *arguments: str) -> str:
        """Type a management command and return what it prints."""
        return run(manage(arguments[0], *arguments, environment=self.variables))

    def come_in(self, password: str) -> None:
        """Let everybody sign in and give their phones to the manager, who knows a receiver."""
        self.password = password
        for name in PEOPLE:
            self.people[name] = Api(self.web.url).sign_in(name, password)
        manager = self.people["admin"]
        self.team = manager.get("teams/")["results"][0]["id"]
        for person in manager.get("owners/")["results"]:
            self.ids[person["username"]] = person["id"]
        for name in PEOPLE:
            # Before the console that the demo gave them.
            phone = {"kind": "webhook", "address": self.receiver.url(f"/{name}"), "position": 1}
            self.secrets[f"/{name}"] = [
                manager.post(
                    "contact_points/", {**phone, "urgency": urgency, "owner": self.ids[name]}
                )["secret"]
                for urgency in ("normal", "urgent")
            ]
        events = {"url": self.receiver.url("/events")}
        self.secrets["/events"] = [manager.post("webhook_endpoints/", events)["secret"]]

    def told(self, name: str, kind: str) -> list[dict[str, Any]]:
        """Return the reminders of that kind that a person's phone has got, in order."""
        return [each for each in self.receiver.reminders(f"/{name}") if each["kind"] == kind]

    def events(self) -> list[dict[str, Any]]:
        """Return what the team's own system was told, in the order in which it came."""
        return [json.loads(line["body"]) for line in self.receiver.journal("/events")]

    def later(self, **words: float) -> datetime:
        """Let time pass once all that was to be done is done, and what falls due then be done."""
        self.settle()
        self.move_clock(timedelta(**words))
        self.settle()
        return clock.now()

    def settle(self) -> None:
        """Wait until the engine has ticked by the present clock and nothing due is left."""
        until(self._is_settled, SECONDS)

    def _is_settled(self) -> bool:
        # Not its status: to the auditor, a clock that jumps looks like an engine that slept.
        engine = requests.get(f"{self.web.url}/healthz/engine", timeout=10).json()
        ticked = engine.get("last_tick_age_seconds")
        waiting = "webhook_deliveries/?status=pending,sending"
        return (
            ticked is not None
            and ticked < SECONDS
            and engine["overdue"] == 0
            and not self.people["admin"].get("notifications/?status=sending")["results"]
            and not self.people["admin"].get(waiting)["results"]
        )

    def all_signed(self) -> bool:
        """Return whether everything that was sent here is signed by one of its place's secrets."""
        return all(
            any(is_signed(line, secret) for secret in self.secrets[line["path"]])
            for line in self.receiver.journal()
        )


class House:
    """Starts everything at once, since each takes seconds to wake up."""

    def __init__(
        self,
        folder: Path,
        move_clock: Callable[[timedelta], object],
        variables: Mapping[str, str] | None = None,
    ) -> None:
        own = environment() if variables is None else variables
        self.variables = to_reach_us({**own, "DEMO": "true", **TALKATIVE})
        self.receiver = Receiver(folder)
        self.web = Site(self.variables, folder / "web.log", workers=1)
        engine = manage("engine", "engine", environment=self.variables)
        self.engine = Process(engine, folder / "engine.log")
        self.worker = Process(worker_program(self.variables), folder / "worker.log")
        self.lumelle = Lumelle(self.variables, self.receiver, self.web, move_clock)
        self.lumelle.processes = (self.web.process, self.engine, self.worker)

    def open(self) -> Lumelle:
        """Start the processes, lay the demo team out, and return it with everybody in."""
        for process in self.lumelle.processes:
            process.start()
        said = self.lumelle.command("seed_demo")
        login = re.search(r"admin admin / (\S+)", said)
        assert login is not None, said
        until(self.web.answers, 60)
        self.engine.says("is running", 60)
        if self.worker in self.lumelle.processes:
            self.worker.says("ready.", 60)
        self.lumelle.come_in(login[1])
        return self.lumelle

    def leave(self) -> None:
        """Kill all processes but the receiver."""
        for process in self.lumelle.processes:
            process.kill()

    def close(self) -> None:
        """Stop everything."""
        for process in (*self.lumelle.processes, self.receiver.process):
            process.stop()
