"""What monitors ask: is the process alive, can it work, does the engine tick, and the figures."""

import hmac
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client import multiprocess as several_processes
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import REGISTRY, Collector

from crisis_api import triggers
from crisis_api.access.services import addresses
from crisis_api.lib import nudge
from incidents.escalation import health

_ICON = Path(__file__).parent / "access" / "static" / "crisis" / "icon.svg"
# Where prometheus_client keeps the figures of all processes of a host; the supervisor sets it.
PER_PROCESS = "PROMETHEUS_MULTIPROC_DIR"


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is looked at."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """The process can work: its database answers. The broker carries hints only, so it may not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "database": "unreachable"}, status=503)
    broker = "well" if nudge.broker_is_well() else "away"
    return JsonResponse({"status": "ok", "database": "well", "broker": broker})


@require_safe
def engine(request: HttpRequest) -> JsonResponse:
    """Whether an engine ticks, nothing is overlooked, left lying or held, and the guards are on.

    503 where not: for a monitor that calls a person, not for a load balancer.
    """
    try:
        found, missing = health.report(), triggers.missing(connection)
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "database": "unreachable"}, status=503)
    is_well = found.is_well and not missing
    body = {
        "status": "ok" if is_well else "held" if found.held else "failing",
        "last_tick_age_seconds": found.last_tick_age,
        "engines": found.engines,
        "oldest_overdue_seconds": found.oldest_overdue,
        "overdue": found.overdue,
        "parked": found.parked,
        "dead": found.dead,
        "held": found.held,
        "auditor_age_seconds": found.auditor_age,
        "overlooked": found.overlooked,
        "missing_guards": len(missing),
        "mail": "printed" if addresses.mail_is_only_printed() else "sent",
    }
    return JsonResponse(body, status=200 if is_well else 503)


@require_safe
@cache_control(public=True, max_age=86_400)
def icon(request: HttpRequest) -> HttpResponse:
    """The icon of the site, for whoever asks by habit and not by a link."""
    return HttpResponse(_ICON.read_bytes(), content_type="image/svg+xml")


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures for Prometheus; with METRICS_TOKEN set, only for its bearer."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.METRICS_TOKEN and not hmac.compare_digest(given, settings.METRICS_TOKEN):
        return HttpResponse("unauthorised\n", status=401, content_type="text/plain")
    registry = CollectorRegistry()
    registry.register(_Engine())
    if PER_PROCESS in os.environ:
        several_processes.MultiProcessCollector(registry)
        figures = generate_latest(registry)
    else:
        figures = generate_latest(REGISTRY) + generate_latest(registry)
    return HttpResponse(figures, content_type=CONTENT_TYPE_LATEST)


class _Engine(Collector):
    """How the engine does, from the rows and at the moment of asking.

    Not as gauges: each process that ever answered would go on showing what it last saw.
    """

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return the figures; -1 where there is none yet."""
        for name, value in asdict(health.report()).items():
            found = -1 if value is None else value
            yield GaugeMetricFamily(f"crisis_engine_{name}", name.replace("_", " "), value=found)
