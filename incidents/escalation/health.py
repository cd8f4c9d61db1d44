"""How the engine does, read from the rows alone: its own silence must be seen by others."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import requests
from django.conf import settings
from django.db.models import Max, Min

from crisis_api.access.models import SendingHold
from crisis_api.lib import clock
from incidents.models import AuditorState, EngineHeartbeat, Notification, PendingEvent, Reminder

SILENT_AFTER = timedelta(seconds=10)
OVERDUE_AFTER = timedelta(seconds=15)
HEARTBEAT_EVERY = timedelta(minutes=1)
# A turn of the auditor that did not come.
UNAUDITED_AFTER = timedelta(seconds=60)
# What the auditor has put right is shown for so long: a monitor asks only now and then.
OVERLOOKED_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Health:
    """What a monitor asks for. Ages are in seconds; None where there is nothing of the kind."""

    last_tick_age: float | None
    engines: int
    oldest_overdue: float
    overdue: int
    parked: int
    dead: int
    held: bool = False
    auditor_age: float | None = None
    overlooked: int = 0

    @property
    def is_well(self) -> bool:
        """Whether an engine ticks, nothing due is left lying, held or overlooked."""
        ticking = self.last_tick_age is not None and self.last_tick_age <= seconds(SILENT_AFTER)
        audited = self.auditor_age is None or self.auditor_age <= seconds(UNAUDITED_AFTER)
        in_time = self.oldest_overdue <= seconds(OVERDUE_AFTER)
        return ticking and not self.held and in_time and audited and not self.overlooked


@dataclass(frozen=True, slots=True)
class Figures:
    """How rows of another kind do: what is due, since when, and what needs a person."""

    overdue: int = 0
    oldest: datetime | None = None
    parked: int = 0
    dead: int = 0


_sources: list[Callable[[datetime], Figures]] = []


def register(source: Callable[[datetime], Figures]) -> None:
    """Count rows of a higher layer in; called once, at start."""
    _sources.append(source)


def seconds(delta: timedelta) -> float:
    """Return a duration in seconds."""
    return delta.total_seconds()


def report() -> Health:
    """Return how the engine does now, with a handful of indexed queries."""
    now = clock.decisive_now()
    last = EngineHeartbeat.objects.aggregate(Max("ticked_at"))["ticked_at__max"]
    due = Reminder.objects.due(now)
    waiting = Notification.objects.filter(status="pending", due_at__lte=now)
    others = [source(now) for source in _sources]
    return Health(
        last_tick_age=seconds(now - last) if last else None,
        engines=EngineHeartbeat.objects.filter(ticked_at__gt=now - SILENT_AFTER).count(),
        oldest_overdue=_oldest(
            now,
            due.aggregate(Min("due_at"))["due_at__min"],
            waiting.aggregate(Min("due_at"))["due_at__min"],
            *(figures.oldest for figures in others),
        ),
        overdue=due.count() + waiting.count() + sum(figures.overdue for figures in others),
        parked=Reminder.objects.filter(status=Reminder.Status.PARKED).count()
        + PendingEvent.objects.exclude(parked_at=None).count()
        + sum(figures.parked for figures in others),
        dead=Notification.objects.filter(status=Notification.Status.DEAD).count()
        + sum(figures.dead for figures in others),
        held=SendingHold.current() is not None,
        auditor_age=_since_audited(now),
        overlooked=_overlooked(now),
    )


def _since_audited(now: datetime) -> float | None:
    """Seconds since the auditor's last turn ended, or since an engine began whose auditor is to."""
    ticking = EngineHeartbeat.objects.filter(ticked_at__gt=now - SILENT_AFTER)
    began = ticking.aggregate(Min("started_at"))["started_at__min"]
    ended = AuditorState.objects.aggregate(Max("ended_at"))["ended_at__max"]
    latest = max(filter(None, (began, ended)), default=None)
    return seconds(now - latest) if latest else None


def _overlooked(now: datetime) -> int:
    lately = AuditorState.objects.filter(found_at__gt=now - OVERLOOKED_FOR)
    return sum(sum(found.values()) for found in lately.values_list("findings", flat=True))


def _oldest(now: datetime, *since: datetime | None) -> float:
    return max((seconds(now - at) for at in since if at is not None), default=0.0)


def ping_watchdog(limit: int = 1) -> int:
    """Tell the external watchdog that all is well, and nothing where it is not.

    A watchdog that hears nothing calls a person, by a way that does not depend on us.
    """
    if not settings.HEARTBEAT_URL or not report().is_well:
        return 0
    requests.get(settings.HEARTBEAT_URL, timeout=5, allow_redirects=False)
    return 1
