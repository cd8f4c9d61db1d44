"""A drill and a frozen team: people are reminded, and nothing reaches anybody outside."""

import json

import pytest

from tests.flows.desk import CALL, said
from tests.rig import is_signed

TEXT = {"en": {"title": "About the cream", "body": "We are looking at every report."}}
PAGE = "/status/lumelle/"


@pytest.fixture
def outside(desk, receiver, settings):
    """A system of somebody else that gets the team's events, and the page that all may read."""
    settings.HTTP_ALLOW_PRIVATE = ["127.0.0.1"]
    desk.answers_by_rule(desk.anna)
    desk.mara.patch(f"teams/{desk.team.pk}/status_page/", {"is_enabled": True})
    return desk.mara.post("webhook_endpoints/", {"url": receiver.url("/events")})


def told(receiver):
    bodies = [json.loads(line["body"]) for line in receiver.journal("/events")]
    return [(body["data"]["incident"]["reference"], body["type"]) for body in bodies]


def approved(desk, incident):
    """Return the path of a statement that may be published."""
    values = {"incident": incident["id"], "kind": "holding", "texts": TEXT}
    path = f"statements/{desk.anna.post('statements/', values)['id']}/"
    desk.anna.post(f"{path}submit/")
    desk.vera.post(f"{path}approve/", If_Match="*")
    return path


def published(desk, path):
    return desk.anna.post(f"{path}publish/", {"targets": ["status_page"]}, If_Match="*")


def refusal(desk, path):
    return desk.anna.refused(f"{path}publish/", {"targets": ["status_page"]}, If_Match="*")


def page(client):
    return client.get(PAGE).content.decode()


def test_a_drill_calls_its_people_and_reaches_nobody_else(desk, outside, receiver, client):
    drill = desk.opens(mode="drill", category="spam", severity="critical")
    (call,) = desk.mailbox("anna")
    assert call.startswith("[DRILL] CRITICAL")
    assert "A drill is an exercise" in call
    desk.later(minutes=5)
    assert said(desk.mailbox("ben"), "[DRILL]") == 1

    (ticket,) = desk.anna.get("support_tickets/")["results"]
    assert (ticket["mode"], ticket["status"]) == ("drill", "draft")
    path = approved(desk, drill)
    assert refusal(desk, path) == (409, "drill")
    desk.anna.post(f"incidents/{drill['id']}/resolve/", {"resolution_note": "Well done."})
    desk.later(minutes=1)
    assert TEXT["en"]["body"] not in page(client)
    assert receiver.journal() == []

    real = desk.opens()
    assert {reference for reference, _ in told(receiver)} == {real["reference"]}


def test_a_drill_and_a_real_crisis_of_the_same_key_stay_apart(desk, outside):
    drill = desk.opens(mode="drill", dedup_key="burns")
    real = desk.opens(dedup_key="burns")
    assert drill["id"] != real["id"]
    into = {"into": real["id"]}
    assert desk.ben.refused(f"incidents/{drill['id']}/merge/", into) == (422, "different_modes")


def test_a_freeze_holds_what_goes_out_and_not_what_calls_people(desk, outside, receiver, client):
    incident = desk.opens()
    path = approved(desk, incident)
    desk.work()
    before = told(receiver)
    assert (incident["reference"], "incident.opened") in before
    desk.mailbox("ben")

    desk.ben.post(f"teams/{desk.team.pk}/freeze/")
    desk.later(minutes=5)
    assert said(desk.mailbox("ben"), CALL) == 1
    desk.ben.post(f"incidents/{incident['id']}/acknowledge/")
    desk.later(minutes=5)
    assert refusal(desk, path) == (409, "team_frozen")
    assert told(receiver) == before
    assert TEXT["en"]["body"] not in page(client)

    desk.ben.post(f"teams/{desk.team.pk}/unfreeze/")
    desk.work()
    held = told(receiver)[len(before) :]
    assert (incident["reference"], "incident.acknowledged") in held
    published(desk, path)
    desk.work()
    assert TEXT["en"]["body"] in page(client)
    assert [kind for _, kind in told(receiver)].count("statement.published") == 1

    numbers = [json.loads(line["body"])["data"]["sequence"] for line in receiver.journal()]
    assert numbers == list(range(1, len(numbers) + 1)), "held back, and still in order"
    assert all(is_signed(line, outside["secret"]) for line in receiver.journal())


def test_a_freeze_lets_a_statement_be_withdrawn(desk, outside, client):
    path = approved(desk, desk.opens())
    published(desk, path)
    assert TEXT["en"]["body"] in page(client)
    desk.vera.post(f"teams/{desk.team.pk}/freeze/")
    withdrawn = desk.vera.post(f"{path}retract/", {"reason": "Wrong batch."})
    assert withdrawn["status"] == "retracted"
    assert "Withdrawn" in page(client)
