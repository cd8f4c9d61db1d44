"""The only road in: what happened becomes our rows, in one transaction.

Each PendingEvent is deleted together with what it creates, so an event has its consequences once,
whatever dies in between.
"""

import logging
import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.models import F, QuerySet

from crisis_api.lib import clock, crash
from incidents.escalation import alarms
from incidents.models import Event, PendingEvent
from responses import metrics
from responses.services import tickets
from responses.webhooks import fan_out

log = logging.getLogger("crisis.reactions")

ATTEMPTS = 5
AT_ONCE = 100
LONGEST_SWEEP = 3.0  # seconds

Consequence = Callable[[Sequence[Event], datetime], object]

# What follows from which kind of event. Each gets all events of a set that are of its kind.
CONSEQUENCES: dict[str, tuple[Consequence, ...]] = {
    "incident.opened": (tickets.open_for_incidents,),
}
# What follows from every event.
ALWAYS: tuple[Consequence, ...] = (fan_out.deliver_events,)


def react(limit: int = AT_ONCE, only: Collection[UUID] | None = None) -> int:
    """Draw the consequences of up to `limit` events that wait for it; return of how many.

    `only` names events, as a hint does; otherwise the longest waiting come first. A set that fails
    is done again one by one; one that fails alone is put off, and parked with an alarm after five
    attempts, so that it holds up no other.
    """
    now = clock.decisive_now()
    waiting = PendingEvent.objects.filter(parked_at=None, due_at__lte=now)
    if only is not None:
        waiting = waiting.filter(pk__in=list(only))
    ids: list[UUID] = []
    try:
        with transaction.atomic():
            ids = _taken(waiting.order_by("due_at", "pk"), limit)
            return _draw(ids, now)
    except OperationalError:
        # The database is away or busy: nothing is wrong with the events.
        log.warning("a set of events was put off", exc_info=True)
        return 0
    except Exception:
        log.exception("a set of %d events failed; doing each by itself", len(ids))
        return sum(_react_alone(pk, now) for pk in ids)


def react_to_all(limit: int = AT_ONCE) -> int:
    """Take sets until nothing waits, or three seconds have passed; the engine calls this."""
    started = time.monotonic()
    total = taken = react(limit)
    while taken and time.monotonic() - started < LONGEST_SWEEP:
        taken = react(limit)
        total += taken
    return total


def _taken(rows: QuerySet[PendingEvent], limit: int) -> list[UUID]:
    """Lock the rows that nobody else has, and return their ids.

    On SQLite the transaction has the database to itself.
    """
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)
    return list(rows.values_list("pk", flat=True)[:limit])


def _draw(ids: Sequence[UUID], now: datetime) -> int:
    if not ids:
        return 0
    # In the order in which they were written.
    events = list(Event.objects.filter(pk__in=ids).select_related("incident").order_by("pk"))
    for kind, consequences in CONSEQUENCES.items():
        mine = [event for event in events if event.kind == kind]
        for consequence in consequences if mine else ():
            consequence(mine, now)
    for consequence in ALWAYS:
        consequence(events, now)
    PendingEvent.objects.filter(pk__in=ids).delete()
    crash.point("reactions.before_commit")
    metrics.REACTIONS.inc(len(ids))
    return len(ids)


def _react_alone(pk: UUID, now: datetime) -> int:
    """Do one event by itself, its attempt counted and committed before the work."""
    mine = PendingEvent.objects.filter(pk=pk, parked_at=None)
    mine.update(attempts=F("attempts") + 1)
    try:
        with transaction.atomic():
            return _draw(_taken(mine, 1), now)
    except OperationalError:
        mine.update(attempts=F("attempts") - 1)
        return 0
    except Exception as error:
        log.exception("event %s failed", pk)
        _put_off(pk, error, now)
        return 0


@transaction.atomic
def _put_off(pk: UUID, error: Exception, now: datetime) -> None:
    row = PendingEvent.objects.filter(pk=pk, parked_at=None).first()
    if row is None:
        return
    mine = PendingEvent.objects.filter(pk=pk)
    mine.update(due_at=now + timedelta(seconds=2**row.attempts), last_error=type(error).__name__)
    if row.attempts < ATTEMPTS:
        return
    mine.update(parked_at=now)
    event = Event.objects.select_related("incident").get(pk=pk)
    log.error("event %s (%s) is parked after %d attempts", pk, event.kind, row.attempts)
    # An alarm is an event itself: one that cannot be reacted to must not raise the next.
    if event.kind != "alarm.raised":
        alarms.raise_alarm(
            "reaction_parked", event, incident=event.incident, data={"kind": event.kind}
        )
