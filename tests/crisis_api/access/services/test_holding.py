"""While sending is held nothing goes out; a release lets it go, or gives up what is stale."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from crisis_api.access.models import AuditEvent, SendingHold
from crisis_api.access.services import holding
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import Conflict
from incidents.escalation import decide, deliver, engine, health
from incidents.escalation.senders import registry
from incidents.models import Notification, Reminder
from responses.models import Publication
from responses.services import publications
from responses.webhooks import claims, sender
from tests.factories.access import a_person, a_team, the_actor
from tests.factories.incidents import an_incident
from tests.factories.responses import a_page, an_approved_statement
from tests.factories.webhooks import a_delivery, an_endpoint
from tests.incidents.escalation.test_deliver import Post, a_reachable_person, started

pytestmark = pytest.mark.django_db

TWO_STEPS = ({"notify_owner": True}, {"notify_owner": True, "delay": timedelta(minutes=5)})
RESTORED = SendingHold.Reason.RESTORED


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def post(monkeypatch):
    post = Post()
    monkeypatch.setitem(registry._SENDERS, "console", post)
    return post


@pytest.fixture
def delivery(team):
    return a_delivery(an_endpoint(team, "https://hooks.example.com/"), an_incident(team))


def held():
    assert holding.hold(reason=RESTORED, by=SYSTEM)


def waiting(clock):
    return {name: len(rows) for name, rows in holding.would_go_out(clock.now()).items()}


def run(command, *words):
    output = StringIO()
    call_command(command, *words, stdout=output)
    return output.getvalue()


def test_sends_no_message_until_it_is_released(team, clock, post):
    incident = started(team, a_reachable_person(team, "first", "second"), severity="critical")
    held()
    clock.move(minutes=5)

    assert deliver.waiting(clock.now()) == []
    assert deliver.claim(Notification.objects.get().pk) is None
    engine.run_once()
    assert post.sent == []
    assert Notification.objects.count() == 1

    holding.release(by=SYSTEM)
    engine.run_once()
    assert post.addresses == ["first"]
    assert incident.reference in post.sent[0][2].subject


def test_takes_over_nothing_from_a_sender_that_died(team, clock, post):
    started(team, a_reachable_person(team, "first", "second"))
    (pk,) = deliver.waiting(clock.now())
    assert deliver.claim(pk)
    held()
    clock.move(minutes=1)

    engine.run_once()
    assert (post.sent, Notification.objects.count()) == ([], 1)

    holding.release(by=SYSTEM)
    assert deliver.fall_back() == 0
    engine.run_once()
    assert post.addresses == ["first"]


def test_lets_no_round_pass_in_silence(team, clock, post):
    started(team, a_reachable_person(team, "first"), steps=TWO_STEPS)
    ahead = Reminder.objects.pending().count()
    held()
    clock.move(hours=2)

    assert decide.fire_all_due() == 0
    assert Reminder.objects.pending().count() == ahead > 0

    holding.release(by=SYSTEM)
    assert decide.fire_all_due() > 0


def test_delivers_no_webhook_until_it_is_released(delivery, clock):
    held()

    assert claims.claim(delivery.pk) is None
    assert claims.waiting(clock.now(), 10) == []
    assert sender.deliver([delivery.pk]) == 0
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("pending", 0)

    holding.release(by=SYSTEM)
    assert claims.claim(delivery.pk).attempts == 1


def test_publishes_nothing_until_it_is_released(team):
    a_page(team)
    statement = an_approved_statement(team)
    by = the_actor(a_person(team))
    held()

    with pytest.raises(Conflict) as refusal:
        publications.publish(statement, targets=["status_page"], by=by)
    assert refusal.value.code == "sending_held"
    assert not Publication.objects.exists()

    holding.release(by=SYSTEM)
    publications.publish(statement, targets=["status_page"], by=by)
    assert Publication.objects.count() == 1


def test_gives_up_what_is_stale_and_keeps_reminders(team, clock, post, delivery):
    started(team, a_reachable_person(team, "first"), steps=TWO_STEPS)
    clock.move(hours=1)
    fresh = a_delivery(delivery.endpoint, an_incident(team))
    held()
    before = waiting(clock)
    assert (before["messages"], before["webhook deliveries"]) == (1, 2)

    dropped = holding.release(by=SYSTEM, drop_before=clock.now() - timedelta(minutes=30))

    assert dropped == {"messages": 1, "webhook deliveries": 1}
    assert waiting(clock) == {
        "messages": 0,
        "webhook deliveries": 1,
        "reminders": before["reminders"],
    }
    fresh.refresh_from_db()
    assert fresh.status == "pending"


def test_is_there_once_and_the_database_holds_that():
    held()
    assert not holding.hold(reason=RESTORED, by=SYSTEM)
    with pytest.raises(IntegrityError), transaction.atomic():
        SendingHold.objects.create(id="00000000-0000-0000-0000-000000000002", reason=RESTORED)
    holding.release(by=SYSTEM)
    assert holding.release(by=SYSTEM) == {}


def test_is_written_into_the_audit():
    held()
    holding.release(by=SYSTEM)

    lines = AuditEvent.objects.filter(action__startswith="sending.").order_by("id")
    assert [(line.action, line.data) for line in lines] == [
        ("sending.held", {"reason": "restored"}),
        ("sending.released", {"dropped": {}}),
    ]


def test_is_loud_where_monitors_and_staff_look(team, admin_client):
    engine.Engine()._beat()
    assert Client().get("/healthz/engine").status_code == 200
    held()

    answer = Client().get("/healthz/engine")
    assert (answer.status_code, answer.json()["status"]) == (503, "held")
    assert answer.json()["held"] is True
    assert "crisis_engine_held 1.0" in Client().get("/metrics").content.decode()
    assert not health.report().is_well
    assert "Sending is held" in admin_client.get("/admin/").content.decode()


def test_commands_show_what_would_go_out_before_they_let_it(team, clock, post):
    incident = started(team, a_reachable_person(team, "first"), severity="critical")
    assert "Nothing goes out any more" in run("hold_sending", "--restored")
    assert "held already (restored" in run("hold_sending")
    clock.move(minutes=40)

    shown = run("release_sending")
    assert "messages: 1" in shown
    assert f"critical {incident.reference}" in shown
    assert SendingHold.current()

    assert "messages: 0" in run("release_sending", "--drop-older-than", "30")
    assert "messages: 1" in run("release_sending", "--drop-older-than", "50")

    done = run("release_sending", "--drop-older-than", "30", "--yes")
    assert "messages: 1 given up" in done
    assert "Sending is released." in done
    assert Notification.objects.get().status == "cancelled"
    assert run("release_sending") == "Sending is not held.\n"


def test_commands_refuse_an_age_that_is_none():
    with pytest.raises(CommandError):
        run("release_sending", "--drop-older-than", "-5")
