"""After a restore nothing goes out that was not released again."""

import os
import shutil
import sqlite3
import subprocess
import threading
from contextlib import closing
from datetime import timedelta
from io import StringIO

import pytest
import requests
from django.core.management import call_command
from django.db import connection, connections, transaction

from crisis_api import triggers
from crisis_api.access.models import SendingHold
from crisis_api.access.services import holding
from crisis_api.lib.actors import SYSTEM
from incidents.escalation import decide, deliver
from incidents.models import EngineHeartbeat, Notification, Severity
from incidents.services import lifecycle
from tests.factories.incidents import a_policy
from tests.flows.lumelle import House
from tests.processes import environment, manage, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]

SECONDS = 60


@pytest.fixture
def house(tmp_path, broker, shared_clock):
    """The demo team with all its processes, on a SQLite of its own, which may be replaced."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL is restored by its own tools; the hold is tried below")
    variables = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "crisis_api.settings",
        "DATA_DIR": str(tmp_path / "data"),
        "DATABASE_URL": "",
        "REDIS_URL": broker.url,
        "WORKER_CONCURRENCY": "1",
    }
    (tmp_path / "data").mkdir(mode=0o700)
    house = House(tmp_path, shared_clock.move, variables)
    # The engine sends by itself, and one process less has to wake up.
    house.lumelle.processes = (house.web.process, house.engine)
    house.lumelle.command("migrate", "-v0")
    yield house
    house.close()


def said_by(house, *words):
    """Type a command that may fail; return its code and all that it said."""
    program = manage(words[0], *words, environment=house.variables)
    done = subprocess.run(
        program.command, env=dict(program.environment), capture_output=True, text=True,
        timeout=SECONDS, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def health(house):
    return requests.get(f"{house.web.url}/healthz/engine", timeout=10).json()


def ticks_again(house, clock):
    """Let five minutes pass, and wait until the engine has ticked by the new time."""
    clock.move(timedelta(minutes=5))
    until(lambda: (health(house)["last_tick_age_seconds"] or 99) < 5, SECONDS)


@pytest.mark.timeout(300)
def test_nothing_goes_out_after_a_restore_until_it_is_released(house, shared_clock, tmp_path):
    lumelle = house.open()
    manager = lumelle.people["admin"]
    incident = manager.post(
        "incidents/", {"title": "Burns", "category": "product_safety", "severity": "critical"}
    )
    reference, owner = incident["reference"], incident["owner"]
    until(lambda: reference in lumelle.receiver.references(), SECONDS)
    assert owner
    backup = tmp_path / "backup.tar"
    code, said = said_by(house, "backup", str(backup))
    assert code == 0, said
    assert "Keys are not in it" in said
    assert backup.stat().st_mode & 0o077 == 0
    manager.post(f"incidents/{reference}/acknowledge/")
    lumelle.settle()

    code, said = said_by(house, "restore", str(backup))
    assert code == 1
    assert "Stop them first" in said
    house.leave()
    before = len(lumelle.receiver.journal())

    code, said = said_by(house, "restore", str(backup))
    assert code == 0, said
    assert "Nothing goes out until somebody has looked" in said
    assert list((tmp_path / "data").glob("crisis.sqlite3.before-*"))
    for process in lumelle.processes:
        process.start()
    until(house.web.answers, SECONDS)
    ticks_again(house, shared_clock)
    ticks_again(house, shared_clock)

    assert (health(house)["status"], health(house)["held"]) == ("held", True)
    assert health(house)["missing_guards"] == 0
    assert manager.get(f"incidents/{reference}/")["status"] == "open"
    assert len(lumelle.receiver.journal()) == before
    with (
        closing(sqlite3.connect(tmp_path / "data" / "crisis.sqlite3")) as raw,
        pytest.raises(sqlite3.DatabaseError, match="never_change"),
    ):
        raw.execute("UPDATE incidents_event SET kind = 'x'")

    code, said = said_by(house, "release_sending")
    assert reference in said
    assert len(lumelle.receiver.journal()) == before
    code, said = said_by(house, "release_sending", "--yes")
    assert "Sending is released" in said
    until(lambda: len(lumelle.receiver.journal()) > before, SECONDS)
    assert reference in lumelle.receiver.references()[-1:]


def test_a_hold_holds_engines_and_workers_that_run(engine, celery, receiver, team, owner):
    policy = a_policy(team, [{"notify_owner": True}], rounds=1)

    def opened():
        return lifecycle.open_incident(
            team=team, category="spam", severity=Severity.CRITICAL, title="T", by=SYSTEM,
            owner=owner, policy=policy,
        ).incident.reference  # fmt: skip

    first = opened()
    until(lambda: first in receiver.references(), SECONDS)
    holding.hold(reason=SendingHold.Reason.BY_HAND, by=SYSTEM)
    second = opened()
    ticks = EngineHeartbeat.objects.get().ticks
    until(lambda: EngineHeartbeat.objects.get().ticks > ticks + 2, SECONDS)
    assert second not in receiver.references()

    holding.release(by=SYSTEM)
    until(lambda: second in receiver.references(), SECONDS)


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")
def test_a_hold_waits_for_a_claim_that_has_looked_already(team, owner):
    lifecycle.open_incident(
        team=team, category="spam", severity=Severity.CRITICAL, title="T", by=SYSTEM, owner=owner,
        policy=a_policy(team, [{"notify_owner": True}], rounds=1),
    )  # fmt: skip
    decide.fire_all_due()
    pk = Notification.objects.get().pk
    looked, go_on, claimed = threading.Event(), threading.Event(), []

    def claim():
        with transaction.atomic():
            claimed.append(deliver.claim(pk) is not None)
            looked.set()
            go_on.wait(SECONDS)
        connections.close_all()

    def hold():
        holding.hold(reason=SendingHold.Reason.BY_HAND, by=SYSTEM)
        held.set()
        connections.close_all()

    held = threading.Event()
    threads = [threading.Thread(target=claim), threading.Thread(target=hold)]
    threads[0].start()
    assert looked.wait(SECONDS)
    threads[1].start()
    until(SendingHold.current, SECONDS)
    assert not held.wait(0.5)
    go_on.set()
    for thread in threads:
        thread.join(SECONDS)
    assert held.is_set()
    assert claimed == [True]
    Notification.objects.update(lease_until=None, status="pending")
    assert deliver.claim(pk) is None


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has its own backups")
@pytest.mark.skipif(not shutil.which("pg_restore"), reason="there is no pg_restore here")
def test_a_dump_comes_back_with_its_guards_and_is_held_by_one_command(team, owner, tmp_path):
    def opened():
        policy = a_policy(team, [{"notify_owner": True}], rounds=1)
        return lifecycle.open_incident(
            team=team, category="spam", severity=Severity.CRITICAL, title="T", by=SYSTEM,
            owner=owner, policy=policy,
        ).incident  # fmt: skip

    incident = opened()
    url, dump = environment()["DATABASE_URL"], str(tmp_path / "crisis.dump")
    _typed("pg_dump", "--format=custom", f"--file={dump}", url)
    lifecycle.acknowledge(incident, by=SYSTEM, owner=owner)
    later = opened()
    connection.close()

    _typed(
        "pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction",
        f"--dbname={url}", dump,
    )  # fmt: skip
    call_command("migrate", verbosity=0)
    call_command("hold_sending", "--restored", stdout=StringIO())

    assert triggers.missing(connection) == []
    incident.refresh_from_db()
    assert incident.status == "open"
    assert not type(later).objects.filter(pk=later.pk).exists()
    assert decide.fire_all_due() == 0
    holding.release(by=SYSTEM)
    assert decide.fire_all_due() == 1


def _typed(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr
