from datetime import timedelta

import pytest

from crisis_api.access.models import AuditEvent, IdempotencyRecord
from crisis_api.lib import clock as the_clock
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.drf.renderers import instant
from incidents import timeline
from incidents.models import Event
from responses import reactions
from responses.models import WebhookDelivery, WebhookEndpoint
from responses.webhooks import sender
from tests.factories.access import a_key, a_person, a_team, an_api
from tests.factories.incidents import an_incident
from tests.factories.webhooks import a_delivery, an_endpoint

pytestmark = pytest.mark.django_db

ENDPOINTS = "/api/v1/webhook_endpoints/"
DELIVERIES = "/api/v1/webhook_deliveries/"


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def api(team):
    return an_api(a_person(team, "manager"))


@pytest.fixture
def url(httpserver, settings):
    """The address of a real server that says yes."""
    settings.HTTP_ALLOW_PRIVATE = ["127.0.0.1"]
    httpserver.expect_request("/hook").respond_with_data("")
    return httpserver.url_for("/hook")


@pytest.fixture
def endpoint(team, url):
    return an_endpoint(team, url)


def path(row, verb=""):
    base = ENDPOINTS if isinstance(row, WebhookEndpoint) else DELIVERIES
    return f"{base}{row.pk}/{verb + '/' if verb else ''}"


# Endpoints


def test_shows_its_secret_once(api, url):
    made = api.post(ENDPOINTS, {"url": url, "event_kinds": ["incident.*"]})
    assert made.status_code == 201, made.data
    assert made.json()["secret"].startswith("whsec_")
    row = WebhookEndpoint.objects.get()
    assert row.secret == made.json()["secret"]

    shown = api.get(path(row)).json()
    assert "secret" not in shown
    assert {**shown, "secret": row.secret} == made.json()
    assert api.get(ENDPOINTS).json()["results"] == [shown]


@pytest.mark.parametrize(
    "address",
    [
        "http://93.184.216.34/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "file:///etc/passwd",
        "https://user:secret@hooks.example.com/",
        "https://localhost/",
        "hooks",
        "",
    ],
)
def test_refuses_an_address_that_is_not_for_everybody(api, address):
    answer = api.post(ENDPOINTS, {"url": address})

    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/url"]
    assert not WebhookEndpoint.objects.exists()


def test_refuses_to_be_moved_to_such_an_address(api, endpoint):
    answer = api.patch(path(endpoint), {"url": "https://10.0.0.1/"})

    assert answer.status_code == 400


def test_refuses_what_names_no_events(api, url):
    answer = api.post(ENDPOINTS, {"url": url, "event_kinds": ["incident.*", "Incident!"]})

    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/event_kinds/1"]


def test_refuses_events_that_there_are_not_and_says_which_there_are(api, url, endpoint):
    wanted = {"event_kinds": ["statement.*", "bogus.kind", "milestone.mised"]}
    answers = [api.post(ENDPOINTS, {"url": url, **wanted}), api.patch(path(endpoint), wanted)]

    for answer in answers:
        assert answer.status_code == 400
        bogus, misspelt = answer.json()["errors"]
        assert (bogus["pointer"], bogus["code"]) == ("/event_kinds/1", "unknown_event_kind")
        assert "bogus.kind" in bogus["detail"]
        assert "incident.*" in bogus["detail"]
        assert misspelt["pointer"] == "/event_kinds/2"
        assert "milestone.reached, milestone.missed" in misspelt["detail"]


def test_is_for_managers_alone(team, endpoint):
    responder = an_api(a_person(team, "responder"))
    stranger = an_api(a_person(a_team(), "manager"))

    assert responder.get(ENDPOINTS).status_code == 403
    assert responder.post(path(endpoint, "test")).status_code == 403
    assert stranger.get(path(endpoint)).status_code == 404
    assert stranger.delete(path(endpoint)).status_code == 404
    assert an_api(a_key(team, ["read"])).get(ENDPOINTS).status_code == 403
    assert an_api(a_key(team, ["manage"])).get(ENDPOINTS).status_code == 200


def test_is_changed_and_that_is_audited(api, endpoint):
    shown = api.patch(path(endpoint), {"description": "Ours", "event_kinds": ["*"]}).json()

    assert (shown["description"], shown["event_kinds"]) == ("Ours", ["*"])
    (line,) = AuditEvent.objects.filter(action="webhook_endpoint.changed")
    assert line.data == {"fields": ["description", "event_kinds"]}


def test_forgets_its_failures_when_it_moves(api, endpoint, httpserver, clock):
    now = clock.now()
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
        failures=9, failing_since=now, paused_until=now + timedelta(minutes=5)
    )

    shown = api.patch(path(endpoint), {"url": httpserver.url_for("/new")}).json()

    assert (shown["failures"], shown["failing_since"], shown["paused_until"]) == (0, None, None)


def test_gets_a_new_secret_and_keeps_the_old_one_for_a_day(api, endpoint, clock):
    old = endpoint.secret

    shown = api.post(path(endpoint, "rotate_secret")).json()

    endpoint.refresh_from_db()
    assert shown["secret"] == endpoint.secret != old
    assert endpoint.previous_secret == old
    assert shown["previous_secret_until"] == instant(clock.now() + timedelta(hours=24))


def test_is_deleted_with_its_deliveries(api, endpoint, team):
    a_delivery(endpoint, an_incident(team))

    assert api.delete(path(endpoint)).status_code == 204
    assert api.get(path(endpoint)).status_code == 404
    assert not WebhookDelivery.objects.exists()
    assert AuditEvent.objects.filter(action="webhook_endpoint.deleted").exists()


def test_is_disabled_and_enabled(api, endpoint, team):
    row = a_delivery(endpoint, an_incident(team))

    assert api.post(path(endpoint, "disable")).json()["disabled_at"] is not None
    row.refresh_from_db()
    assert row.status == "cancelled"
    assert api.post(path(endpoint, "disable")).status_code == 200
    assert Event.objects.filter(kind="webhook_endpoint.disabled").count() == 1

    shown = api.post(path(endpoint, "enable")).json()
    assert (shown["disabled_at"], shown["disabled_reason"]) == (None, "")


def test_has_fifty_at_most(api, team, url, monkeypatch):
    monkeypatch.setattr("responses.services.webhook_endpoints.AT_MOST", 1)
    assert api.post(ENDPOINTS, {"url": url}).status_code == 201

    assert api.post(ENDPOINTS, {"url": url}).status_code == 422


def test_is_tested_by_a_signed_message_that_is_tried_once(api, endpoint, httpserver, clock):
    made = api.post(path(endpoint, "test"))
    assert made.status_code == 202
    assert made.json()["event_kind"] == "webhook_endpoint.pinged"
    assert made.json()["status"] == "pending"

    assert sender.deliver_waiting() == 1

    delivery = f"{DELIVERIES}{made.json()['id']}/"
    assert api.get(delivery).json()["status"] == "delivered"
    (request, _answer) = httpserver.log[0]
    assert request.headers["webhook-id"] == made.json()["message_id"]

    httpserver.clear()
    httpserver.expect_request("/hook").respond_with_data("", status=500)
    failing = api.post(path(endpoint, "test")).json()["id"]
    sender.deliver_waiting()
    shown = api.get(f"{DELIVERIES}{failing}/").json()
    assert (shown["status"], shown["attempts"], shown["last_status"]) == ("dead", 1, 500)
    # A test says nothing of how the endpoint does, and makes no noise.
    assert api.get(path(endpoint)).json()["failures"] == 0
    assert not Event.objects.filter(kind="alarm.raised").exists()


def test_is_not_tested_while_nothing_may_go_out(api, endpoint, team, clock):
    type(team).objects.filter(pk=team.pk).update(frozen_at=clock.now())
    assert api.post(path(endpoint, "test")).json()["code"] == "team_frozen"
    type(team).objects.filter(pk=team.pk).update(frozen_at=None)

    api.post(path(endpoint, "disable"))
    assert api.post(path(endpoint, "test")).json()["code"] == "endpoint_disabled"


# Deliveries


@pytest.fixture
def incident(team):
    return an_incident(team)


@pytest.fixture
def delivery(endpoint, incident):
    return a_delivery(endpoint, incident)


def test_shows_what_went_out(api, delivery, incident, endpoint):
    sender.deliver_waiting()

    shown = api.get(path(delivery)).json()

    assert shown["status"] == "delivered"
    assert shown["last_status"] == 200
    assert shown["attempts"] == 1
    assert shown["endpoint"] == str(endpoint.pk)
    assert shown["incident"] == str(incident.pk)
    assert shown["message_id"] == f"evt_{delivery.event_id.hex}"
    assert shown["payload"]["type"] == "incident.acknowledged"
    assert api.get(DELIVERIES).json()["results"] == [shown]


def test_is_found_by_what_is_asked_for(api, delivery, endpoint, incident, team):
    other = a_delivery(an_endpoint(team), an_incident(team), "incident.closed")

    def found(**query):
        answer = api.get(DELIVERIES, query)
        assert answer.status_code == 200, answer.data
        return [row["id"] for row in answer.json()["results"]]

    assert found() == [str(other.pk), str(delivery.pk)]
    assert found(endpoint=str(endpoint.pk)) == [str(delivery.pk)]
    assert found(event_kind="incident.closed") == [str(other.pk)]
    assert found(incident=str(incident.pk)) == [str(delivery.pk)]
    assert found(status="dead") == []
    assert found(ordering="due_at") == [str(delivery.pk), str(other.pk)]


def test_is_sent_again_under_the_same_id(api, delivery, httpserver):
    sender.deliver_waiting()

    shown = api.post(path(delivery, "replay")).json()
    assert (shown["status"], shown["attempts"]) == ("pending", 0)
    sender.deliver_waiting()

    ids = {request.headers["webhook-id"] for request, _ in httpserver.log}
    assert len(httpserver.log) == 2
    assert ids == {f"evt_{delivery.event_id.hex}"}


def test_is_tried_at_once_where_it_waits(api, delivery, clock):
    WebhookDelivery.objects.update(due_at=clock.now() + timedelta(hours=5), attempts=5)

    shown = api.post(path(delivery, "replay")).json()

    assert (shown["due_at"], shown["attempts"]) == (instant(clock.now()), 5)


def test_is_not_sent_again_while_it_is_being_sent(api, delivery):
    WebhookDelivery.objects.update(status="sending")

    answer = api.post(path(delivery, "replay"))

    assert answer.status_code == 409
    assert answer.json()["allowed"] == []


def test_sends_again_what_an_endpoint_missed_in_a_time(api, endpoint, incident, httpserver, clock):
    before = a_delivery(endpoint, incident)
    clock.move(hours=1)
    since = clock.now()
    delivered, dead, cancelled = (a_delivery(endpoint, incident) for _ in range(3))
    WebhookDelivery.objects.filter(pk__in=[before.pk, dead.pk]).update(status="dead")
    WebhookDelivery.objects.filter(pk=delivered.pk).update(status="delivered")
    WebhookDelivery.objects.filter(pk=cancelled.pk).update(status="cancelled")
    # It was disabled then, so that not even a delivery was written.
    never = timeline.record("incident.contained", incident, by=SYSTEM)
    until = clock.move(hours=1)

    answer = api.post(
        f"{DELIVERIES}replay/",
        {"endpoint": str(endpoint.pk), "since": instant(since), "until": instant(until)},
    )

    assert answer.status_code == 200, answer.data
    assert answer.json() == {"count": 3, "next_since": None}
    waiting = WebhookDelivery.objects.filter(status="pending").values_list("event_id", flat=True)
    assert set(waiting) == {dead.event_id, cancelled.event_id, never.pk}
    # The event is reacted to afterwards and still has one delivery.
    reactions.react_to_all()
    assert WebhookDelivery.objects.filter(event=never, endpoint=endpoint).count() == 1


def test_sends_everything_of_a_time_again_where_that_is_asked(api, endpoint, incident, clock):
    row = a_delivery(endpoint, incident)
    WebhookDelivery.objects.filter(pk=row.pk).update(status="delivered")
    asked = {
        "endpoint": str(endpoint.pk),
        "since": instant(clock.now() - timedelta(minutes=1)),
        "until": instant(clock.now() + timedelta(minutes=1)),
    }

    assert api.post(f"{DELIVERIES}replay/", asked).json()["count"] == 0
    everything = api.post(f"{DELIVERIES}replay/", {**asked, "include_delivered": True})
    assert everything.json()["count"] == 1


def test_replays_in_batches(api, endpoint, incident, clock, monkeypatch):
    monkeypatch.setattr("responses.services.webhook_deliveries.AT_ONCE", 2)
    since = clock.now()
    for _ in range(5):
        timeline.record("incident.noted", incident, by=SYSTEM)
        clock.move(seconds=1)
    until, total, rounds = instant(clock.now()), 0, 0
    since = instant(since)
    while since:
        asked = {"endpoint": str(endpoint.pk), "since": since, "until": until}
        answer = api.post(f"{DELIVERIES}replay/", asked).json()
        total, rounds, since = total + answer["count"], rounds + 1, answer["next_since"]

    assert (total, rounds) == (5, 3)


def test_replays_only_what_the_endpoint_wants_and_never_a_drill(api, team, endpoint, clock):
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(event_kinds=["incident.closed"])
    timeline.record("incident.closed", an_incident(team), by=SYSTEM)
    timeline.record("incident.noted", an_incident(team), by=SYSTEM)
    timeline.record("incident.closed", an_incident(team, mode="drill"), by=SYSTEM)
    timeline.record("webhook_endpoint.enabled", endpoint, by=SYSTEM)

    answer = api.post(
        f"{DELIVERIES}replay/",
        {
            "endpoint": str(endpoint.pk),
            "since": instant(clock.now() - timedelta(minutes=1)),
            "until": instant(clock.now() + timedelta(minutes=1)),
        },
    )

    assert answer.json()["count"] == 1


def test_refuses_a_range_that_is_none_or_somebody_elses(api, endpoint, clock):
    now = instant(clock.now())
    mine = {"endpoint": str(endpoint.pk), "since": now, "until": now}
    foreign = {**mine, "endpoint": str(an_endpoint(a_team()).pk)}

    assert api.post(f"{DELIVERIES}replay/", mine).status_code == 400
    assert api.post(f"{DELIVERIES}replay/", foreign).status_code == 422


def test_has_no_way_to_be_changed(api, delivery):
    assert api.patch(path(delivery), {"status": "delivered"}).status_code == 405
    assert api.delete(path(delivery)).status_code == 405
    assert api.post(DELIVERIES, {}).status_code == 405


def test_makes_one_endpoint_under_one_idempotency_key(api, url):
    first = api.post(ENDPOINTS, {"url": url}, HTTP_IDEMPOTENCY_KEY="k1")
    second = api.post(ENDPOINTS, {"url": url}, HTTP_IDEMPOTENCY_KEY="k1")

    assert first.json() == second.json()
    assert WebhookEndpoint.objects.count() == 1
    assert IdempotencyRecord.objects.count() == 1
    assert the_clock.now() < IdempotencyRecord.objects.get().expires_at
