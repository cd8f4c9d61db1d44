"""What every test gets: a real database, a clock to move, and no way out of this machine."""

import ipaddress
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db.backends.base.operations import BaseDatabaseOperations

from crisis_api import triggers
from crisis_api.lib import breaker, nudge
from crisis_api.lib import clock as the_clock
from crisis_api.supervisor.processes import Program
from tests.processes import Broker, Process, environment, manage


def pytest_configure() -> None:
    """Make the folder for this process's database, broker and logs."""
    settings.DATA_DIR.mkdir(mode=0o700)


def pytest_unconfigure() -> None:
    """Leave nothing behind; not at exit, since xdist's workers never get there."""
    shutil.rmtree(settings.DATA_DIR, ignore_errors=True)


class OutsideConnection(RuntimeError):
    """A test tried to leave this machine. Not an OSError, so that nobody takes it for weather."""


def _is_ours(host: object) -> bool:
    named = {"localhost", "testserver", "", None, urlsplit(settings.REDIS_URL).hostname}
    if host in named:
        return True
    try:
        return ipaddress.ip_address(str(host).split("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def _no_destination_is_known() -> None:
    """What one test's receivers did is not held against those of the next."""
    breaker.forget()


@pytest.fixture(scope="session", autouse=True)
def _stay_on_this_machine() -> Iterator[None]:
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
    getaddrinfo = socket.getaddrinfo

    def check(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_ours(address[0]):
            raise OutsideConnection(f"connect to {address}")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        check(self, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        check(self, address)
        return connect_ex(self, address)

    def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if _is_ours(name) or _is_address(name):
            return getaddrinfo(host, *args, **kwargs)
        if str(name).endswith((".invalid", ".test")):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        raise OutsideConnection(f"look-up of {name}")

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded_connect)
    patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    patch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
    yield
    patch.undo()


def _is_address(host: object) -> bool:
    try:
        ipaddress.ip_address(str(host).split("%")[0])
    except ValueError:
        return False
    return True


@pytest.fixture(scope="session", autouse=True)
def _flush_past_the_triggers() -> Iterator[None]:
    """Let the flush between transactional tests delete what the triggers keep from changing."""
    flush = BaseDatabaseOperations.execute_sql_flush

    def without_triggers(self: BaseDatabaseOperations, sql_list: list[str]) -> None:
        triggers.drop(self.connection)
        try:
            flush(self, sql_list)
        finally:
            triggers.create(self.connection)

    patch = pytest.MonkeyPatch()
    patch.setattr(BaseDatabaseOperations, "execute_sql_flush", without_triggers)
    yield
    patch.undo()


class Clock:
    """The clock of this process, stopped; it moves when told."""

    def now(self) -> datetime:
        """Return the time it shows."""
        return the_clock.now()

    def move(self, delta: timedelta | None = None, **words: float) -> datetime:
        """Move it by a timedelta, or by `minutes=5` and the like; return the new time."""
        the_clock.move(delta if delta is not None else timedelta(**words))
        return the_clock.now()

    def set(self, at: datetime) -> datetime:
        """Move it to a time."""
        return self.move(at - the_clock.now())


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Stop the clock of this process at the present time."""
    with the_clock.frozen():
        yield Clock()


@pytest.fixture(autouse=True)
def _clock_runs_free_again() -> Iterator[None]:
    yield
    the_clock.reset()
    Path(os.environ["CRISIS_CLOCK_FILE"]).unlink(missing_ok=True)


class SharedClock:
    """The clock of this process and of all it started; it runs, and jumps when told."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._offset = timedelta(0)

    def now(self) -> datetime:
        """Return the time it shows."""
        return the_clock.now()

    def move(self, delta: timedelta | None = None, **words: float) -> datetime:
        """Move it by a timedelta, or by `minutes=5` and the like; return the new time."""
        self._offset += delta if delta is not None else timedelta(**words)
        # Renamed into place: a process must never read half a number.
        draft = self._file.with_suffix(".draft")
        draft.write_text(str(self._offset.total_seconds()), encoding="ascii")
        draft.replace(self._file)
        return the_clock.now()


@pytest.fixture
def shared_clock() -> SharedClock:
    """The clock for tests with a worker or an engine of their own process."""
    return SharedClock(Path(os.environ["CRISIS_CLOCK_FILE"]))


@pytest.fixture(scope="session")
def _broker() -> Iterator[Broker]:
    broker = Broker()
    broker.start()
    yield broker
    broker.stop()


_shared_workers: list[Process] = []


@pytest.fixture
def broker(request: pytest.FixtureRequest, _broker: Broker, settings: Any) -> Iterator[Broker]:
    """A real broker with nothing queued; hints are sent to it while the test runs."""
    if "worker" not in request.fixturenames:
        # It would take hints that are meant for this test's own processes, and fail at them, since
        # it may not reach what they may.
        for each in _shared_workers:
            each.stop()
    _broker.purge()
    settings.NUDGE_ENABLED = True
    # Hints go to it although an earlier test left them with a broker that was away.
    nudge._publisher = None
    yield _broker
    settings.NUDGE_ENABLED = False
    _broker.purge()


@pytest.fixture(scope="session")
def _worker(_broker: Broker, django_db_setup: None, django_db_blocker: Any) -> Iterator[Process]:
    with django_db_blocker.unblock():
        variables = environment()
    command = [sys.executable, "-m", "celery", "-A", "crisis_api", "worker", "--loglevel", "INFO"]
    command += ["--without-mingle", "--without-gossip", "--hostname", f"test{os.getpid()}@%h"]
    program = Program("worker", command, folder=settings.BASE_DIR, environment=variables)
    process = Process(program, settings.DATA_DIR / "worker.log")
    _shared_workers.append(process)
    yield process
    process.stop()


@pytest.fixture
def worker(transactional_db: None, broker: Broker, _worker: Process) -> Process:
    """A real Celery worker on this test's database, shared by the tests that ask for one."""
    if _worker.popen is None or _worker.popen.poll() is not None:
        _worker.log.unlink(missing_ok=True)
        _worker.start().says("ready.", 40)
    return _worker


@pytest.fixture
def engine_process(transactional_db: None, tmp_path: Path) -> Iterator[Process]:
    """A real `manage.py engine` on this test's database; nobody waits for it to be ready."""
    program = manage("engine", "engine", environment=environment())
    process = Process(program, tmp_path / "engine.log").start()
    yield process
    process.stop()
