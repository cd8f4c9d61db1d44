"""Hints to Celery: "these rows are due". Losing every one costs a moment of delay, nothing else.

A hint leaves after the commit, through a bounded queue and one daemon thread, so that no request
ever waits for the broker. When publishing fails, hints are dropped for ten seconds.
"""

import logging
import os
import queue
import threading
import time
from collections.abc import Sequence
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import transaction
from prometheus_client import Counter

from crisis_api.lib import logs

log = logging.getLogger("crisis.nudge")

IDS_A_HINT = 100
REQUEST = "crisis_request"
EXPIRES_SECONDS = 30
BREAK_SECONDS = 10.0
WAITING_AT_MOST = 1000

HINTS = Counter("crisis_hints_total", "Hints to the broker: sent or dropped.", ["outcome"])

# The task, its ids, the queue, and the request that it follows from.
_Hint = tuple[str, list[str], str, str]


class _Publisher:
    """The thread of one process that publishes what waits in its queue."""

    def __init__(self) -> None:
        self.waiting: queue.Queue[_Hint] = queue.Queue(WAITING_AT_MOST)
        self.broken_until = 0.0
        self.sent = self.dropped = 0
        threading.Thread(target=self._run, name="nudge", daemon=True).start()

    def offer(self, hint: _Hint) -> None:
        try:
            self.waiting.put_nowait(hint)
        except queue.Full:
            self._drop()

    def _run(self) -> None:
        while True:
            self._publish(self.waiting.get())

    def _publish(self, hint: _Hint) -> None:
        if time.monotonic() < self.broken_until:
            self._drop()
            return
        name, ids, where, request_id = hint
        try:
            current_app.send_task(
                name,
                args=[ids],
                headers={REQUEST: request_id} if request_id else None,
                queue=where,
                expires=EXPIRES_SECONDS,
                ignore_result=True,
                retry=False,
            )
            self.sent += 1
            HINTS.labels("sent").inc()
        except Exception as error:  # noqa: BLE001  whatever the broker does, the rows are there
            self._drop()
            self.broken_until = time.monotonic() + BREAK_SECONDS
            log.warning("the broker took no hint: %s", type(error).__name__)

    def _drop(self) -> None:
        self.dropped += 1
        HINTS.labels("dropped").inc()


_publisher: _Publisher | None = None
_making = threading.Lock()


def _here() -> _Publisher:
    global _publisher
    with _making:
        if _publisher is None:
            _publisher = _Publisher()
        return _publisher


def _forget() -> None:
    """Begin anew in a forked child, which has the parent's queue but not its thread."""
    global _publisher, _making
    _publisher, _making = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)


def hint(task: str, ids: Sequence[Any], *, queue: str = "normal") -> None:
    """Say after the commit that these rows are due, in hints of at most 100 ids."""
    if not settings.NUDGE_ENABLED or not ids:
        return
    words = [str(pk) for pk in ids]
    request_id = logs.context().get("request_id", "")

    def publish() -> None:
        publisher = _here()
        for start in range(0, len(words), IDS_A_HINT):
            publisher.offer((task, words[start : start + IDS_A_HINT], queue, request_id))

    transaction.on_commit(publish, robust=True)


def broker_is_well() -> bool:
    """Whether the last hint was taken; where it was not, the engine waits for nobody."""
    if not settings.NUDGE_ENABLED:
        return False
    return time.monotonic() >= _here().broken_until


def counts() -> dict[str, int]:
    """Return how many hints this process has sent and dropped."""
    publisher = _here()
    return {"sent": publisher.sent, "dropped": publisher.dropped}
