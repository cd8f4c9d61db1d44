"""What monitors ask."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from crisis_api import triggers
from incidents.escalation import health
from incidents.escalation.engine import Engine
from incidents.models import Reminder
from tests.factories.access import a_team
from tests.factories.incidents import an_incident

pytestmark = pytest.mark.django_db


@pytest.fixture
def monitor():
    return Client()


def an_engine_ticked():
    Engine()._beat()


def test_leads_whoever_types_the_bare_address_to_the_admin(monitor):
    assert monitor.get("/").headers["Location"] == "/admin/"


def test_is_alive_whatever_else_is_not(monitor):
    assert monitor.get("/healthz/live").json() == {"status": "ok"}


def test_is_ready_while_the_database_answers(monitor):
    answer = monitor.get("/healthz/ready")
    assert (answer.status_code, answer.json()["database"]) == (200, "well")


def test_says_that_no_engine_has_ever_ticked(monitor):
    answer = monitor.get("/healthz/engine")
    assert answer.status_code == 503
    assert answer.json()["last_tick_age_seconds"] is None


def test_notices_the_engines_silence_within_ten_seconds(monitor, clock):
    an_engine_ticked()
    clock.move(seconds=10)
    assert monitor.get("/healthz/engine").status_code == 200
    clock.move(seconds=1)
    assert monitor.get("/healthz/engine").status_code == 503


def test_notices_what_is_left_lying(monitor, clock):
    incident = an_incident(a_team())
    Reminder.objects.create(
        team=incident.team, kind="no_owner", subject_type="incident", subject_id=incident.pk,
        planned_at=clock.now(), due_at=clock.now(), dedup_key="left",
    )  # fmt: skip
    clock.move(seconds=16)
    an_engine_ticked()
    answer = monitor.get("/healthz/engine")
    assert answer.status_code == 503
    assert answer.json()["oldest_overdue_seconds"] == 16
    assert answer.json()["overdue"] == 1


def test_notices_that_a_guard_of_the_database_is_gone(monitor):
    an_engine_ticked()
    triggers.drop(connection)
    answer = monitor.get("/healthz/engine")
    triggers.create(connection)
    assert answer.status_code == 503
    assert answer.json()["missing_guards"] > 10


def test_shows_the_figures_to_prometheus(monitor):
    an_engine_ticked()
    figures = monitor.get("/metrics").content.decode()
    assert "crisis_notification_lateness_seconds" in figures
    assert "crisis_engine_overdue 0.0" in figures
    assert "crisis_lease_expiries_total" in figures


# A process of its own: the figures are shared between processes only where that is set from start.
ASKED_TWICE = """
import django
django.setup()
from django.test import RequestFactory
from crisis_api import views
views.health.report = lambda: views.health.Health(0.5, 1, 0.0, 0, 0, 0)
request = RequestFactory().get("/metrics")
views.metrics(request)
print(views.metrics(request).content.decode())
"""


def test_shows_what_the_engine_does_now_and_not_what_each_process_saw_last(tmp_path):
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    asked = [sys.executable, "-c", ASKED_TWICE]
    shown = subprocess.run(asked, env=environment, capture_output=True, text=True, check=True)
    lines = shown.stdout.splitlines()
    assert [line for line in lines if line.startswith("crisis_engine_engines")] == [
        "crisis_engine_engines 1.0"
    ]


def test_shows_the_figures_to_nobody_without_the_token(monitor, settings):
    settings.METRICS_TOKEN = "secret-of-the-monitor"
    assert monitor.get("/metrics").status_code == 401
    with_token = {"HTTP_AUTHORIZATION": "Bearer secret-of-the-monitor"}
    assert monitor.get("/metrics", **with_token).status_code == 200


def test_tells_the_watchdog_only_while_all_is_well(settings, httpserver, clock):
    settings.HEARTBEAT_URL = httpserver.url_for("/ping")
    httpserver.expect_request("/ping").respond_with_data("")
    assert health.ping_watchdog() == 0
    an_engine_ticked()
    assert health.ping_watchdog() == 1
    clock.move(timedelta(seconds=11))
    assert health.ping_watchdog() == 0
    assert len(httpserver.log) == 1


def test_says_that_mail_is_only_printed(monitor, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert monitor.get("/healthz/engine").json()["mail"] == "printed"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert monitor.get("/healthz/engine").json()["mail"] == "sent"
