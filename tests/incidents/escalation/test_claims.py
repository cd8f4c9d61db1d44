"""What several senders claim and stamp at the same moment."""

import threading
from collections import Counter

import pytest
from django.db import connection, transaction

from crisis_api.lib.actors import SYSTEM
from incidents.escalation import claims, decide, deliver, runs, stamps
from incidents.escalation.senders import registry
from incidents.models import Event, Incident, Notification
from incidents.services import lifecycle
from tests.factories.access import a_contact_point, a_person, a_team
from tests.factories.incidents import a_policy, an_incident


class Post:
    """A sender that counts what it is given."""

    def __init__(self):
        self.sent = Counter()

    def send(self, address, message, *, message_id, secret=""):
        self.sent[message_id] += 1
        return ""


@pytest.fixture
def post(monkeypatch):
    post = Post()
    monkeypatch.setitem(registry._SENDERS, "console", post)
    return post


def messages(number):
    """Return that many messages that wait, each of an incident and a person of its own."""
    team = a_team()
    policy = a_policy(team, [{"notify_owner": True}])
    for _ in range(number):
        owner = a_person(team)
        a_contact_point(owner)
        incident = an_incident(team, owner=owner, policy=policy, severity="critical")
        runs.start(incident, policy=policy, at=incident.opened_at, by=SYSTEM)
    decide.fire_all_due()
    return list(Notification.objects.order_by("pk"))


@pytest.mark.django_db
def test_settles_a_set_as_each_of_it_would_be_settled(clock):
    wanted, acknowledged, sent = messages(3)
    lifecycle.acknowledge(acknowledged.incident, by=SYSTEM, owner=acknowledged.owner)
    # Past every cancellation, as if it had been written by an engine that was slower still.
    Notification.objects.filter(pk=acknowledged.pk).update(status="pending")
    Notification.objects.filter(pk=sent.pk).update(status="sent")
    settled = claims._claimed([wanted.pk, acknowledged.pk, sent.pk])
    claim = settled.pop(wanted.pk)
    assert settled == {acknowledged.pk: None, sent.pk: None}
    stored = Notification.objects.get(pk=wanted.pk)
    for name in ("status", "fence", "attempts", "sending_at", "lease_until", "fallback_at"):
        assert getattr(claim.notification, name) == getattr(stored, name), name
    assert (stored.status, stored.fence, stored.attempts) == ("sending", 1, 1)
    assert Notification.objects.get(pk=acknowledged.pk).status == "cancelled"


@pytest.mark.django_db
def test_stamps_of_a_set_what_is_still_its_senders(clock):
    first, second = messages(2)
    settled = claims._claimed([first.pk, second.pk])
    sends = [
        stamps._Send(each.notification, tuple(stamps.incidents_of(each.reminders)), ref)
        for each, ref in zip(settled.values(), ("one", "two"), strict=True)
    ]
    Notification.objects.filter(pk=second.pk).update(fence=2)
    stamped = {send.ref: mine for send, mine in stamps._stamped(sends).items()}
    assert stamped == {"one": True, "two": False}
    rows = Notification.objects.order_by("pk").values_list("status", "provider_ref")
    assert list(rows) == [("sent", "one"), ("sending", "")]
    told = Event.objects.filter(kind="notification.sent")
    assert [event.incident_id for event in told] == [first.incident_id]


@pytest.mark.django_db(transaction=True)
def test_sends_each_message_once_however_many_send(clock, post):
    ids = [row.pk for row in messages(24)]

    def send():
        for pk in ids:
            deliver.deliver_one(pk)
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert set(post.sent.values()) == {1}
    assert len(post.sent) == len(ids)
    assert set(Notification.objects.values_list("status", flat=True)) == {"sent"}


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite locks no single rows.")
@pytest.mark.django_db(transaction=True)
def test_waits_for_no_row_that_somebody_holds(clock):
    free, held = messages(2)
    taken, may_go_on = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            Incident.objects.select_for_update(no_key=True).get(pk=held.incident_id)
            taken.set()
            may_go_on.wait(10)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert taken.wait(10)
    settled = claims._claimed([free.pk, held.pk])
    may_go_on.set()
    holder.join(10)
    assert settled.keys() == {free.pk}
    assert deliver.claim(held.pk) is not None
