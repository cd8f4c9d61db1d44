import json
import threading
from datetime import timedelta

import pytest
from django.db import connection, connections

from crisis_api.lib import clock as the_clock
from crisis_api.lib.actors import SYSTEM
from incidents import timeline
from incidents.models import Event, PendingEvent, Severity
from incidents.services import dead_letters, lifecycle
from responses import reactions
from responses.models import DeskSettings, SupportTicket, WebhookDelivery, WebhookEndpoint
from tests.factories.access import a_person, a_team
from tests.factories.incidents import an_incident
from tests.factories.webhooks import an_endpoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    team = a_team()
    a_person(team, "manager")
    return team


def opened(team, **values):
    defaults = {
        "category": "personal_data_leak",
        "severity": Severity.HIGH,
        "title": "A phone number in the comments",
        "by": SYSTEM,
    }
    return lifecycle.open_incident(team=team, **{**defaults, **values}).incident


def kinds_sent(endpoint):
    rows = WebhookDelivery.objects.filter(endpoint=endpoint).order_by("event_id")
    return list(rows.values_list("event__kind", flat=True))


def alarms():
    rows = Event.objects.filter(kind="alarm.raised").order_by("id")
    return [
        data["code"] for data in rows.values_list("data", flat=True) if "policy" not in data["code"]
    ]


def fails_for(kind, monkeypatch):
    """Let reacting to events of a kind fail from now on."""

    def fail(events, now):
        raise ValueError("cannot be done")

    monkeypatch.setitem(reactions.CONSEQUENCES, kind, (fail,))


def test_drafts_a_ticket_for_an_incident_on_which_the_platform_acts(team):
    incident = opened(team)

    reactions.react_to_all()

    ticket = SupportTicket.objects.get()
    assert (ticket.incident, ticket.status, ticket.category) == (
        incident,
        "drafting",
        "personal_data_leak",
    )
    assert not PendingEvent.objects.exists()


def test_drafts_no_ticket_for_other_categories(team):
    opened(team, category="negative_comments")

    reactions.react_to_all()

    assert not SupportTicket.objects.exists()


def test_asks_the_team_for_which_categories_and_in_which_language(team):
    DeskSettings.objects.create(
        team=team, ticket_categories=["negative_comments"], ticket_language="ru"
    )
    opened(team)
    opened(team, category="negative_comments")

    reactions.react_to_all()

    ticket = SupportTicket.objects.get()
    assert (ticket.category, ticket.language) == ("negative_comments", "ru")


def test_drafts_a_ticket_in_a_drill_too_since_it_stays_inside(team):
    opened(team, mode="drill")

    reactions.react_to_all()

    assert SupportTicket.objects.count() == 1


def test_writes_a_delivery_of_every_event_for_every_endpoint_that_wants_it(team):
    everything = an_endpoint(team)
    openings = an_endpoint(team, event_kinds=["incident.opened"])
    statements = an_endpoint(team, event_kinds=["statement.*"])
    incident = opened(team)

    reactions.react_to_all()

    written = list(Event.objects.filter(incident=incident).order_by("id"))
    assert kinds_sent(everything) == [event.kind for event in written]
    assert kinds_sent(openings) == ["incident.opened"]
    assert kinds_sent(statements) == []
    delivery = WebhookDelivery.objects.get(endpoint=openings)
    assert delivery.event.kind == "incident.opened"
    assert json.loads(delivery.payload)["data"]["incident"] == {
        "id": str(incident.pk),
        "reference": incident.reference,
    }


def test_tells_no_endpoint_of_another_team_and_none_that_is_disabled(team):
    strangers = an_endpoint(a_team())
    disabled = an_endpoint(team, disabled_at=the_clock.now())
    opened(team)

    reactions.react_to_all()

    assert kinds_sent(strangers) == []
    assert kinds_sent(disabled) == []


def test_tells_nobody_outside_of_a_drill(team):
    endpoint = an_endpoint(team)
    opened(team, mode="drill")

    reactions.react_to_all()

    assert kinds_sent(endpoint) == []
    assert not PendingEvent.objects.exists()


def test_never_makes_a_delivery_about_webhooks(team):
    endpoint = an_endpoint(team)
    timeline.record("webhook_endpoint.disabled", endpoint, by=SYSTEM)
    timeline.record("alarm.raised", endpoint, by=SYSTEM)

    reactions.react_to_all()

    assert kinds_sent(endpoint) == []


def test_keeps_titles_and_texts_out_of_webhooks(team):
    an_endpoint(team)
    opened(team, title="Zwiebelkuchen", summary="Zwiebelkuchen")

    reactions.react_to_all()

    assert WebhookDelivery.objects.exists()
    assert not WebhookDelivery.objects.filter(payload__contains="Zwiebel").exists()


def test_costs_the_same_number_of_queries_however_many_events(team, django_assert_max_num_queries):
    for _ in range(2):
        an_endpoint(team)
    for _ in range(20):
        opened(team)

    total = PendingEvent.objects.count()
    assert total > 40

    with django_assert_max_num_queries(20):
        assert reactions.react(100) == total


def test_takes_only_the_events_it_is_hinted_at(team):
    opened(team)
    some = list(PendingEvent.objects.values_list("pk", flat=True)[:2])

    assert reactions.react(only=some) == 2
    assert not PendingEvent.objects.filter(pk__in=some).exists()
    assert PendingEvent.objects.exists()


def test_writes_everything_or_nothing(team, monkeypatch):
    endpoint = an_endpoint(team)
    incident = opened(team)
    fails_for("incident.opened", monkeypatch)

    reactions.react()

    failed = Event.objects.get(incident=incident, kind="incident.opened")
    assert PendingEvent.objects.get().pk == failed.pk
    assert "incident.opened" not in kinds_sent(endpoint)
    assert len(kinds_sent(endpoint)) > 0
    assert not SupportTicket.objects.exists()


def test_parks_an_event_with_an_alarm_after_five_attempts_and_holds_up_no_other(
    team, monkeypatch, clock
):
    incident = opened(team)
    fails_for("incident.opened", monkeypatch)
    row = PendingEvent.objects.get(event__kind="incident.opened")

    attempts = []
    for _ in range(8):
        reactions.react_to_all()
        row.refresh_from_db()
        attempts.append(row.attempts)
        clock.move(minutes=5)

    assert attempts == [1, 2, 3, 4, 5, 5, 5, 5]
    assert row.parked_at is not None
    assert row.last_error == "ValueError"
    assert alarms() == ["reaction_parked"]
    assert Event.objects.filter(kind="alarm.raised", incident=incident).exists()
    assert list(PendingEvent.objects.all()) == [row]


def test_tries_what_is_parked_again_when_a_person_asks(team, monkeypatch, clock):
    opened(team)
    with monkeypatch.context() as patch:
        fails_for("incident.opened", patch)
        for _ in range(5):
            reactions.react_to_all()
            clock.move(minutes=5)
    parked = PendingEvent.objects.get(event__kind="incident.opened")
    assert parked.parked_at is not None

    dead_letters.react_again(parked, by=SYSTEM)
    reactions.react_to_all()

    assert SupportTicket.objects.count() == 1
    assert (
        Event.objects.filter(kind="reaction.retried", incident=parked.event.incident).count() == 1
    )
    dead_letters.react_again(parked, by=SYSTEM)
    assert Event.objects.filter(kind="reaction.retried").count() == 1


def test_waits_longer_after_each_attempt(team, monkeypatch, clock):
    opened(team)
    fails_for("incident.opened", monkeypatch)

    reactions.react_to_all()
    first = PendingEvent.objects.get().due_at - clock.now()
    clock.move(first)
    reactions.react_to_all()
    second = PendingEvent.objects.get().due_at - clock.now()

    assert timedelta(0) < first < second


def test_raises_no_alarm_about_an_alarm(team, monkeypatch, clock):
    opened(team)
    reactions.react_to_all()
    fails_for("alarm.raised", monkeypatch)
    timeline.record("alarm.raised", an_incident(team), by=SYSTEM, data={"code": "first"})

    for _ in range(6):
        reactions.react_to_all()
        clock.move(minutes=5)

    assert PendingEvent.objects.get().parked_at is not None
    assert alarms() == ["first"]


def test_makes_what_failed_before_good_once_it_can_be_done(team, monkeypatch, clock):
    opened(team)
    with monkeypatch.context() as patch:
        fails_for("incident.opened", patch)
        reactions.react_to_all()
    clock.move(minutes=5)

    reactions.react_to_all()

    assert SupportTicket.objects.count() == 1
    assert not PendingEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_has_its_consequences_once_however_many_react_at_the_same_time():
    team = a_team()
    endpoint = an_endpoint(team)
    for _ in range(30):
        opened(team)
    total = PendingEvent.objects.count()
    done: list[int] = []
    together = threading.Barrier(4)

    def work():
        try:
            together.wait()
            for _ in range(40):
                done.append(reactions.react(limit=10))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    connection.close()

    while left := reactions.react():
        done.append(left)
    assert sum(done) == total
    assert not PendingEvent.objects.exists()
    assert SupportTicket.objects.count() == 30
    assert WebhookDelivery.objects.filter(endpoint=endpoint).count() == total
    assert WebhookEndpoint.objects.count() == 1
