"""What is due and nobody takes is driven, and told of where it has lain for long."""

from datetime import timedelta

import pytest

from crisis_api.lib.actors import SYSTEM
from incidents.escalation import decide, deliver
from incidents.escalation.auditor import walks
from incidents.models import Notification, PendingEvent, Receipt, Reminder, Severity
from incidents.services import lifecycle, receipts
from responses.models import WebhookDelivery
from tests.factories.access import a_contact_point, a_person, a_team
from tests.factories.incidents import a_policy, an_account
from tests.factories.webhooks import an_endpoint

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def incident(clock):
    team = a_team()
    owner = a_person(team)
    a_contact_point(owner)
    policy = a_policy(team, [{"delay": MINUTE, "notify_owner": True}], rounds=1)
    return lifecycle.open_incident(
        team=team, category="spam", severity=Severity.CRITICAL, title="T", by=SYSTEM,
        owner=owner, policy=policy,
    ).incident  # fmt: skip


def left_lying(*codes):
    """Look at everything, and say which of these were told of."""
    counts = walks.look({}, seconds=None).counts
    return {code for code in codes if counts[code]}


def test_fires_what_the_engine_does_not(incident, clock):
    step = Reminder.objects.filter(kind="escalation_step")
    clock.move(MINUTE + timedelta(seconds=14))
    assert left_lying("reminders_not_fired") == set()
    assert step.get().status == "pending"
    clock.move(seconds=2)
    assert left_lying("reminders_not_fired") == set(), "driven before anybody is told"
    assert step.get().status == "fired"


def test_tells_of_what_nobody_has_fired_for_a_minute(incident, clock):
    clock.move(2 * MINUTE + timedelta(seconds=1))
    assert left_lying("reminders_not_fired") == {"reminders_not_fired"}
    assert left_lying("reminders_not_fired") == set()


def test_sends_what_a_dead_sender_holds(incident, clock):
    clock.move(MINUTE)
    decide.fire_all_due()
    (pk,) = deliver.waiting(clock.now())
    deliver.claim(pk)
    clock.move(seconds=30)
    assert left_lying("messages_not_sent") == set()
    assert Notification.objects.get().status == "sending"
    clock.move(seconds=90)
    assert left_lying("messages_not_sent") == {"messages_not_sent"}
    assert Notification.objects.get().status == "sent"


def test_draws_the_consequences_that_nobody_draws(incident, clock):
    an_endpoint(incident.team, "https://hooks.example/")
    clock.move(MINUTE + timedelta(seconds=1))
    assert left_lying("events_not_taken") == {"events_not_taken"}
    assert WebhookDelivery.objects.exists()
    assert not PendingEvent.objects.filter(event__kind="incident.opened").exists()


def test_reads_what_nobody_has_read(incident, clock):
    account = an_account(incident.team)
    receipts.keep(
        account, source="upload", content_type="text/csv", by=SYSTEM, now=clock.now(),
        body=b"external_id,text\n1,It burns\n",
    )  # fmt: skip
    clock.move(minutes=6)
    assert left_lying("receipts_not_read") == {"receipts_not_read"}
    assert Receipt.objects.get().status != "new"


def test_leaves_alone_what_waits_for_a_receiver_that_fails(incident, clock):
    endpoint = an_endpoint(incident.team, "https://hooks.example/")
    clock.move(MINUTE)
    left_lying()
    type(endpoint).objects.update(failures=3)
    WebhookDelivery.objects.update(due_at=clock.now())
    clock.move(hours=1)
    assert left_lying("deliveries_not_sent") == set()


def test_a_queue_that_cannot_be_driven_hides_no_other(incident, clock, monkeypatch):
    def fails():
        raise RuntimeError("poison")

    broken = walks.Queue("broken", lambda before: 7, fails)
    monkeypatch.setattr(walks, "_queues", {"broken": broken, **walks._queues})
    clock.move(2 * MINUTE + timedelta(seconds=1))
    found = left_lying("broken", "reminders_not_fired")
    assert found == {"broken", "reminders_not_fired"}
