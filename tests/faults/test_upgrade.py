"""Everything is replaced while it is used: processes one after another, keys and secrets."""

import os
import signal
import subprocess
from dataclasses import replace

import pytest
from cryptography.fernet import Fernet
from django.conf import settings

from responses.models import WebhookDelivery
from tests.factories.access import a_key
from tests.factories.webhooks import an_endpoint
from tests.faults.results import MINUTES, long
from tests.faults.test_connections import Caller, api_figures
from tests.processes import manage, until
from tests.rig import Api, Site, is_signed

pytestmark = [
    long,
    pytest.mark.django_db(transaction=True),
    pytest.mark.faults,
    pytest.mark.timeout(0 if MINUTES else 300),
]

STEPS = tuple((2 * n, f"/hook/{n % 2 + 1}") for n in range(15))


@pytest.fixture
def site(variables, tmp_path):
    site = Site(variables, tmp_path / "web.log", workers=2).start()
    yield site
    site.process.stop()


def test_a_rolling_restart_fails_no_request_and_delays_nobody(
    stage, variables, start, site, tmp_path
):
    engines = [start("engine", variables) for _ in range(2)]
    caller = Caller(site.url, a_key(stage.team))
    caller.start()
    until(lambda: caller.kept, 60)
    stage.open(5, *STEPS)
    for engine in engines:
        engine.stop()
        engine.start()
        until(lambda each=engine: each.output().count("is running") == 2, 60)
    # gunicorn's own way: new workers, and the old ones end when they have answered.
    os.kill(site.process.popen.pid, signal.SIGHUP)
    verdict = stage.verdict(120)
    caller.stop()
    assert verdict.faults == {}
    assert verdict.late(1.0) < 30
    assert set(caller.statuses) == {201}
    stage.note("F53 P22", "2 engines and 2 web workers replaced", verdict, **api_figures(caller))


def test_a_webhooks_secret_is_rotated_under_load(stage, variables, start, site, receiver):
    key = a_key(stage.team)
    endpoint = an_endpoint(stage.team, receiver.url("/events"))
    old = endpoint.secret
    start("engine", variables)
    caller = Caller(site.url, key)
    caller.start()
    until(lambda: len(receiver.journal("/events")) > 5, 60)
    path = f"webhook_endpoints/{endpoint.pk}/rotate_secret/"
    new = Api(site.url, key=key).post(path)["secret"]
    before = len(receiver.journal("/events"))
    until(lambda: len(receiver.journal("/events")) > before + 10, 60)
    caller.stop()
    until(lambda: not WebhookDelivery.objects.exclude(status="delivered").exists(), 60)
    lines = receiver.journal("/events")
    unsigned = [line for line in lines if not is_signed(line, old)]
    both = [line for line in lines if is_signed(line, old) and is_signed(line, new)]
    assert unsigned == [], "whoever knows only the old secret goes on"
    assert both
    assert is_signed(lines[-1], new)
    stage.results.note(
        "F56", "a webhook's secret rotated under load", messages=len(lines), refused=0,
        **{"signed with both": len(both), **api_figures(caller)},
    )  # fmt: skip


def test_the_keys_of_the_fields_are_rotated_under_load(stage, variables, start, site, receiver):
    engine = start("engine", variables)
    caller = Caller(site.url, a_key(stage.team))
    caller.start()
    until(lambda: caller.kept, 60)
    stage.open(5, *STEPS)
    old = ",".join(settings.FIELD_KEYS)
    new = Fernet.generate_key().decode()
    try:
        # As the documentation says: the new one in front, restart, encrypt again, the old one out.
        for keys in (f"{new},{old}", new):
            with_keys = {**variables, "FIELD_KEYS": keys}
            for process in (engine, site.process):
                process.program = replace(process.program, environment=with_keys)
                process.stop()
                process.start()
            until(site.answers, 60)
            if "," in keys:
                rotate(with_keys)
        settings.FIELD_KEYS, before = [new], settings.FIELD_KEYS
        verdict = stage.verdict(180)
    finally:
        settings.FIELD_KEYS = before
    caller.stop()
    assert verdict.faults == {}
    assert {status for status in caller.statuses if status >= 500} <= {503}
    stage.note("F56", "FIELD_KEYS rotated, engine and web restarted twice", verdict)


def rotate(variables):
    program = manage("rotate", "rotate_field_keys", environment=variables)
    subprocess.run(program.command, env=dict(program.environment), check=True, timeout=120)
