"""A worker loses a child, its parent, or its measure: what it held is sent again with one id."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from incidents.models import Notification
from tests.faults.results import MINUTES, long
from tests.processes import Process, until
from tests.rig import worker_program

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.faults,
    pytest.mark.timeout(0 if MINUTES else 300),
]

LEASE = 20
LEAKING = "import tests.faults.leaking; from celery.__main__ import main; main()"
LIMIT_KIB = 250_000


@pytest.fixture
def worker(variables, tmp_path, broker):
    process = Process(worker_program(variables), tmp_path / "worker.log")
    yield process
    process.stop()


def children(process):
    pid = process.popen.pid
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@long
def test_a_child_that_dies_between_sending_and_saying_so_costs_a_lease(
    stage, variables, tmp_path, broker, start
):
    crash = tmp_path / "crash"
    program = worker_program({**variables, "CRISIS_CRASH_FILE": str(crash)})
    worker = Process(program, tmp_path / "worker.log")
    try:
        worker.start().says("ready.", 60)
        parent = worker.popen.pid
        crash.write_text("deliver.sent", encoding="ascii")
        start("engine", variables)
        stage.open(20, (0, "/hook/1"), (1, "/hook/2"))
        until(lambda: not crash.exists(), 60)
        verdict = stage.verdict()
        assert worker.popen.poll() is None, "the parent puts another child in its place"
        assert worker.popen.pid == parent
    finally:
        worker.stop()
    assert verdict.faults == {}
    assert verdict.repeated_ids <= 1
    stage.note("F1", "a worker's child killed after a send, 20 incidents", verdict)


@long
def test_a_parent_that_dies_leaves_the_engine_to_send(stage, variables, worker, start, receiver):
    worker.start().says("ready.", 60)
    start("engine", variables)
    receiver.answers("slow 0.2")
    stage.open(10, (0, "/hook/1"), (1, "/hook/2"))
    until(lambda: receiver.journal(), 60)
    # The parent alone: what becomes of its children is for the kernel and Celery to settle.
    orphans = children(worker)
    os.kill(worker.popen.pid, signal.SIGKILL)
    receiver.answers("ok")
    verdict = stage.verdict(LEASE * 3)
    worker.kill()
    assert verdict.faults == {}
    assert verdict.repeated_ids <= len(orphans)
    assert verdict.late(1.0) < LEASE * 3
    stage.note("F2", "the worker's parent killed, 10 incidents", verdict)


@long
def test_a_child_that_grows_is_replaced_and_nothing_is_lost(
    stage, variables, tmp_path, broker, start
):
    program = worker_program({**variables, "LEAK_MIB": "30"})
    command = [sys.executable, "-c", LEAKING, *program.command[3:]]
    worker = Process(replace(program, command=command), tmp_path / "worker.log")
    try:
        worker.start().says("ready.", 60)
        start("engine", variables)
        seen, largest = set(), 0
        for _ in range(20):
            stage.open(2, (0, "/hook/1"))
            until(stage.is_quiet, 60)
            for pid in children(worker):
                seen.add(pid)
                largest = max(largest, resident_kib(pid))
        verdict = stage.verdict()
        owners = Notification.objects.values_list("lease_owner", flat=True)
        by_worker = sum(int(owner.split(":")[-2]) in seen for owner in owners)
    finally:
        worker.stop()
    assert verdict.faults == {}
    assert len(seen) > 1, "a new child took its place"
    assert largest < 2 * LIMIT_KIB
    stage.note(
        "F52", "a worker whose every task keeps 30 MiB", verdict, children=len(seen),
        **{"largest MiB": largest // 1024, "sent by the worker": by_worker},
    )  # fmt: skip


def resident_kib(pid):
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    # One that has ended has none.
    return int((status.partition("VmRSS:")[2].split() or ["0"])[0])
