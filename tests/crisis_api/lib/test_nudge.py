import json
import os
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from celery import current_app
from django.db import transaction

from crisis_api.lib import nudge
from tests.processes import Broker, until

TASK = "nobody.runs_this"


@pytest.fixture(autouse=True)
def _fresh_publisher() -> Iterator[None]:
    nudge._forget()
    yield
    nudge._forget()


def queued(broker: Broker, name: str = "slow") -> list[dict[str, Any]]:
    key = current_app.conf.broker_transport_options["global_keyprefix"] + name
    return [json.loads(each) for each in broker.client().lrange(key, 0, -1)]


def names_and_counts(messages: list[dict[str, Any]]) -> list[tuple[str, int]]:
    import base64

    found = []
    for message in messages:
        (ids,), _, _ = json.loads(base64.b64decode(message["body"]))
        found.append((message["headers"]["task"], len(ids)))
    return found


@pytest.mark.django_db(transaction=True)
def test_leaves_after_the_commit_in_hundreds(broker: Broker) -> None:
    with transaction.atomic():
        nudge.hint(TASK, range(250), queue="slow")
        assert nudge.counts() == {"sent": 0, "dropped": 0}
    until(lambda: nudge.counts()["sent"] == 3)
    messages = queued(broker)
    assert sorted(names_and_counts(messages)) == [(TASK, 50), (TASK, 100), (TASK, 100)]
    assert all(message["headers"]["expires"] for message in messages)
    assert nudge.broker_is_well()


@pytest.mark.django_db(transaction=True)
def test_gathers_what_comes_on_the_heels_of_another(broker: Broker) -> None:
    for number in range(500):
        nudge.hint(TASK, [number], queue="slow")
    until(lambda: sum(count for _, count in names_and_counts(queued(broker))) == 500)
    assert len(queued(broker)) <= 50
    assert nudge.counts()["dropped"] == 0


@pytest.mark.django_db(transaction=True)
def test_does_not_leave_when_the_transaction_is_undone(broker: Broker) -> None:
    with transaction.atomic():
        nudge.hint(TASK, [1], queue="slow")
        transaction.set_rollback(True)
    with transaction.atomic():
        nudge.hint(TASK, [2], queue="slow")
    until(lambda: nudge.counts()["sent"] == 1)
    assert names_and_counts(queued(broker)) == [(TASK, 1)]


@pytest.mark.django_db(transaction=True)
def test_says_nothing_of_nothing_or_where_it_is_off(broker: Broker, settings: Any) -> None:
    nudge.hint(TASK, [], queue="slow")
    settings.NUDGE_ENABLED = False
    nudge.hint(TASK, [1], queue="slow")
    assert not nudge.broker_is_well()
    settings.NUDGE_ENABLED = True
    nudge.hint(TASK, [2], queue="slow")
    until(lambda: nudge.counts()["sent"] == 1)
    assert nudge.counts() == {"sent": 1, "dropped": 0}


@pytest.fixture
def frozen_broker(settings: Any) -> Iterator[None]:
    """A broker that takes connections and never answers."""
    settings.NUDGE_ENABLED = True
    before = current_app.conf.broker_url
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(100)
        current_app.conf.broker_url = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        _without_connections()
        yield
    current_app.conf.broker_url = before
    _without_connections()


def _without_connections() -> None:
    from kombu import pools

    pools.reset()
    current_app.pool.force_close_all()
    current_app._pool = None
    current_app.amqp._producer_pool = None


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("frozen_broker")
def test_never_makes_a_request_wait_for_a_frozen_broker() -> None:
    began = time.monotonic()
    for number in range(3000):
        nudge.hint(TASK, [number])
    assert time.monotonic() - began < 8
    # What does not fit into the queue is dropped at once.
    assert nudge.counts()["dropped"] >= 1000
    until(lambda: not nudge.broker_is_well())
    until(lambda: sum(nudge.counts().values()) == 3000, seconds=5)
    assert nudge.counts()["sent"] == 0


@pytest.mark.django_db(transaction=True)
def test_works_in_a_forked_child(broker: Broker) -> None:
    nudge.hint(TASK, [1], queue="slow")
    until(lambda: nudge.counts()["sent"] == 1)
    child = os.fork()
    if child == 0:
        try:
            nudge._here().offer((TASK, ["2"], "slow", ""))
            until(lambda: nudge.counts()["sent"] == 1, seconds=10)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert len(queued(broker)) == 2
