"""Reminders through Apprise: which addresses are taken, and what is handed over.

Apprise's `json://` stands for the services, because it sends to a server of the test's own.
"""

import json
import os
import subprocess
import sys

import pytest

from crisis_api.lib.errors import ChannelError
from incidents.escalation import senders
from incidents.escalation.wording import Item, compose

MESSAGE = compose([Item("no_owner", reference="CR-2026-0001", severity="high")], language="en")


def send(address):
    return senders.get("apprise").send(address, MESSAGE, message_id="ntf_1")


def test_hands_subject_and_text_to_the_service(httpserver, settings):
    settings.APPRISE_SCHEMES = frozenset({"json"})
    httpserver.expect_request("/hook", method="POST").respond_with_data("")
    assert send(f"json://127.0.0.1:{httpserver.port}/hook") == ""
    ((request, _response),) = httpserver.log
    sent = json.loads(request.data)
    assert (sent["title"], sent["message"].strip()) == (
        MESSAGE.subject,
        MESSAGE.body_text.strip(),
    )


def test_tries_again_where_the_service_refuses(httpserver, settings):
    settings.APPRISE_SCHEMES = frozenset({"json"})
    httpserver.expect_request("/hook").respond_with_data("", status=500)
    with pytest.raises(ChannelError) as caught:
        send(f"json://127.0.0.1:{httpserver.port}/hook")
    assert (caught.value.code, caught.value.permanent) == ("service_refused", False)


def test_follows_no_redirect(httpserver, settings):
    settings.APPRISE_SCHEMES = frozenset({"json"})
    httpserver.expect_request("/hook").respond_with_data(
        "", status=307, headers={"Location": httpserver.url_for("/elsewhere")}
    )
    with pytest.raises(ChannelError):
        send(f"json://127.0.0.1:{httpserver.port}/hook")
    assert [request.path for request, _ in httpserver.log] == ["/hook"]


def test_sends_to_no_scheme_that_is_not_allowed_any_more(httpserver):
    with pytest.raises(ChannelError) as caught:
        send(f"json://127.0.0.1:{httpserver.port}/hook")
    assert (caught.value.code, caught.value.permanent) == ("scheme_not_allowed", True)
    assert httpserver.log == []


def test_is_loaded_only_by_those_who_send():
    program = (
        "import django, sys; django.setup(); import incidents.escalation.senders;"
        "sys.exit('apprise' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        check=False,
    )
    assert ran.returncode == 0
