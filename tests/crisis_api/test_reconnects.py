"""The worker survives a broker that goes away while it holds a message."""

import sys
from contextlib import suppress

import pytest
import redis
from celery import Celery
from django.conf import settings

from crisis_api.settings import broker as addresses
from crisis_api.settings import kept
from crisis_api.supervisor import valkey
from crisis_api.supervisor.processes import Program
from tests.processes import Process, until

WORKER = """
import sys
import crisis_api.celery
if "unguarded" in sys.argv:
    crisis_api.celery.survive_reconnects = lambda: None
crisis_api.celery.app.worker_main(
    ["worker", "--pool", "solo", "--without-mingle", "--without-gossip", "--loglevel", "INFO"]
)
"""


@pytest.fixture
def server(tmp_path):
    listen = kept.socket_path(tmp_path)
    data = tmp_path / "valkey"
    valkey.prepare(listen, data)
    process = Process(valkey.program(listen, data), tmp_path / "valkey.log").start()
    assert valkey.wait_until_ready(listen)
    process.listen, process.url = listen, f"unix://{listen}?db=0"
    yield process
    process.stop()
    listen.unlink(missing_ok=True)
    listen.parent.rmdir()


def _worker(tmp_path, url, *words):
    environment = {
        "DJANGO_SETTINGS_MODULE": "crisis_api.settings",
        "REDIS_URL": url,
        "PYTHONPATH": str(settings.BASE_DIR),
        "LOG_LEVEL": "INFO",
    }
    command = [sys.executable, "-c", WORKER, *words]
    program = Program("worker", command, folder=settings.BASE_DIR, environment=environment)
    return Process(program, tmp_path / "worker.log").start()


def _hold_a_message(url):
    # Our own application refuses delays; anybody else who shares the broker need not.
    stranger = Celery(broker=addresses.celery_url(url), set_as_current=False)
    stranger.conf.broker_transport_options = {"global_keyprefix": settings.REDIS_PREFIX}
    stranger.send_task("celery.accumulate", countdown=600, queue="normal", ignore_result=True)


@pytest.fixture
def worker_of(tmp_path, server):
    started = []

    def begin(*words):
        started.append(_worker(tmp_path, server.url, *words))
        started[-1].says("ready.")
        _hold_a_message(server.url)
        client = redis.Redis(unix_socket_path=str(server.listen))
        until(lambda: client.zcard(f"{settings.REDIS_PREFIX}unacked_index") == 1)
        return started[-1]

    yield begin
    for each in started:
        each.kill()


def test_survives_the_loss_of_the_broker_with_a_message_in_hand(server, worker_of):
    worker = worker_of()

    server.kill()
    worker.says("Connection to broker lost")
    server.start()

    until(lambda: worker.output().count("Connected to") == 2, 45)
    assert worker.popen.poll() is None


def test_comes_back_to_a_broker_that_was_full(server, worker_of):
    worker = worker_of()
    client = redis.Redis(unix_socket_path=str(server.listen))

    client.config_set("maxmemory", "1mb")
    client.client_kill_filter(_type="normal", skipme=True)
    worker.says("Cannot connect", 45)
    worker.says("maxmemory", 45)
    client.config_set("maxmemory", "256mb")

    until(lambda: worker.output().count("Connected to") == 2, 45)
    assert worker.popen.poll() is None


def test_would_not_survive_it_without_our_guard(server, worker_of):
    """When this fails, Celery was mended: remove survive_reconnects and these tests."""
    worker = worker_of("unguarded")

    server.kill()

    with suppress(AssertionError):
        until(lambda: worker.popen.poll() is not None, 45)
    assert worker.popen.poll() is not None, worker.output()
    assert "'NoneType' object has no attribute" in worker.output()
