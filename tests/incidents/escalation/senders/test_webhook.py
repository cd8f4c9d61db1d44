"""Reminders as signed webhooks, received by a server of the test's own."""

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from crisis_api.lib.errors import ChannelError
from crisis_api.lib.signing import new_secret
from incidents.escalation import senders
from incidents.escalation.wording import Item, compose

SECRET = new_secret()
ITEM = Item(
    "escalation_step",
    reference="CR-2026-0001",
    incident_id="019c0000-0000-7000-8000-000000000001",
    severity="critical",
    mode="drill",
    open_minutes=12,
    late_minutes=2,
    step=2,
    round=1,
    link="https://crisis.example.org/admin/incidents/incident/1/change/",
    acknowledge_link="https://crisis.example.org/ack/secret/",
)
MESSAGE = compose([ITEM], language="en")


@pytest.fixture(autouse=True)
def _may_reach_this_machine(settings):
    settings.HTTP_ALLOW_PRIVATE = ["127.0.0.1", "localhost"]


def send(server, path="/hook"):
    return senders.get("webhook").send(
        server.url_for(path), MESSAGE, message_id="ntf_7", secret=SECRET
    )


def test_posts_what_it_is_about_signed_with_the_contact_points_secret(httpserver):
    httpserver.expect_request("/hook", method="POST").respond_with_data("", status=204)
    assert send(httpserver) == ""
    ((request, _response),) = httpserver.log
    assert request.headers["webhook-id"] == "ntf_7"
    verified = Webhook(SECRET).verify(request.data, dict(request.headers))
    assert verified["type"] == "reminder.due"
    assert verified["data"]["reminders"] == [
        {
            "kind": "escalation_step",
            "mode": "drill",
            "severity": "critical",
            "reference": "CR-2026-0001",
            "incident": "019c0000-0000-7000-8000-000000000001",
            "step": 2,
            "round": 1,
            "open_minutes": 12,
            "due_minutes": None,
            "late_minutes": 2,
            "link": "https://crisis.example.org/admin/incidents/incident/1/change/",
            "acknowledge_link": "https://crisis.example.org/ack/secret/",
        }
    ]
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(request.data, dict(request.headers))


@pytest.mark.parametrize(
    ("status", "permanent"), [(410, True), (404, False), (500, False), (302, False)]
)
def test_takes_all_but_success_as_a_failure(httpserver, status, permanent):
    httpserver.expect_request("/hook").respond_with_data("", status=status)
    with pytest.raises(ChannelError) as caught:
        send(httpserver)
    assert caught.value.permanent is permanent


def test_passes_on_how_long_the_receiver_asks_to_wait(httpserver):
    httpserver.expect_request("/hook").respond_with_data(
        "", status=429, headers={"Retry-After": "90"}
    )
    with pytest.raises(ChannelError) as caught:
        send(httpserver)
    assert caught.value.retry_after.total_seconds() == 90
