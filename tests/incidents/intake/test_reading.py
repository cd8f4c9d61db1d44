"""What arrived is kept first and read afterwards, whatever dies in between."""

import json
from datetime import timedelta

import pytest
from django.db import OperationalError

from incidents.escalation import engine
from incidents.intake import reading, receive
from incidents.models import Mention, Receipt
from tests.factories.access import a_team
from tests.factories.incidents import an_account
from tests.factories.intake import a_burst, a_receipt, a_storm_rule, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return an_account(a_team(), handle="@lumelle")


def lines(number):
    return "".join(
        json.dumps(
            {
                "external_id": str(n),
                "written_at": "2026-11-22T09:30:00Z",
                "author_id": "a",
                "text": f"ok {n}",
            }
        )
        + "\n"
        for n in range(number)
    ).encode()


def kept(account, body, **values):
    return a_receipt(
        account, source="upload", content_type="application/x-ndjson", body=body, **values
    )


def test_reads_what_nobody_has_read(account, clock):
    receipt = kept(account, lines(3))
    assert reading.sweep() == 0
    clock.move(seconds=31)
    assert reading.sweep() == 1
    receipt.refresh_from_db()
    assert (receipt.status, receipt.mention_count, receipt.attempts) == ("parsed", 3, 1)
    assert Mention.objects.filter(receipt=receipt).count() == 3
    assert reading.sweep() == 0


def test_finishes_what_died_half_way(account, clock, monkeypatch):
    receipt = kept(account, lines(1100))
    store = receive.store
    calls = []

    def die_at_the_second(*args, **kwargs):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return store(*args, **kwargs)

    monkeypatch.setattr(receive, "store", die_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        reading.read(receipt, now=clock.now())
    monkeypatch.undo()
    assert Mention.objects.count() == 500
    clock.move(seconds=31)
    engine.sweep_all()
    receipt.refresh_from_db()
    assert (receipt.status, receipt.mention_count) == ("parsed", 1100)
    assert Mention.objects.count() == 1100


def test_keeps_the_time_at_which_it_arrived(account, clock):
    arrived = clock.now()
    kept(account, lines(1))
    clock.move(minutes=5)
    reading.sweep()
    assert Mention.objects.get().received_at == arrived


def test_is_read_by_one_of_two(account, clock):
    kept(account, lines(1))
    clock.move(seconds=31)
    assert len(reading.receipts.claim(clock.now(), limit=10, pushed=False)) == 1
    assert reading.receipts.claim(clock.now(), limit=10, pushed=False) == []
    assert reading.sweep() == 0
    clock.move(seconds=31)
    assert reading.sweep() == 1


def test_gives_up_after_five_attempts_and_keeps_it(account, clock, monkeypatch):
    receipt = kept(account, lines(1))

    def fail(*args, **kwargs):
        raise ValueError("poison")

    monkeypatch.setattr(reading, "read", fail)
    for _ in range(8):
        clock.move(minutes=2)
        reading.sweep()
    receipt.refresh_from_db()
    assert (receipt.status, receipt.attempts) == ("unparsed", 5)
    assert receipt.errors == [
        {"line": None, "pointer": "", "code": "failed", "params": {"reason": "ValueError"}}
    ]
    assert bytes(receipt.body) == lines(1)


def test_gives_up_what_kills_its_process(account, clock):
    receipt = kept(account, lines(1))
    Receipt.objects.filter(pk=receipt.pk).update(attempts=5)
    clock.move(minutes=1)
    reading.sweep()
    receipt.refresh_from_db()
    assert (receipt.status, receipt.errors[0]["params"]["reason"]) == ("unparsed", "interrupted")


def test_does_not_blame_the_receipt_for_a_database_that_is_away(account, clock, monkeypatch):
    receipt = kept(account, lines(1))

    def away(*args, **kwargs):
        raise OperationalError

    monkeypatch.setattr(reading, "read", away)
    for _ in range(8):
        clock.move(minutes=2)
        reading.sweep()
    monkeypatch.undo()
    clock.move(minutes=2)
    reading.sweep()
    receipt.refresh_from_db()
    assert (receipt.status, receipt.attempts) == ("parsed", 1)


def test_opens_the_incident_that_the_dead_process_did_not(account, clock):
    a_storm_rule(account.team)
    body = "".join(
        json.dumps(
            {
                "external_id": each.external_id,
                "written_at": each.written_at.isoformat(),
                "author_id": each.author_external_id,
                "text": each.text,
            }
        )
        + "\n"
        for each in a_burst(6, within=timedelta(minutes=2))
    )
    receipt = kept(account, body.encode())
    clock.move(seconds=40)
    reading.sweep()
    assert {mention.incident.category for mention in Mention.objects.all()} == {"product_safety"}
    assert Receipt.objects.get(pk=receipt.pk).status == "parsed"


def test_keeps_neither_of_a_request_that_fails(account, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(receive, "store", fail)
    with pytest.raises(RuntimeError):
        reading.take(account, [said()], source="api", content_type="", body=b"", by=account.actor)
    assert not Receipt.objects.exists()
