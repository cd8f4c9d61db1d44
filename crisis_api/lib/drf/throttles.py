"""Rate limits per caller, with a bucket of their own for intake.

Counted in Redis so that all processes share one count; behind a circuit breaker, because a limit
is not worth a request. While Redis doesn't answer, each process counts by itself.
"""

import math
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from crisis_api.lib import clock
from crisis_api.lib.client_address import client_address
from crisis_api.lib.errors import Throttled

PATIENCE_SECONDS = 0.05
BREAK_SECONDS = 10.0
USAGE = "rate_usage"
_MOST_LOCAL_KEYS = 10_000

# One step, so that a counter can never be left without its expiry.
_COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return count
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in so long a time."""

    limit: int
    period: timedelta


RATES = {
    "api": Rate(1200, timedelta(minutes=1)),
    "intake": Rate(6000, timedelta(minutes=1)),
}


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of a rate a caller has used, and in how many seconds it is fresh again."""

    limit: int
    used: int
    reset_seconds: int

    @property
    def allowed(self) -> bool:
        """Whether the request is within the rate."""
        return self.used <= self.limit

    def headers(self) -> dict[str, str]:
        """Return RateLimit-Limit, -Remaining and -Reset."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.limit - self.used)),
            "RateLimit-Reset": str(self.reset_seconds),
        }


def take(bucket: str, identity: str) -> Usage:
    """Count one request of the identity in the bucket and return how that stands.

    Windows are fixed: the count starts again with each whole period of the clock. Never raises,
    and waits 50 ms at most; while Redis is away it is asked again once in ten seconds.
    """
    rate = rates()[bucket]
    period = rate.period.total_seconds()
    now = clock.now().timestamp()
    window = int(now // period)
    reset = max(1, math.ceil((window + 1) * period - now))
    key = f"{settings.REDIS_PREFIX}rate:{bucket}:{identity}:{window}"
    used = _shared.count(key, rate.period)
    return Usage(rate.limit, _local.count(key) if used is None else used, reset)


def rates() -> dict[str, Rate]:
    """Return the buckets; settings.THROTTLE_RATES may replace any of them."""
    return {**RATES, **getattr(settings, "THROTTLE_RATES", {})}


class _LocalCounters:
    """Counts of this process alone, the oldest forgotten first."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def count(self, key: str) -> int:
        with self._lock:
            count = self._counts.pop(key, 0) + 1
            self._counts[key] = count
            if len(self._counts) > _MOST_LOCAL_KEYS:
                self._counts.popitem(last=False)
            return count


class _SharedCounters:
    """Counts in Redis, and the breaker before them."""

    def __init__(self) -> None:
        self._client: tuple[int, str, Callable[..., Any]] | None = None
        self._closed_at = 0.0
        self._failing = False
        self._lock = threading.Lock()

    def count(self, key: str, period: timedelta) -> int | None:
        """Return the count, None where Redis doesn't answer or was not asked."""
        if not self._may_ask():
            return None
        try:
            count = int(self._counter()(keys=[key], args=[int(period.total_seconds() * 1000)]))
        except (redis.RedisError, OSError, ValueError):
            self._failing = True
            self._closed_at = time.monotonic() + BREAK_SECONDS
            return None
        self._failing = False
        return count

    def _may_ask(self) -> bool:
        if not self._failing:
            return True
        # One request tries whether Redis is back; the others don't wait with it.
        with self._lock:
            if time.monotonic() < self._closed_at:
                return False
            self._closed_at = time.monotonic() + BREAK_SECONDS
            return True

    def _counter(self) -> Callable[..., Any]:
        # Made in the process that uses it: a socket must not be shared across a fork.
        known = self._client
        if known is None or known[:2] != (os.getpid(), settings.REDIS_URL):
            client = redis.Redis.from_url(
                settings.REDIS_URL,
                socket_timeout=PATIENCE_SECONDS,
                socket_connect_timeout=PATIENCE_SECONDS,
                retry=Retry(NoBackoff(), 0),
                health_check_interval=0,
            )
            known = (os.getpid(), settings.REDIS_URL, client.register_script(_COUNT))
            self._client = known
        return known[2]


_local = _LocalCounters()
_shared = _SharedCounters()


class ApiThrottle(BaseThrottle):
    """The bucket of the view's `throttle_bucket`, "api" unless it says otherwise.

    Callers are told apart by who they are, strangers by their address.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request, or raise Throttled (429)."""
        caller: Any = request.auth
        identity = str(caller.actor) if caller else f"ip:{client_address(request._request)}"
        usage = take(getattr(view, "throttle_bucket", "api"), identity)
        # Sent with the answer by the view, whatever it is.
        setattr(request, USAGE, usage)
        if not usage.allowed:
            raise Throttled(
                headers={"Retry-After": str(usage.reset_seconds), **usage.headers()},
                retry_after_seconds=usage.reset_seconds,
            )
        return True
