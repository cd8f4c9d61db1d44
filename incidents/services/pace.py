"""The networks' limits, held on our side by all processes together.

Counted in Redis, so that web, workers and engine share one count; behind a breaker, because a count
is not worth a call. While Redis doesn't answer, each process takes its part of what this host's
processes may take together: slower, and never above the limit.
"""

import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any, Final

import redis
from django.conf import settings
from prometheus_client import Counter
from redis.backoff import NoBackoff
from redis.retry import Retry

from crisis_api.lib import clock
from incidents.channels.connection import Bucket
from incidents.channels.errors import RetryLater
from incidents.channels.pace import NOTHING, Windows, allowed, pause

PATIENCE_SECONDS: Final = 0.1
BREAK_SECONDS: Final = 10.0
# What reading in the background may use, so that replies and hides find room.
BACKGROUND: Final = 0.6

HELD_BACK = Counter(
    "crisis_network_calls_held_back_total", "Calls that a network's limit held back.", ["network"]
)
ALONE = Counter(
    "crisis_network_calls_paced_alone_total", "Calls that a process paced without Redis."
)

# All buckets or none, in one step. Redis's own clock, so that hosts may disagree; ARGV[1] is by how
# much a test has moved ours. For each bucket: how many, within how many milliseconds.
_TAKE = """
local told = redis.call('TIME')
local now = told[1] * 1000 + math.floor(told[2] / 1000) + tonumber(ARGV[1])
local wait = 0
for i, key in ipairs(KEYS) do
  local most, within = tonumber(ARGV[i * 2 + 1]), tonumber(ARGV[i * 2 + 2])
  local shut = redis.call('GET', key .. ':shut')
  if shut then wait = math.max(wait, tonumber(shut) - now) end
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - within)
  local count = redis.call('ZCARD', key)
  if count >= most then
    local first = redis.call('ZRANGE', key, count - most, count - most, 'WITHSCORES')
    wait = math.max(wait, tonumber(first[2]) + within - now)
  end
end
if wait > 0 then return math.ceil(wait) end
for i, key in ipairs(KEYS) do
  redis.call('ZADD', key, now, ARGV[2])
  redis.call('PEXPIRE', key, ARGV[i * 2 + 2])
end
return 0
"""
_SHUT = """
local told = redis.call('TIME')
local now = told[1] * 1000 + math.floor(told[2] / 1000) + tonumber(ARGV[1])
for i, key in ipairs(KEYS) do
  redis.call('SET', key .. ':shut', now + tonumber(ARGV[i + 1]), 'PX', ARGV[i + 1])
end
return 0
"""

_share: ContextVar[float] = ContextVar("share_of_the_pace", default=1.0)


@contextmanager
def in_the_background() -> Iterator[None]:
    """Take a part of each limit only: what is called inside can wait for replies and hides."""
    token = _share.set(BACKGROUND)
    try:
        yield
    finally:
        _share.reset(token)


class SharedPace:
    """Holds the networks' limits for all processes. `incidents.channels.connection.Pace`."""

    def __init__(self) -> None:
        self._here = Windows()
        self._redis = _Redis()

    def take(self, buckets: Sequence[Bucket]) -> None:
        """Count a call, or raise RetryLater that says when there is room, before it is made.

        Never waits itself, apart from a tenth of a second for Redis.
        """
        share = _share.get()
        waited = self._redis.take(buckets, share)
        if waited is None:
            ALONE.inc()
            wait = self._here.take(buckets, clock.now(), share * _part_of_this_process())
        else:
            wait = waited
        if wait > NOTHING:
            HELD_BACK.labels(buckets[0].key.partition(":")[0]).inc()
            raise RetryLater("paced", retry_after=wait)

    def exceeded(self, buckets: Sequence[Bucket]) -> None:
        """Pause all processes, since the network shut us out although we counted."""
        self._here.exceeded(buckets, clock.now())
        self._redis.shut(buckets)


def _part_of_this_process() -> float:
    # The web server's, the worker's, and the engine: what one host of ours runs.
    processes: int = settings.WEB_WORKERS + settings.WORKER_CONCURRENCY + 1
    return 1 / processes


class _Redis:
    """The counts that all processes share, and the breaker before them."""

    def __init__(self) -> None:
        self._scripts: tuple[int, str, list[Callable[..., Any]]] | None = None
        self._closed_until = 0.0
        self._failing = False
        self._lock = threading.Lock()

    def take(self, buckets: Sequence[Bucket], share: float) -> timedelta | None:
        """Count a call; return how long to wait, None where Redis doesn't say."""
        limits = [
            each
            for bucket in buckets
            for each in (allowed(bucket, share), _milliseconds(bucket.within))
        ]
        told = self._ask(0, buckets, [_shift(), secrets.token_hex(8), *limits])
        return None if told is None else timedelta(milliseconds=told)

    def shut(self, buckets: Sequence[Bucket]) -> None:
        """Let no process through for a while."""
        pauses = [max(_milliseconds(pause(each)), 1) for each in buckets]
        self._ask(1, buckets, [_shift(), *pauses])

    def _ask(self, which: int, buckets: Sequence[Bucket], given: list[Any]) -> int | None:
        if not self._may_ask():
            return None
        keys = [f"{settings.REDIS_PREFIX}pace:{each.key}" for each in buckets]
        try:
            told = int(self._script(which)(keys=keys, args=given))
        except (redis.RedisError, OSError, ValueError):
            self._failing = True
            self._closed_until = time.monotonic() + BREAK_SECONDS
            return None
        self._failing = False
        return told

    def _may_ask(self) -> bool:
        if not self._failing:
            return True
        # One call tries whether Redis is back; the others don't wait with it.
        with self._lock:
            if time.monotonic() < self._closed_until:
                return False
            self._closed_until = time.monotonic() + BREAK_SECONDS
            return True

    def _script(self, which: int) -> Callable[..., Any]:
        # Made in the process that uses it: a socket must not be shared across a fork.
        known = self._scripts
        if known is None or known[:2] != (os.getpid(), settings.REDIS_URL):
            client = redis.Redis.from_url(
                settings.REDIS_URL,
                socket_timeout=PATIENCE_SECONDS,
                socket_connect_timeout=PATIENCE_SECONDS,
                retry=Retry(NoBackoff(), 0),
                health_check_interval=0,
            )
            scripts: list[Callable[..., Any]] = [
                client.register_script(each) for each in (_TAKE, _SHUT)
            ]
            known = self._scripts = (os.getpid(), settings.REDIS_URL, scripts)
        return known[2][which]


def _milliseconds(time_: timedelta) -> int:
    return round(time_.total_seconds() * 1000)


def _shift() -> int:
    return _milliseconds(clock.moved())
