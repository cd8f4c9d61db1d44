"""Receivers that hang, refuse, break off or lead astray cost nobody else anything."""

from datetime import timedelta

import pytest

from incidents.models import Notification
from tests.factories.access import a_contact_point, a_person
from tests.faults.results import MINUTES, long
from tests.incidents.escalation.senders.servers import listening
from tests.oracle import judge
from tests.processes import until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.faults,
    pytest.mark.timeout(0 if MINUTES else 300),
]

NUMBER = 100 if MINUTES else 10
HEALTHY = [f"/hook/{n}" for n in range(1, 5)]


@long
def test_one_receiver_in_five_that_hangs_delays_no_other(stage, variables, start, receiver):
    receiver.answers("ok", hook_9="hang")
    start("engine", variables)
    for path in (*HEALTHY, "/hook/9"):
        stage.open(NUMBER, (1, path))
    healthy = [each for each in stage.expected if each.steps[0][1] in HEALTHY]
    stage.expected = healthy
    references = {each.reference for each in healthy}
    until(lambda: references <= set(receiver.references()), 120)
    receiver.answers("ok")
    verdict = stage.verdict(180)
    assert verdict.faults == {}
    # Each that hangs is given up after ten seconds: behind them, others would wait for minutes.
    assert verdict.late(0.99) < 60
    stage.note("F34", f"1 receiver of 5 hangs, {NUMBER} messages each: the healthy ones", verdict)


MODES = {
    "status 500": "/hook/1",
    "busy 3": "/hook/2",
    "reset": "/hook/3",
    "drop": "/hook/4",
    "redirect http://127.0.0.1:1/": "/hook/5",
    "status 410": "/hook/6",
}


def test_the_next_contact_point_hears_what_the_first_refuses(
    stage, variables, start, receiver, shared_clock
):
    for path in MODES.values():
        for urgency in ("normal", "urgent"):
            a_contact_point(
                stage.person(path), kind="webhook", address=receiver.url(f"/next{path}"),
                secret="whsec_" + "a" * 43 + "=", urgency=urgency, position=2,
            )  # fmt: skip
    ways = {path.strip("/").replace("/", "_"): mode for mode, path in MODES.items()}
    receiver.answers("ok", **ways)
    start("engine", variables)
    for path in MODES.values():
        stage.open(1, (0, path))
    tried = Notification.objects.filter(chain_position=0).exclude(last_error="")
    until(lambda: tried.count() == len(MODES), 60)
    # Thirty seconds without success are over.
    shared_clock.move(timedelta(seconds=31))
    until(lambda: all(receiver.references(f"/next{path}") for path in MODES.values()), 60)
    for mode, path in MODES.items():
        ids = {line["id"] for line in receiver.journal(f"/next{path}")}
        assert len(ids) == 1, mode
        stage.results.note("F40", f"the first contact point answers: {mode}", told_by_the_next=1)
    assert stage.people["/hook/6"].contact_points.exclude(disabled_at=None).count() == 1


def test_a_mail_server_that_is_away_or_hangs_costs_no_more_than_thirty_seconds(
    stage, variables, start, receiver, shared_clock
):
    with listening(lambda connection: connection.recv(1)) as port:
        variables["EMAIL_URL"] = f"smtp://127.0.0.1:{port}"
        person = a_person(stage.team)
        for urgency in ("normal", "urgent"):
            a_contact_point(
                person, kind="email", address="a@example.com", urgency=urgency, position=1
            )
            a_contact_point(
                person, kind="webhook", address=receiver.url("/next/mail"),
                secret="whsec_" + "a" * 43 + "=", urgency=urgency, position=2,
            )  # fmt: skip
        stage.people["/next/mail"] = person
        start("engine", variables)
        stage.open(1, (0, "/next/mail"))
        tried = Notification.objects.filter(chain_position=0).exclude(sending_at=None)
        until(tried.exists, 60)
        if not MINUTES:
            shared_clock.move(timedelta(seconds=31))
        until(lambda: receiver.references("/next/mail"), 60)
        verdict = judge(stage.expected, receiver.journal())
    assert verdict.faults == {}
    assert verdict.late(1.0) < 60
    stage.note("F40", "the mail server takes the connection and says nothing", verdict)
