"""REDIS_URL for those who speak to it, and how Celery behaves.

The broker carries hints. Losing every message must change nothing but a moment of delay, so
nothing here waits long for it and nothing asks it to remember.
"""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from kombu import Exchange, Queue

QUEUES = ("critical", "normal", "slow")


def redis_url(url: str) -> str:
    """Return the address as redis-py takes it; Celery's own `redis+socket://` is understood."""
    if not url.startswith("redis+socket://"):
        return url
    parts = urlsplit(url)
    number = parse_qs(parts.query).get("virtual_host", ["0"])[0]
    return f"unix://{parts.netloc}{parts.path}?db={number}"


def celery_url(url: str) -> str:
    """Return the same address as Celery takes it.

    A socket has another scheme there. TLS is checked unless the address says otherwise, since
    Celery alone would accept any certificate.
    """
    parts = urlsplit(redis_url(url))
    query = parse_qs(parts.query)
    if parts.scheme == "unix":
        number = query.get("db", ["0"])[0]
        return f"redis+socket://{parts.netloc}{parts.path}?virtual_host={number}"
    if parts.scheme == "rediss" and "ssl_cert_reqs" not in query:
        return f"{url}{'&' if parts.query else '?'}ssl_cert_reqs=required"
    return url


def celery(url: str, prefix: str, concurrency: int) -> dict[str, Any]:
    """Return the settings of Celery, without their CELERY_ prefix."""
    return {
        "BROKER_URL": celery_url(url),
        "RESULT_BACKEND": None,
        "TASK_IGNORE_RESULT": True,
        "TASK_SERIALIZER": "json",
        "ACCEPT_CONTENT": ["json"],
        "TIMEZONE": "UTC",
        "ENABLE_UTC": True,
        "TASK_DEFAULT_QUEUE": "normal",
        # An exchange each: with the default one, every hint would go to all three.
        "TASK_QUEUES": [Queue(name, Exchange(name), routing_key=name) for name in QUEUES],
        # The lease in the database redelivers, not the broker; attempts are counted there too.
        "TASK_ACKS_LATE": False,
        "TASK_REJECT_ON_WORKER_LOST": False,
        "WORKER_PREFETCH_MULTIPLIER": 1,
        "WORKER_DISABLE_PREFETCH": True,
        # Nobody may use an ETA (crisis_api.celery refuses it); also caps unacknowledged messages.
        "WORKER_ETA_TASK_LIMIT": 100,
        # A send's 10 seconds < soft limit < hard limit < the lease of 20 seconds.
        "TASK_SOFT_TIME_LIMIT": 14,
        "TASK_TIME_LIMIT": 17,
        "WORKER_CONCURRENCY": concurrency,
        "WORKER_MAX_TASKS_PER_CHILD": 1000,
        "WORKER_MAX_MEMORY_PER_CHILD": 250_000,  # KiB
        "WORKER_SOFT_SHUTDOWN_TIMEOUT": 15.0,
        "WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS": True,
        "WORKER_HIJACK_ROOT_LOGGER": False,
        # What the console twin prints is for people to read, not a line of the log.
        "WORKER_REDIRECT_STDOUTS": False,
        "WORKER_SEND_TASK_EVENTS": False,
        # A lost hint is cheap, a blocked request is not.
        "TASK_PUBLISH_RETRY": False,
        "BROKER_POOL_ACQUIRE_TIMEOUT": 2,
        "BROKER_CONNECTION_TIMEOUT": 2,
        "BROKER_CONNECTION_RETRY_ON_STARTUP": True,
        # The default of 100 would end the worker during a long outage.
        "BROKER_CONNECTION_MAX_RETRIES": None,
        # Redis that is full, read-only or cannot save refuses commands on a good connection; by
        # default that would end the worker.
        "BROKER_CHANNEL_ERROR_RETRY": True,
        "VISIBILITY_TIMEOUT": 120,
        "BROKER_TRANSPORT_OPTIONS": _transport(prefix),
    }


def _transport(prefix: str) -> dict[str, Any]:
    """Return how long to wait for Redis, and how what it holds is named."""
    return {
        "global_keyprefix": prefix,
        "queue_order_strategy": "priority",
        "visibility_timeout": 120,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        # Publishers; the worker raises it, since it must stay above its blocking pop.
        "socket_timeout": 2,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "health_check_interval": 10,
        "retry_on_timeout": False,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.2,
        "interval_max": 0.2,
    }
