"""The supervisor over small programs, with real processes and real signals."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings

from crisis_api.supervisor import child
from tests.processes import until


def is_alive(pid: int) -> bool:
    """Return whether the process runs; one that only waits to be reaped does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


class Supervised:
    def __init__(self, folder: Path, *names: str) -> None:
        self.folder, self.names = folder, names
        self.log = (folder / "log").open("w+b")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.crisis_api.supervised", str(folder), *names],
            cwd=settings.BASE_DIR,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        for name in names:
            until(lambda name=name: self.pid(name) is not None)

    def pid(self, name: str) -> int | None:
        with suppress(FileNotFoundError):
            return int((self.folder / f"{name}.pid").read_text())
        return None

    def running(self) -> list[str]:
        return [name for name in self.names if (pid := self.pid(name)) and is_alive(pid)]

    def output(self) -> str:
        return (self.folder / "log").read_text()

    def ends(self) -> list[str]:
        return (self.folder / "ends").read_text().split()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for name in [*self.names, "grandchild"]:
            if pid := self.pid(name):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.log.close()


@pytest.fixture
def supervised(tmp_path):
    started = []

    def begin(*names):
        started.append(Supervised(tmp_path, *names))
        return started[-1]

    yield begin
    for each in started:
        each.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stops_everything_when_told_the_foundation_last(supervised, number):
    run = supervised("base", "web", "engine")

    run.process.send_signal(number)

    assert run.process.wait(5) == 0
    assert run.running() == []
    assert run.ends()[-1] == "base"
    assert sorted(run.ends()) == ["base", "engine", "web"]


def test_leaves_no_orphan_when_it_is_killed(supervised):
    run = supervised("base", "web", "engine")

    run.process.kill()
    run.process.wait()

    until(lambda: run.running() == [], 5)


def test_starts_again_what_dies(supervised):
    run = supervised("base", "web")
    before = run.pid("web")

    os.kill(before, signal.SIGKILL)

    until(lambda: run.pid("web") != before)
    assert "web ended (killed by SIGKILL) and starts again" in run.output()
    assert run.running() == ["base", "web"]


def test_starts_the_foundation_again_too(supervised):
    run = supervised("base", "web")
    before, web = run.pid("base"), run.pid("web")

    os.kill(before, signal.SIGKILL)

    until(lambda: run.pid("base") != before)
    assert run.pid("web") == web


def test_ends_what_a_dead_program_left_running(supervised):
    run = supervised("base", "parent")
    grandchild = run.pid("grandchild")
    before = run.pid("parent")

    os.kill(before, signal.SIGKILL)

    until(lambda: run.pid("parent") != before)
    assert not is_alive(grandchild)


def test_kills_at_the_second_signal_what_ignores_the_first(supervised):
    run = supervised("base", "stubborn", "web")

    run.process.terminate()
    until(lambda: run.running() == ["base", "stubborn"])
    run.process.terminate()

    run.process.wait(5)
    assert run.running() == []


def test_prints_lines_under_their_program_and_the_last_words_too(supervised):
    run = supervised("base", "engine")
    until(lambda: "engine runs" in run.output())

    run.process.terminate()
    run.process.wait(5)

    assert "base   | base runs\n" in run.output()
    assert "engine | engine runs\n" in run.output()
    assert "engine | engine says goodbye\n" in run.output()


def test_goes_on_without_a_terminal_to_print_on(supervised, tmp_path):
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.crisis_api.supervised", str(tmp_path), "base", "web"],
        cwd=settings.BASE_DIR,
        stdout=writer,
        start_new_session=True,
    )
    os.close(writer)
    os.close(reader)

    until(lambda: all((tmp_path / f"{name}.pid").exists() for name in ("base", "web")))
    process.terminate()

    assert process.wait(5) == 0
    assert (tmp_path / "ends").read_text().split() == ["web", "base"]


def test_does_not_start_a_program_for_a_parent_that_is_gone(tmp_path):
    not_the_parent = 1
    ran = subprocess.run(
        [sys.executable, child.__file__, "15", str(not_the_parent), "touch", str(tmp_path / "ran")],
        check=False,
    )

    assert ran.returncode == 1
    assert not (tmp_path / "ran").exists()
