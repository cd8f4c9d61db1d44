"""Hints to Celery: "these rows are due". Losing every one costs a moment of delay, nothing else.

A hint leaves after the commit, through a bounded queue and one daemon thread, so that no request
ever waits for the broker; many that come at once travel in one message. When publishing fails,
hints are dropped for ten seconds.
"""

import logging
import os
import queue
import threading
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from typing import Any

import redis
from celery import current_app
from django.conf import settings
from django.db import transaction
from prometheus_client import Counter
from redis.backoff import NoBackoff
from redis.retry import Retry

from crisis_api.lib import logs

log = logging.getLogger("crisis.nudge")

IDS_A_HINT = 100
REQUEST = "crisis_request"
EXPIRES_SECONDS = 30
BREAK_SECONDS = 10.0
WAITING_AT_MOST = 1000
PATIENCE_SECONDS = 2.0
# How long what follows a hint of its kind is held back: of critical messages, of the others.
GATHER_SECONDS = {True: 0.1, False: 0.5}

HINTS = Counter("crisis_hints_total", "Hints to the broker: sent or dropped.", ["outcome"])

# The task, its ids, the queue, and the request that it follows from.
_Hint = tuple[str, list[str], str, str]
# The task and the queue.
_Kind = tuple[str, str]


class _Publisher:
    """The thread of one process that publishes what waits in its queue.

    The first hint of a kind leaves at once; what comes on its heels is gathered for a moment, so
    that under load a message carries many ids: a worker's cost is by message, not by id.
    """

    def __init__(self) -> None:
        self.waiting: queue.Queue[_Hint] = queue.Queue(WAITING_AT_MOST)
        self.broken_until = 0.0
        self.sent = self.dropped = 0
        self._gathered: dict[_Kind, list[_Hint]] = {}
        self._not_before: dict[_Kind, float] = {}
        threading.Thread(target=self._run, name="nudge", daemon=True).start()

    def offer(self, hint: _Hint) -> None:
        try:
            self.waiting.put_nowait(hint)
        except queue.Full:
            self._drop(1)

    def _run(self) -> None:
        while True:
            self._gather()
            now = time.monotonic()
            for kind in [kind for kind in self._gathered if self._may_leave(kind, now)]:
                self._leave(kind, self._gathered.pop(kind))
                self._not_before[kind] = time.monotonic() + GATHER_SECONDS[kind[1] == "critical"]

    def _gather(self) -> None:
        """Wait for a hint, or for the time of one that was held back; take what else is there."""
        wait = None
        if self._gathered:
            soonest = min(self._not_before.get(kind, 0.0) for kind in self._gathered)
            wait = max(soonest - time.monotonic(), 0.0)
        with suppress(queue.Empty):
            self._keep(self.waiting.get(timeout=wait))
            for _ in range(WAITING_AT_MOST):
                self._keep(self.waiting.get_nowait())

    def _keep(self, hint: _Hint) -> None:
        name, _, where, _ = hint
        self._gathered.setdefault((name, where), []).append(hint)

    def _may_leave(self, kind: _Kind, now: float) -> bool:
        many = sum(len(ids) for _, ids, _, _ in self._gathered[kind]) >= IDS_A_HINT
        return many or now >= self._not_before.get(kind, 0.0)

    def _leave(self, kind: _Kind, hints: list[_Hint]) -> None:
        ids = list(dict.fromkeys(pk for _, mine, _, _ in hints for pk in mine))
        # What follows from several requests follows from none of them alone.
        requests = {request_id for _, _, _, request_id in hints}
        request_id = requests.pop() if len(requests) == 1 else ""
        for start in range(0, len(ids), IDS_A_HINT):
            if not self._publish(kind, ids[start : start + IDS_A_HINT], request_id):
                self._drop(len(hints))
                return

    def _publish(self, kind: _Kind, ids: list[str], request_id: str) -> bool:
        if time.monotonic() < self.broken_until:
            return False
        name, where = kind
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
        except Exception as error:  # noqa: BLE001  whatever the broker does, the rows are there
            self.broken_until = time.monotonic() + BREAK_SECONDS
            log.warning("the broker took no hint: %s", type(error).__name__)
            return False
        self.sent += 1
        HINTS.labels("sent").inc()
        return True

    def _drop(self, hints: int) -> None:
        self.dropped += hints
        HINTS.labels("dropped").inc(hints)


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


def refusal() -> str:
    """Ask the broker to keep something for a moment; return why it does not, "" where it does.

    It waits for two seconds at most, so it is for whoever watches, and not for a request.
    """
    if not settings.NUDGE_ENABLED:
        return ""
    with closing(
        redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=PATIENCE_SECONDS,
            socket_connect_timeout=PATIENCE_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
    ) as client:
        try:
            client.set(f"{settings.REDIS_PREFIX}watch", "1", ex=60)
        except (redis.RedisError, OSError, ValueError) as error:
            return type(error).__name__
    return ""


def counts() -> dict[str, int]:
    """Return how many hints this process has sent and dropped."""
    publisher = _here()
    return {"sent": publisher.sent, "dropped": publisher.dropped}
