"""Engines stand still, are many, or have no disk to write to."""

import os
import resource
import signal
import time
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from django.conf import settings
from django.db import connection

from incidents.models import Incident
from tests.factories.access import a_key
from tests.faults.results import MINUTES, long
from tests.oracle import judge
from tests.processes import until
from tests.rig import Api, Site

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.faults,
    pytest.mark.timeout(0 if MINUTES else 300),
]


@long
def test_four_engines_at_once_do_everything_once(stage, variables, start, receiver):
    number = 500 if MINUTES else 30
    for _ in range(4):
        start("engine", variables)
    stage.open(number, (1, "/hook/1"), (2, "/hook/2"), (3, "/hook/3"), (4, "/hook/1"))
    verdict = stage.verdict(300)
    assert verdict.faults == {}
    assert verdict.repeated_ids == 0
    stage.note("F6", f"4 engines at once, {number} incidents of 4 steps", verdict)


def test_a_machine_that_slept_for_two_hours_says_everything_once_and_late(
    stage, variables, start, receiver, shared_clock
):
    engine = start("engine", variables)
    incidents = stage.open(5, *((minutes * 60, "/hook/1") for minutes in (30, 60, 90)))
    os.kill(engine.popen.pid, signal.SIGSTOP)
    shared_clock.move(hours=2)
    os.kill(engine.popen.pid, signal.SIGCONT)
    began = time.monotonic()
    until(stage.is_quiet, 60)
    caught_up = time.monotonic() - began
    lines = receiver.journal("/hook/1")
    verdict = judge(stage.expected, lines)
    assert verdict.faults == {}
    assert len(lines) == len(incidents), "one message for each incident, with every missed step"
    told = [each for each in receiver.reminders("/hook/1") if each["kind"] == "escalation_step"]
    assert {(each["step"], each["late_minutes"] >= 29) for each in told} == {(3, True)}
    stage.results.note(
        "F5 F32", "asleep for 2 h, 5 incidents of 3 steps", **verdict.faults,
        messages=len(lines), **{"caught up in s": round(caught_up, 1)},
    )  # fmt: skip


@long
def test_an_engine_that_stands_still_is_noticed_from_outside(
    stage, variables, start, tmp_path, receiver
):
    engine = start("engine", variables)
    web = Site(variables, tmp_path / "web.log", workers=1).start()
    address = f"{web.url}/healthz/engine"
    try:
        until(lambda: requests.get(address, timeout=10).ok, 60)
        os.kill(engine.popen.pid, signal.SIGSTOP)
        began = time.monotonic()
        until(lambda: not requests.get(address, timeout=10).ok, 30)
        noticed = time.monotonic() - began
        os.kill(engine.popen.pid, signal.SIGCONT)
        until(lambda: requests.get(address, timeout=10).ok, 60)
    finally:
        web.process.stop()
    stage.results.note(
        "P7 F57", "the only engine, and the auditor in it, stand still: /healthz/engine fails",
        **{"noticed after s": round(noticed, 1)},
    )  # fmt: skip


def limit(process_id: int, size: int) -> None:
    """Let no file of a process and of its children grow beyond a size."""
    children = Path(f"/proc/{process_id}/task/{process_id}/children").read_text(encoding="ascii")
    for each in (process_id, *map(int, children.split())):
        resource.prlimit(each, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.mark.skipif(
    "postgresql" in settings.DATABASES["default"]["ENGINE"],
    reason="the disk of PostgreSQL is another machine's",
)
def test_a_full_disk_is_said_and_nothing_is_answered_with_yes(
    stage, variables, start, tmp_path, receiver
):
    engine = start("engine", variables)
    web = Site(variables, tmp_path / "web.log", workers=1).start()
    try:
        api = Api(web.url, key=a_key(stage.team))
        kept = [post(api) for _ in range(3)]
        for process_id in (web.process.popen.pid, engine.popen.pid):
            limit(process_id, 4096)
        refused = [api.send("POST", "incidents/", body(uuid4().hex)) for _ in range(3)]
        assert {answer.status_code for answer in refused} == {503}
        assert api.get("incidents/")["results"], "reading goes on"
        for process_id in (web.process.popen.pid, engine.popen.pid):
            limit(process_id, resource.RLIM_INFINITY)
        until(lambda: post(api, must=False), 60)
        kept.append(post(api))
        stage.open(3, (0, "/hook/1"))
        verdict = stage.verdict(90)
    finally:
        web.process.stop()
    titles = set(Incident.objects.values_list("title", flat=True))
    assert set(kept) <= titles
    assert engine.popen.poll() is None
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        assert cursor.fetchone() == ("ok",)
    assert verdict.faults == {}
    stage.note("F25", "no room to write: refused with 503, then on by itself", verdict, refused=3)


def body(title: str) -> dict[str, str]:
    return {"title": title, "category": "spam", "severity": "low"}


def post(api: Api, *, must: bool = True) -> str:
    title = uuid4().hex
    try:
        answer = api.send("POST", "incidents/", body(title))
    except requests.RequestException:
        answer = None
    assert not must or (answer is not None and answer.status_code == 201)
    return title if answer is not None and answer.ok else ""
