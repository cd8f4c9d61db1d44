"""Ten thousand due at once, handed over to a receiver by one engine; and how late one alone is."""

import http.client
import random
import statistics
import subprocess
import sys
import threading
import time
from datetime import datetime

from django.db import connection, transaction

from bench.table import Figure, rate
from bench.world import Nowhere, a_team_with_people, bare_incident, many_teams
from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM
from incidents.escalation import plans, runs
from incidents.escalation.engine import Engine
from incidents.escalation.senders import registry
from incidents.models import Escalation, Incident, Notification, Reminder, Severity
from incidents.services import lifecycle

DUE = 10_000
CRITICAL_EVERY = 20
PATIENCE = 400.0
ALONE = 60


def figures(*, quick: bool) -> list[Figure]:
    """Let an engine decide and send what is due, without workers and without a broker."""
    sink = subprocess.Popen([sys.executable, "-m", "bench.sink"], stdout=subprocess.PIPE, text=True)
    try:
        assert sink.stdout is not None
        port = int(sink.stdout.readline())
        return [*_storm(port, DUE // 10 if quick else DUE), *_alone(15 if quick else ALONE)]
    finally:
        sink.terminate()
        sink.wait(10)


def _storm(port: int, number: int) -> list[Figure]:
    posts = rate(lambda: _posts(port))
    began = _due(number, f"http://127.0.0.1:{port}/hook")
    engine = Engine()
    engine.open_lanes()
    started = time.monotonic()
    decided = handed_over = 0.0
    while time.monotonic() - started < PATIENCE:
        engine.tick()
        if not decided and not Reminder.objects.due(clock.now()).exists():
            decided = time.monotonic() - started
        waits = Notification.objects.filter(status__in=("pending", "sending"))
        if decided and not waits.exists():
            handed_over = time.monotonic() - started
            break
        time.sleep(0.05)
    engine.close_lanes()
    connection.close()
    sent = Notification.objects.filter(status="sent", sent_at__gte=began)
    late = sorted(
        (at - began).total_seconds()
        for at in sent.filter(critical=True).values_list("sent_at", flat=True)
    )
    name = f"{number:,} due at once"
    p99 = late[int(len(late) * 0.99) - 1] if late else float("inf")
    took = handed_over or float("inf")
    return [
        Figure("6", f"{name}: decided after", decided or float("inf"), "s", 15, False),
        Figure("6", f"{name}: handed over after, one engine", took, "s", 60, False),
        Figure("6", f"{name}: critical ones, p99", p99, "s", 5, False),
        Figure(
            "6", f"{name}: signed and posted", number / took, "/s",
            anchor_name="http.client, one thread, one kept connection", anchor=posts,
        ),
    ]  # fmt: skip


def _due(number: int, address: str) -> datetime:
    """Write that many first steps due now, one for each person of many teams."""
    _, _, policy = a_team_with_people(steps=1)
    plan, now = plans.to_plan(policy), clock.now()
    incidents = [bare_incident(team, owner) for team, owner in many_teams(number, address)]
    escalations, reminders = [], []
    for place, incident in enumerate(incidents):
        incident.severity = Severity.HIGH if place % CRITICAL_EVERY else Severity.CRITICAL
        escalation = Escalation(
            team=incident.team, incident=incident, generation=1, plan=plan.to_json(), started_at=now
        )
        escalations.append(escalation)
        reminders += runs.round_of(escalation, plan, incident, 1)
    with transaction.atomic():
        Incident.objects.bulk_create(incidents, batch_size=1000)
        Escalation.objects.bulk_create(escalations, batch_size=1000)
        # The rest of the set-up must not make them late.
        now = clock.now()
        for reminder in reminders:
            reminder.due_at = reminder.planned_at = now
        Reminder.objects.bulk_create(reminders, batch_size=1000)
    return now


def _posts(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for _ in range(1000):
        connection.request("POST", "/", b"{}" * 100, {"Content-Type": "application/json"})
        connection.getresponse().read()
    connection.close()
    return 1000


def _alone(number: int) -> list[Figure]:
    """Open single incidents while an engine rests, and see how late their first step is."""
    registry._SENDERS["console"] = Nowhere()
    team, people, policy = a_team_with_people(steps=1)
    engine = Engine()
    thread = threading.Thread(target=_run, args=(engine,))
    thread.start()
    opened = []
    for place in range(number):
        time.sleep(random.uniform(0.05, 0.6))
        result = lifecycle.open_incident(
            team=team, category="spam", severity=Severity.CRITICAL, title="Bench", by=SYSTEM,
            owner=people[place % len(people)], policy=policy,
        )  # fmt: skip
        opened.append(result.incident.pk)
    time.sleep(2)
    engine.stopping.set()
    thread.join(60)
    fired = Reminder.objects.filter(incident__in=opened, kind="escalation_step", status="fired")
    late = sorted((at - due).total_seconds() for due, at in fired.values_list("due_at", "fired_at"))
    assert len(late) == number
    return [
        Figure(
            "8", "one incident on a quiet system: step late, p99", late[-1], "s", 0.3, least=False
        ),
        Figure("8", "the same, median", statistics.median(late), "s"),
    ]


def _run(engine: Engine) -> None:
    """Tick and rest as `Engine.run` does, without the auditor: the rows here are half of a plan."""
    engine.open_lanes()
    try:
        while not engine.stopping.is_set():
            began = time.monotonic()
            engine._rest(engine._sleep(began, engine.tick()))
    finally:
        engine.close_lanes()
        connection.close()
