"""Processes that tests look at from outside: a web server, an engine, a worker, a receiver.

The receiver knows nothing of the product and keeps its own journal; who calls the API does it over
HTTP. Folders of tests that need them import the fixtures in their conftest.
"""

import base64
import hashlib
import hmac
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings
from django.test import override_settings

from crisis_api.supervisor import programs
from crisis_api.supervisor.processes import Program
from tests.processes import Process, environment, free_port, manage, until


class Receiver:
    """The receiver's process, and what it wrote down."""

    def __init__(self, folder: Path) -> None:
        self.journal_file = folder / "journal.jsonl"
        port_file = folder / "port"
        script = Path(__file__).with_name("receiver.py")
        command = [sys.executable, str(script), str(port_file), str(self.journal_file)]
        self.process = Process(Program("receiver", command), folder / "receiver.log").start()
        self.port = int(str(until(lambda: port_file.exists() and port_file.read_text())))

    def url(self, path: str) -> str:
        """Return the address of a path of it."""
        return f"http://127.0.0.1:{self.port}{path}"

    def answers(self, mode: str, **of_paths: str) -> None:
        """Answer from now on in that mode (see receiver.py), and otherwise at some paths.

        `answers("ok", hook_1="hang")` hangs at `/hook/1`.
        """
        lines = [mode, *(f"/{path.replace('_', '/')} {own}" for path, own in of_paths.items())]
        file = self.journal_file.with_suffix(".mode")
        draft = file.with_suffix(".draft")
        # Renamed into place: half a mode must never be read.
        draft.write_text("\n".join(lines), encoding="ascii")
        draft.replace(file)

    def journal(self, path: str = "") -> list[dict[str, Any]]:
        """Return every request so far, or those to one path, in order."""
        if not self.journal_file.exists():
            return []
        # The last line may be half written.
        text, _, _ = self.journal_file.read_text(encoding="utf-8").rpartition("\n")
        lines = [json.loads(line) for line in text.splitlines()]
        return [line for line in lines if path in ("", line["path"])]

    def reminders(self, path: str = "") -> list[dict[str, Any]]:
        """Return every reminder that arrived, one by one, in order."""
        bodies = [json.loads(line["body"]) for line in self.journal(path)]
        return [item for body in bodies for item in body["data"].get("reminders", ())]

    def references(self, path: str = "") -> list[str]:
        """Return the incident of each reminder that arrived, in order."""
        return [item["reference"] for item in self.reminders(path)]


def is_signed(line: dict[str, Any], secret: str) -> bool:
    """Return whether a request of the journal is signed as Standard Webhooks 1.0 wants it."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{line['id']}.{line['timestamp']}.{line['body']}".encode()
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{expected}" in line["signature"].split()


class Api:
    """Somebody who calls the API over HTTP, with a key or signed in as people are."""

    def __init__(self, url: str, *, key: str = "") -> None:
        self.url = url
        self.http = requests.Session()
        # No proxy of this machine's stands between two of its processes.
        self.http.trust_env = False
        if key:
            self.http.headers["Authorization"] = f"Bearer {key}"

    def sign_in(self, username: str, password: str) -> "Api":
        """Sign in on the admin's page, as staff do."""
        page = f"{self.url}/admin/login/"
        self.http.get(page, timeout=30)
        form = {"username": username, "password": password, "next": "/admin/"}
        form["csrfmiddlewaretoken"] = self.http.cookies["csrftoken"]
        answer = self.http.post(page, data=form, allow_redirects=False, timeout=30)
        assert answer.status_code == 302, answer.text
        self.http.headers["X-CSRFToken"] = self.http.cookies["csrftoken"]
        return self

    def send(
        self, method: str, path: str, body: Any = None, *, timeout: float = 30, **headers: str
    ) -> requests.Response:
        """Send a request and return whatever is answered; `If_Match="…"` is the header."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"{self.url}/api/v1/{path}"
        return self.http.request(method, url, json=body, headers=named, timeout=timeout)

    def get(self, path: str) -> Any:
        """Return what a GET answers; anything but 200 fails the test."""
        answer = self.send("GET", path)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()

    def all(self, path: str) -> list[Any]:
        """Return the rows of a list, of all its pages."""
        page = self.get(path)
        rows: list[Any] = page["results"]
        while page["next"]:
            page = self.get(page["next"].partition("/api/v1/")[2])
            rows += page["results"]
        return rows

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """Return what a POST answers; anything but 2xx fails the test."""
        answer = self.send("POST", path, {} if body is None else body, **headers)
        assert answer.ok, (path, answer.text)
        return answer.json()

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        """Return what a PATCH answers; anything but 2xx fails the test."""
        answer = self.send("PATCH", path, body, **headers)
        assert answer.ok, (path, answer.text)
        return answer.json()

    def refused(self, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """Return the status and the code with which a POST is refused."""
        answer = self.send("POST", path, {} if body is None else body, **headers)
        assert answer.headers["Content-Type"] == "application/problem+json", answer.text
        return answer.status_code, answer.json()["code"]

    def etag(self, path: str) -> str:
        """Return the ETag of a thing."""
        return self.send("GET", path).headers["ETag"]


class Site:
    """The web server's processes."""

    def __init__(self, variables: dict[str, str], log: Path, workers: int = 2) -> None:
        self.url = variables["PUBLIC_URL"]
        with override_settings(PORT=variables["PORT"], BIND="127.0.0.1", WEB_WORKERS=workers):
            program = programs.web()
        self.process = Process(replace(program, environment=variables), log)

    def start(self) -> "Site":
        """Start it, once more if need be, and wait until it answers."""
        self.process.start()
        until(self.answers, 60)
        return self

    def answers(self) -> bool:
        """Return whether it answers."""
        assert self.process.popen is not None
        assert self.process.popen.poll() is None, self.process.output()
        try:
            return requests.get(f"{self.url}/healthz/live", timeout=5).ok
        except (requests.ConnectionError, requests.Timeout):
            return False


def to_reach_us(variables: dict[str, str]) -> dict[str, str]:
    """Add what processes need to reach a receiver here, and to be reached by links they send."""
    port = str(free_port())
    return {
        **variables,
        "HTTP_ALLOW_PRIVATE": "127.0.0.1",
        "PORT": port,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
    }


def worker_program(variables: dict[str, str]) -> Program:
    """Return a Celery worker for all queues."""
    command = [sys.executable, "-m", "celery", "-A", "crisis_api", "worker", "--loglevel", "INFO"]
    command += ["--without-mingle", "--without-gossip"]
    return Program("worker", command, folder=settings.BASE_DIR, environment=variables)


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    """A receiver that answers 200."""
    receiver = Receiver(tmp_path)
    yield receiver
    receiver.process.stop()


@pytest.fixture
def variables(transactional_db: None) -> dict[str, str]:
    """The environment of processes on this test's database that may reach the receiver."""
    return to_reach_us(environment())


@pytest.fixture
def engine(variables: dict[str, str], tmp_path: Path) -> Iterator[Process]:
    """A real engine, running."""
    process = Process(manage("engine", "engine", environment=variables), tmp_path / "engine.log")
    process.start().says("is running")
    yield process
    process.stop()


@pytest.fixture
def celery(variables: dict[str, str], tmp_path: Path, broker: Any) -> Iterator[Process]:
    """A real worker that may reach the receiver, with the broker of this test process."""
    process = Process(worker_program(variables), tmp_path / "worker.log").start()
    process.says("ready.", 40)
    yield process
    process.stop()


@pytest.fixture
def web(variables: dict[str, str], tmp_path: Path) -> Iterator[Site]:
    """A real web server, answering."""
    site = Site(variables, tmp_path / "web.log").start()
    yield site
    site.process.stop()
