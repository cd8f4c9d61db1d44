"""Celery carries hints, and refuses to be asked for more."""

import time
from datetime import UTC, datetime

import pytest
from celery import Celery
from django.conf import settings
from kombu.exceptions import OperationalError

from crisis_api.celery import app


@app.task(name="tests.nothing")
def nothing(*ids):
    """Do nothing."""


@pytest.mark.parametrize(
    "delay", [{"countdown": 1}, {"countdown": 0}, {"eta": datetime(2030, 1, 1, tzinfo=UTC)}]
)
def test_refuses_a_delay(delay):
    with pytest.raises(TypeError, match="write a row with a due time"):
        nothing.apply_async(args=[1], **delay)
    with pytest.raises(TypeError, match="write a row with a due time"):
        app.send_task("tests.nothing", args=[1], **delay)
    with pytest.raises(TypeError, match="write a row with a due time"):
        nothing.s(1).apply_async(**delay)


def _app_of_its_own(broker_url, prefix):
    """Return an application with our settings, which no worker of these tests listens to."""
    other = Celery(set_as_current=False)
    other.config_from_object("django.conf:settings", namespace="CELERY")
    other.conf.broker_url = broker_url
    other.conf.broker_transport_options = {
        **settings.CELERY_BROKER_TRANSPORT_OPTIONS,
        "global_keyprefix": prefix,
    }
    return other


@pytest.mark.parametrize("queue", ["critical", "normal", "slow"])
def test_a_hint_goes_to_its_queue_and_no_other(broker, queue):
    prefix = f"{settings.REDIS_PREFIX}apart:"

    _app_of_its_own(settings.CELERY_BROKER_URL, prefix).send_task("x", queue=queue, expires=30)

    client = broker.client()
    lengths = {name: client.llen(f"{prefix}{name}") for name in ("critical", "normal", "slow")}
    assert lengths == {"critical": 0, "normal": 0, "slow": 0} | {queue: 1}


def test_a_worker_answers(worker):
    assert app.control.ping(timeout=5)


def test_a_lost_broker_costs_a_publisher_little():
    lonely = _app_of_its_own("redis://127.0.0.1:1/0", "")
    start = time.monotonic()

    with pytest.raises(OperationalError):
        lonely.send_task("tests.nothing", retry=False)

    assert time.monotonic() - start < 8
