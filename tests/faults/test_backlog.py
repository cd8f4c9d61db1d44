"""A receiver of webhooks fails for six hours: then it gets everything, and not all at once."""

from collections import Counter
from datetime import timedelta

import pytest

from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM
from incidents import timeline
from incidents.models import Incident, PendingEvent
from responses.models import WebhookDelivery
from tests.factories.incidents import an_incident
from tests.factories.webhooks import an_endpoint
from tests.faults.results import MINUTES, long
from tests.processes import until

pytestmark = [
    long,
    pytest.mark.django_db(transaction=True),
    pytest.mark.faults,
    pytest.mark.timeout(0 if MINUTES else 300),
]

AWAY, AFTERWARDS = timedelta(hours=6), timedelta(hours=7)
STEP = timedelta(minutes=15)
EVENTS_A_STEP = 6


def test_a_receiver_that_failed_for_six_hours_gets_everything_and_not_at_once(
    stage, variables, start, receiver, shared_clock
):
    an_endpoint(stage.team, receiver.url("/events"))
    incident = an_incident(stage.team, owner=stage.person("/hook"))
    start("engine", variables)
    receiver.answers("ok", events="status 500")
    began = clock.now()
    while clock.now() - began < AWAY:
        happens(incident, EVENTS_A_STEP)
        settles(shared_clock)
    failed = len(receiver.journal("/events"))
    receiver.answers("ok")
    while clock.now() - began < AWAY + AFTERWARDS:
        happens(incident, EVENTS_A_STEP)
        settles(shared_clock)
    until(lambda: not waiting().exists(), 120)

    rows = WebhookDelivery.objects.all()
    arrived = receiver.journal("/events")[failed:]
    told = Counter(line["id"] for line in arrived)
    assert set(rows.values_list("status", flat=True)) == {"delivered"}
    assert len(told) == rows.count()
    a_step = Counter(
        int((line["clock"] - began.timestamp()) // STEP.total_seconds()) for line in arrived
    )
    peak = max(a_step.values()) / EVENTS_A_STEP
    stage.results.note(
        "F35", "a receiver answers 500 for 6 simulated hours, then ok",
        events=rows.count(), lost=rows.exclude(status="delivered").count(),
        doubled=sum(count - 1 for count in told.values()),
        **{
            "attempts while it failed": failed,
            "peak rate afterwards, times the usual": round(peak, 1),
            "all told after h": round(max(a_step) * STEP / timedelta(hours=1) - 6, 1),
        },
    )  # fmt: skip


def happens(incident: Incident, number: int) -> None:
    for _ in range(number):
        timeline.record("incident.acknowledged", incident, by=SYSTEM, data={})


def waiting():
    return WebhookDelivery.objects.filter(status__in=("pending", "sending"))


def settles(shared_clock) -> None:
    """Wait until what is due now was tried, then let a quarter of an hour pass."""
    until(lambda: not PendingEvent.objects.exists(), 60)
    paused = {"endpoint__paused_until__gt": clock.now()}
    until(lambda: not waiting().filter(due_at__lte=clock.now()).exclude(**paused).exists(), 60)
    shared_clock.move(STEP)
