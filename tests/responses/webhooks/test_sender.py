import json
import socket
import threading
import time
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection, connections
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from werkzeug import Request, Response

from crisis_api.lib.actors import SYSTEM
from incidents.escalation import health as engine_health
from incidents.models import Event
from responses.models import WebhookDelivery, WebhookEndpoint
from responses.services import webhook_endpoints
from responses.webhooks import claims, fan_out, health, sender
from responses.webhooks.schedule import DELAYS, JITTER
from tests.factories.access import a_person, a_team, the_actor
from tests.factories.incidents import an_incident
from tests.factories.webhooks import a_delivery, an_endpoint

pytestmark = pytest.mark.django_db


class Receiver:
    """A real server that keeps what it got and answers as it is told."""

    def __init__(self, server):
        self.server = server
        self.got: list[Request] = []
        self.answer = lambda: Response("", 200)
        server.expect_request("/hook").respond_with_handler(self._take)
        self.url = server.url_for("/hook")

    def _take(self, request):
        request.get_data()
        self.got.append(request)
        return self.answer()

    def answers(self, status, headers=None):
        """Answer with that from now on."""
        self.answer = lambda: Response("", status, headers)

    def does(self, function):
        """Answer with what the function returns from now on."""
        self.answer = function


@pytest.fixture
def receiver(httpserver, settings):
    settings.HTTP_ALLOW_PRIVATE = ["127.0.0.1"]
    return Receiver(httpserver)


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def incident(team):
    return an_incident(team)


@pytest.fixture
def endpoint(team, receiver):
    return an_endpoint(team, receiver.url)


@pytest.fixture
def delivery(endpoint, incident):
    return a_delivery(endpoint, incident)


def send(delivery):
    sender.deliver([delivery.pk])
    delivery.refresh_from_db()
    return delivery


def kinds(*kinds):
    return list(Event.objects.filter(kind__in=kinds).order_by("id").values_list("kind", flat=True))


# What goes out


def test_sends_a_thin_message_that_the_standard_library_verifies(
    delivery, endpoint, incident, receiver
):
    assert send(delivery).status == "delivered"

    (request,) = receiver.got
    message = Webhook(endpoint.secret).verify(request.get_data(), dict(request.headers))
    assert message["type"] == "incident.acknowledged"
    assert message["data"]["incident"] == {"id": str(incident.pk), "reference": incident.reference}
    assert message["data"]["number"] == 7
    assert request.headers["webhook-id"] == f"evt_{delivery.event_id.hex}"
    assert request.headers["Content-Type"] == "application/json"
    assert (delivery.last_status, delivery.attempts, delivery.last_error) == (200, 1, "")
    assert delivery.delivered_at is not None


def test_is_refused_by_the_library_with_another_secret(delivery, receiver):
    send(delivery)

    (request,) = receiver.got
    with pytest.raises(WebhookVerificationError):
        Webhook(an_endpoint(delivery.team).secret).verify(request.get_data(), dict(request.headers))


def test_signs_with_both_secrets_for_a_day_after_a_rotation(endpoint, incident, receiver, clock):
    old = endpoint.secret
    rotated = webhook_endpoints.rotate_secret(endpoint, by=the_actor(a_person(endpoint.team)))
    send(a_delivery(endpoint, incident))

    (request,) = receiver.got
    for secret in (old, rotated.secret):
        Webhook(secret).verify(request.get_data(), dict(request.headers))

    clock.move(hours=24)
    send(a_delivery(endpoint, incident))
    assert len(receiver.got[1].headers["webhook-signature"].split()) == 1


def test_says_the_same_under_the_same_id_on_every_attempt(delivery, receiver, clock):
    receiver.answers(500)
    send(delivery)
    clock.move(minutes=1)
    receiver.answers(200)
    send(delivery)

    first, second = receiver.got
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.get_data() == second.get_data()
    # The time is that of the attempt.
    assert second.headers["webhook-timestamp"] > first.headers["webhook-timestamp"]


def test_sends_a_delivery_once(delivery, receiver):
    for _ in range(3):
        send(delivery)

    assert len(receiver.got) == 1


# What fails


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 500, 503])
def test_tries_again_after_anything_but_2xx(delivery, receiver, status, clock):
    receiver.answers(status, {"Location": receiver.server.url_for("/elsewhere")})

    send(delivery)

    assert (delivery.status, delivery.last_status) == ("pending", status)
    assert delivery.last_error == f"http_{status}"
    assert delivery.due_at > clock.now()
    # A redirect is not followed.
    assert len(receiver.server.log) == 1


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_takes_every_2xx_for_success(delivery, receiver, status):
    receiver.answers(status)

    assert send(delivery).status == "delivered"


def test_follows_the_schedule_to_its_end_and_then_gives_up(delivery, receiver, clock):
    a_person(delivery.team, "manager")
    receiver.answers(500)

    waits = []
    while send(delivery).status == "pending":
        waits.append(delivery.due_at - clock.now())
        early = clock.now() + waits[-1] - timedelta(seconds=1)
        clock.set(early)
        assert send(delivery).attempts == len(waits)
        clock.move(seconds=1)

    assert delivery.status == "dead"
    assert delivery.attempts == len(receiver.got) == 10
    for wait, planned in zip(waits, DELAYS, strict=True):
        assert planned <= wait <= planned * (1 + JITTER)
    assert kinds("webhook_endpoint.delivery_died", "alarm.raised") == [
        "webhook_endpoint.delivery_died",
        "alarm.raised",
    ]


def test_raises_one_alarm_a_day_however_many_die(endpoint, incident, receiver, clock):
    receiver.answers(500)
    for _ in range(3):
        row = a_delivery(endpoint, incident)
        WebhookDelivery.objects.filter(pk=row.pk).update(attempts=9)
        send(row)

    assert kinds("webhook_endpoint.delivery_died") == ["webhook_endpoint.delivery_died"] * 3
    assert kinds("alarm.raised") == ["alarm.raised"]


def test_counts_no_failed_test_among_what_died(endpoint, incident, receiver):
    receiver.answers(500)
    send(webhook_endpoints.ping(endpoint, by=SYSTEM))
    assert kinds("alarm.raised") == []
    assert engine_health.report().dead == 0

    row = a_delivery(endpoint, incident)
    WebhookDelivery.objects.filter(pk=row.pk).update(attempts=9)
    send(row)
    assert kinds("alarm.raised") == ["alarm.raised"]
    assert engine_health.report().dead == 1


def test_waits_as_long_as_a_busy_receiver_asks_and_leaves_it_alone_meanwhile(
    delivery, endpoint, incident, receiver, clock
):
    another = a_delivery(endpoint, incident)
    receiver.answers(429, {"Retry-After": "120"})

    send(delivery)
    send(another)

    assert delivery.due_at == clock.now() + timedelta(minutes=2)
    assert (another.status, another.attempts) == ("pending", 0)
    assert len(receiver.got) == 1

    receiver.answers(200)
    clock.move(minutes=2)
    assert sender.deliver_waiting() == 2


def test_keeps_the_longer_pause_where_two_attempts_fail_at_once(
    endpoint, incident, receiver, clock
):
    first = claims.claim(a_delivery(endpoint, incident).pk)
    second = claims.claim(a_delivery(endpoint, incident).pk)

    sender._settle(first, sender.Outcome(429, "http_429", timedelta(minutes=2)))
    sender._settle(second, sender.Outcome(500, "http_500"))

    endpoint.refresh_from_db()
    assert endpoint.paused_until == clock.now() + timedelta(minutes=2)


def test_disables_an_endpoint_that_says_it_is_gone(delivery, endpoint, incident, receiver):
    another = a_delivery(endpoint, incident)
    receiver.answers(410)

    send(delivery)

    endpoint.refresh_from_db()
    another.refresh_from_db()
    assert (endpoint.disabled_at is not None, endpoint.disabled_reason) == (True, "gone")
    assert (delivery.status, delivery.last_status) == ("dead", 410)
    assert another.status == "cancelled"
    assert kinds("webhook_endpoint.disabled", "alarm.raised") == [
        "webhook_endpoint.disabled",
        "alarm.raised",
    ]
    # And nothing of it goes to the endpoint or any other.
    assert WebhookDelivery.objects.count() == 2


def test_disables_an_endpoint_after_five_days_of_only_failures(endpoint, incident, receiver, clock):
    receiver.answers(500)
    for _ in range(5):
        send(a_delivery(endpoint, incident))
        clock.move(days=1)
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is None

    send(a_delivery(endpoint, incident))

    endpoint.refresh_from_db()
    assert endpoint.disabled_reason == "failing"


def test_forgets_failures_after_a_success(endpoint, incident, receiver, clock):
    receiver.answers(500)
    for _ in range(4):
        send(a_delivery(endpoint, incident))
        clock.move(days=1)
    receiver.answers(200)
    send(a_delivery(endpoint, incident))
    receiver.answers(500)
    clock.move(days=1)
    send(a_delivery(endpoint, incident))
    clock.move(days=1)
    send(a_delivery(endpoint, incident))

    endpoint.refresh_from_db()
    assert endpoint.disabled_at is None
    assert endpoint.failures == 2


def test_pauses_an_endpoint_after_five_failures_in_a_row(endpoint, incident, receiver, clock):
    rows = [a_delivery(endpoint, incident) for _ in range(8)]
    receiver.answers(500)

    sender.deliver([row.pk for row in rows])

    assert len(receiver.got) == 5
    receiver.answers(200)
    clock.move(seconds=5)
    # One attempt at a time tells whether it works again; then everything goes.
    sender.deliver_waiting()
    assert len(receiver.got) >= 5 + 3


def test_ends_a_delivery_whose_receiver_hangs(delivery, receiver, monkeypatch):
    finish = threading.Event()
    monkeypatch.setattr("crisis_api.lib.signing.post", patient(seconds=0.3))

    def hang():
        finish.wait(10)
        return Response("", 200)

    receiver.does(hang)
    started = time.monotonic()
    send(delivery)
    took = time.monotonic() - started
    finish.set()

    assert took < 5
    assert (delivery.status, delivery.last_error) == ("pending", "timeout")


def patient(seconds):
    """Return the client with less patience, so that a test need not wait for ten seconds."""
    from crisis_api.lib import http

    def post(url, body, headers):
        return http.post(url, body, headers, timedelta(seconds=seconds))

    return post


@pytest.fixture
def rude():
    """A server that takes a connection and closes it."""
    listening = socket.create_server(("127.0.0.1", 0))

    def hang_up():
        with suppress(OSError):
            while True:
                listening.accept()[0].close()

    thread = threading.Thread(target=hang_up, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/hook"
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


def test_tries_again_where_the_receiver_breaks_off(team, incident, receiver, rude):
    row = send(a_delivery(an_endpoint(team, rude), incident))

    assert (row.status, row.last_error, row.last_status) == ("pending", "connection_lost", None)


def test_tries_again_where_nobody_listens(team, incident, receiver):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"http://127.0.0.1:{gone.getsockname()[1]}/hook"

    row = send(a_delivery(an_endpoint(team, url), incident))

    assert (row.status, row.last_error) == ("pending", "connection_refused")


def test_calls_no_private_address_whatever_is_stored(team, incident, httpserver, settings):
    settings.HTTP_ALLOW_PRIVATE = []
    row = a_delivery(an_endpoint(team, httpserver.url_for("/hook")), incident)

    send(row)

    assert (row.status, row.attempts) == ("pending", 1)
    assert httpserver.log == []


def test_counts_a_secret_that_cannot_be_read_as_a_failed_attempt_and_sends_the_others(
    team, incident, endpoint, receiver
):
    damaged = an_endpoint(team, receiver.url)
    rows = [a_delivery(damaged, incident), a_delivery(endpoint, incident)]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE responses_webhookendpoint SET secret = 'enc1:damaged' WHERE id = %s",
            [damaged.pk.hex if connection.vendor == "sqlite" else damaged.pk],
        )

    assert sender.deliver([row.pk for row in rows]) == 1

    rows[0].refresh_from_db()
    assert (rows[0].status, rows[0].attempts) == ("pending", 1)
    assert rows[0].last_error == "ImproperlyConfigured"
    assert len(receiver.got) == 1


# What is held


def test_sends_nothing_while_the_team_is_frozen_and_everything_afterwards(
    delivery, team, receiver, clock
):
    type(team).objects.filter(pk=team.pk).update(frozen_at=clock.now())
    assert send(delivery).attempts == 0
    assert sender.deliver_waiting() == 0

    type(team).objects.filter(pk=team.pk).update(frozen_at=None)
    assert sender.deliver_waiting() == 1


def test_sends_nothing_to_a_disabled_endpoint(delivery, endpoint, receiver, clock):
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(disabled_at=clock.now())

    assert send(delivery).attempts == 0
    sender.deliver_waiting()
    delivery.refresh_from_db()

    assert delivery.status == "cancelled"
    assert receiver.got == []


def test_never_sends_a_drill_outside_even_where_a_row_exists(team, endpoint, receiver):
    row = a_delivery(endpoint, an_incident(team, mode="drill"))

    send(row)
    sender.deliver_waiting()

    assert receiver.got == []


def test_has_two_under_way_to_an_endpoint_at_most(endpoint, incident, receiver):
    rows = [a_delivery(endpoint, incident) for _ in range(3)]

    assert claims.claim(rows[0].pk) is not None
    assert claims.claim(rows[1].pk) is not None
    assert claims.claim(rows[2].pk) is None


def test_has_one_under_way_to_an_endpoint_that_fails(endpoint, incident):
    rows = [a_delivery(endpoint, incident) for _ in range(2)]
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failures=1)

    assert claims.claim(rows[0].pk) is not None
    assert claims.claim(rows[1].pk) is None


# Who sends


def test_lets_one_sender_have_a_delivery_until_its_lease_ends(delivery, clock):
    first = claims.claim(delivery.pk)
    assert claims.claim(delivery.pk) is None

    clock.move(claims.LEASE)
    second = claims.claim(delivery.pk)

    assert (first.fence, second.fence) == (1, 2)


def test_lets_a_sender_that_is_late_change_nothing(delivery, receiver, clock):
    late = claims.claim(delivery.pk)
    clock.move(claims.LEASE)
    send(delivery)

    sender._settle(late, sender.Outcome(500, "http_500"))

    delivery.refresh_from_db()
    assert (delivery.status, delivery.last_status) == ("delivered", 200)


def test_buries_what_killed_its_sender_at_every_attempt(delivery, clock):
    for _ in range(10):
        assert claims.claim(delivery.pk) is not None
        clock.move(claims.LEASE)
    assert claims.claim(delivery.pk) is None

    sender.deliver_waiting()

    delivery.refresh_from_db()
    assert (delivery.status, delivery.last_error) == ("dead", "sender_died")


def test_claims_none_after_three_seconds(endpoint, incident, receiver, monkeypatch):
    monkeypatch.setattr(sender, "CLAIM_NONE_AFTER", 0.2)

    def slowly():
        time.sleep(0.15)
        return Response("", 200)

    receiver.does(slowly)

    sender.deliver([a_delivery(endpoint, incident).pk for _ in range(6)])

    assert 1 <= len(receiver.got) <= 3


def test_finds_by_itself_what_nobody_was_told_of(delivery, receiver):
    assert sender.deliver_waiting() == 1
    assert len(receiver.got) == 1


def test_gives_every_endpoint_its_turn_however_long_the_backlog_of_another(
    team, endpoint, incident, receiver, clock
):
    for _ in range(30):
        a_delivery(endpoint, incident)
    clock.move(minutes=1)
    other = an_endpoint(team, receiver.server.url_for("/other"))
    fresh = a_delivery(other, incident)

    offered = [pk for pk, _, _ in claims.waiting(clock.now(), limit=10)]

    assert len(offered) <= 10
    assert offered.index(fresh.pk) < 2


def test_has_one_delivery_for_each_event_and_endpoint(delivery, endpoint, clock):
    fan_out.write([(delivery.event, endpoint)], now=clock.now())

    assert WebhookDelivery.objects.count() == 1


def test_keeps_the_timeline_free_of_addresses(delivery, endpoint, receiver, clock):
    health.disable(endpoint, health.GONE, now=clock.now(), by=the_actor(a_person(endpoint.team)))

    told = json.dumps(list(Event.objects.values_list("data", flat=True)))
    assert endpoint.url not in told


@pytest.mark.django_db(transaction=True)
def test_sends_each_delivery_once_however_many_send_at_the_same_time(receiver):
    team = a_team()
    incident = an_incident(team)
    rows = [
        a_delivery(an_endpoint(team, receiver.url), incident).pk for _ in range(10) for _ in "ab"
    ]
    together = threading.Barrier(4)

    def work():
        try:
            together.wait()
            sender.deliver(rows)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    ids = [request.headers["webhook-id"] for request in receiver.got]
    assert len(ids) == len(set(ids)) == 20
    assert set(WebhookDelivery.objects.values_list("status", "attempts")) == {("delivered", 1)}


@pytest.mark.django_db(transaction=True)
def test_keeps_to_two_under_way_however_many_claim_at_the_same_time(receiver):
    team = a_team()
    endpoint = an_endpoint(team, receiver.url)
    incident = an_incident(team)
    rows = [a_delivery(endpoint, incident).pk for _ in range(8)]
    together = threading.Barrier(8)
    claimed = []

    def work(pk):
        try:
            together.wait()
            claimed.append(claims.claim(pk))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(pk,)) for pk in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(claimed) == 8
    assert len([each for each in claimed if each is not None]) == 2
