"""Real processes for tests: a broker, a worker, an engine, on the test's own database."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import redis
from django.conf import settings
from django.db import connection

from crisis_api.settings import kept
from crisis_api.supervisor import valkey
from crisis_api.supervisor.processes import Program, kill, start


def until(happens: Callable[[], object], seconds: float = 15) -> object:
    """Poll until it returns something true, and return that; fail the test after the seconds."""
    end = time.monotonic() + seconds
    while True:
        if outcome := happens():
            return outcome
        if time.monotonic() > end:
            raise AssertionError(f"It did not happen within {seconds} seconds.")
        time.sleep(0.02)


def free_port() -> int:
    """Return a TCP port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def environment() -> dict[str, str]:
    """Return the environment in which `crisis_api.settings` means this test's database and broker.

    Ask for it once the test database exists.
    """
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        database = f"sqlite:///{quote(name)}"
    else:
        parts = urlsplit(os.environ["DATABASE_URL"])
        database = urlunsplit(parts._replace(path=f"/{quote(name)}"))
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "crisis_api.settings",
        "DATABASE_URL": database,
        "REDIS_URL": settings.REDIS_URL,
        "WORKER_CONCURRENCY": "1",
        "LOG_LEVEL": "INFO",
        "PYTHONPATH": str(settings.BASE_DIR),
    }


class Process:
    """A process a test started, whose output is in a file."""

    def __init__(self, program: Program, log: Path) -> None:
        self.log = log
        self.program = program
        self.popen: subprocess.Popen[bytes] | None = None

    def start(self) -> "Process":
        """Start it, once more if need be; the output is appended."""
        with self.log.open("ab") as output:
            self.popen = start(self.program, output=output.fileno())
        return self

    def says(self, words: str, seconds: float = 20) -> None:
        """Wait until it has printed the words; fail the test with its output where it does not."""

        def said() -> bool:
            if self.popen is None or self.popen.poll() is not None:
                raise AssertionError(f"{self.program.name} ended:\n{self.output()}")
            return words in self.output()

        with suppress(AssertionError):
            until(said, seconds)
        output = self.output()
        assert words in output, f"{self.program.name} did not say {words!r}:\n{output}"

    def output(self) -> str:
        """Return what it printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        """Kill it with its children, as kill -9 would."""
        if self.popen is not None:
            kill(self.popen)

    def stop(self, seconds: float = 10) -> None:
        """Ask it to stop and wait; kill what is left."""
        if self.popen is None:
            return
        self.popen.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.popen.wait(seconds)
        kill(self.popen)
        self.popen = None


def manage(name: str, *arguments: str, environment: Mapping[str, str]) -> Program:
    """Return a management command as a program."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]
    return Program(name, command, folder=settings.BASE_DIR, environment=environment)


class Broker:
    """The broker of this pytest process: its own Valkey, or the server REDIS_URL names.

    With a folder it is a Valkey of its own there, which a test may do to what it likes.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or settings.DATA_DIR
        own = f"unix://{kept.socket_path(folder)}?db=0" if folder else ""
        self.url = own or settings.REDIS_URL
        self.embedded = folder is not None or not os.environ.get("REDIS_URL")
        self._process: Process | None = None
        self._socket = Path(urlsplit(self.url).path)

    @property
    def process_id(self) -> int:
        """The process of the Valkey, where it is ours."""
        assert self._process is not None
        assert self._process.popen is not None
        return self._process.popen.pid

    def start(self) -> None:
        """Start the Valkey, where it is ours, and wait until it answers."""
        if not self.embedded:
            self.client().ping()
            return
        data = self._folder / "valkey"
        valkey.prepare(self._socket, data)
        program = valkey.program(self._socket, data)
        self._process = Process(program, self._folder / "valkey.log").start()
        assert valkey.wait_until_ready(self._socket), self._process.output()

    def stop(self) -> None:
        """Leave nothing behind: neither a process nor a key."""
        if self._process is None:
            self.purge()
            return
        self._process.stop()
        valkey.forget(self._socket)

    def kill(self) -> None:
        """Kill the Valkey, for tests of what happens without it; `start` brings it back."""
        assert self._process is not None, "The server that REDIS_URL names is not ours to kill."
        self._process.kill()

    def client(self) -> "redis.Redis":
        """Return a client of it."""
        return redis.Redis.from_url(self.url, socket_timeout=5)

    def purge(self) -> None:
        """Throw away every key of this test process, queued hints included."""
        client = self.client()
        for key in client.scan_iter(f"{settings.REDIS_PREFIX}*", count=1000):
            client.delete(key)
