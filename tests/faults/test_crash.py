"""A process is killed at each place at which that could lose or double something."""

from collections import Counter
from uuid import uuid4

import pytest
import requests

from incidents.models import Incident, PendingEvent
from responses.models import WebhookDelivery
from tests.factories.access import a_key
from tests.factories.webhooks import an_endpoint
from tests.faults.points import POINTS
from tests.faults.results import MINUTES, chance
from tests.processes import until
from tests.rig import Api, Site

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.faults,
    pytest.mark.timeout(0 if MINUTES else 300),
]

LEASE = 20
ROUNDS = max(int(MINUTES), 1)
ENGINE = sorted(point for point, dies in POINTS.items() if dies == "engine")
WEB = sorted(point for point, dies in POINTS.items() if dies == "web")


@pytest.fixture
def crash(tmp_path, variables):
    """Have whoever comes to a place next die there."""
    file = tmp_path / "crash"
    variables["CRISIS_CRASH_FILE"] = str(file)

    def crash(point):
        draft = file.with_suffix(".draft")
        draft.write_text(point, encoding="ascii")
        draft.replace(file)

    return crash


def test_an_engine_dies_at_every_place_and_nothing_is_lost(
    stage, variables, crash, start, shared_clock, receiver
):
    an_endpoint(stage.team, receiver.url("/events"))
    points = chance().sample(ENGINE * ROUNDS, len(ENGINE) * ROUNDS if MINUTES else 3)
    for point in points:
        crash(point)
        dying = start("engine", variables)
        stage.open(3, (0, "/hook/1"), (0.5, "/hook/2"))
        until(lambda engine=dying: engine.popen.poll() is not None, 60)
    # What they held is free again when their lease is over.
    if not MINUTES:
        shared_clock.move(seconds=LEASE + 1)
    last = start("engine", variables)
    verdict = stage.verdict()
    until(lambda: everything_was_told(), 60)
    last.stop()

    assert verdict.faults == {}
    assert verdict.repeated_ids <= len(points), "one kill repeats one message, with the same id"
    told = Counter(line["id"] for line in receiver.journal("/events"))
    assert len(told) == WebhookDelivery.objects.filter(status="delivered").count()
    assert sum(told.values()) <= len(told) + len(points)
    stage.note(
        "F1 F3 F45", f"engine killed {len(points)} times at {len(ENGINE)} named places", verdict
    )


def everything_was_told():
    waiting = WebhookDelivery.objects.filter(status__in=("pending", "sending"))
    return not PendingEvent.objects.exists() and not waiting.exists()


def test_the_web_server_dies_around_the_commit_and_a_repeated_request_is_done_once(
    variables, crash, tmp_path, team, results
):
    site = Site(variables, tmp_path / "web.log", workers=1).start()
    api = Api(site.url, key=a_key(team))
    try:
        for point in WEB * ROUNDS:
            key, title = uuid4().hex, uuid4().hex
            body = {"title": title, "category": "spam", "severity": "low"}
            crash(point)
            with pytest.raises((requests.ConnectionError, requests.Timeout)):
                api.send("POST", "incidents/", body, Idempotency_Key=key)
            committed = Incident.objects.filter(title=title).count()
            assert committed == (point == "web.after_commit")
            answers = []

            def again(body=body, key=key, answers=answers):
                try:
                    answer = api.send("POST", "incidents/", body, Idempotency_Key=key, timeout=5)
                except (requests.ConnectionError, requests.Timeout):
                    return False
                answers.append(answer)
                return answer.ok

            until(again, 60)
            assert Incident.objects.filter(title=title).count() == 1
            replayed = answers[-1].headers.get("Idempotent-Replayed") == "true"
            assert replayed == (point == "web.after_commit")
    finally:
        site.process.stop()
    results.note("F9", "web killed before and after the commit", kills=len(WEB) * ROUNDS, doubled=0)
