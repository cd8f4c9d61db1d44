"""What the engine does with reminders that are due: find who is meant now, and write messages.

Works in sets: up to 500 due reminders, their subjects locked, everything written in a few bulk
statements, one commit. A crash before the commit leaves everything as it was, so no lease is
needed. Where a set fails, each subject is done by itself and the one that fails alone is put off,
its attempt counted before the work, and parked with an alarm after five.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import OperationalError, transaction
from django.db.models import F

from crisis_api.access.models import unless_held
from crisis_api.lib import clock, crash
from incidents.escalation import alarms, subjects
from incidents.escalation.firing import Firing
from incidents.models import Reminder

log = logging.getLogger("crisis.engine")

AT_ONCE = 500
ATTEMPTS = 5
SETS_A_TICK = 40

Key = tuple[str, UUID]


def fire_due(limit: int = AT_ONCE) -> int:
    """Take the reminders that are due, the critical ones first; return how many were taken.

    At least once: a reminder is either still due, or its messages are committed with it.
    """
    now = clock.decisive_now()
    # While sending is held nothing fires: rounds must not pass without anybody being told.
    due = Reminder.objects.due(now).filter(unless_held()).order_by("-critical", "due_at", "id")
    rows = list(due.values_list("subject_type", "subject_id", "incident_id")[:limit])
    keys = list(dict.fromkeys((kind, pk) for kind, pk, _ in rows))
    if not keys:
        return 0
    incidents = {incident for _, _, incident in rows if incident is not None}
    try:
        with transaction.atomic():
            fired = _fire(keys, incidents, now)
        crash.point("engine.after_commit")
        return fired
    except OperationalError:
        # The database is away or busy: nothing is wrong with the rows.
        log.warning("a set of reminders was put off", exc_info=True)
        return 0
    except Exception:
        log.exception("a set of %d subjects failed; doing each by itself", len(keys))
        return sum(_fire_alone(key, now) for key in keys)


def fire_all_due(after_each: Callable[[], object] = int) -> int:
    """Take sets until nothing is due, so that what one step brings due goes out with it.

    `after_each` is called after each set: a long tick is no silence.
    """
    total = 0
    for _ in range(SETS_A_TICK):
        taken = fire_due()
        total += taken
        if not taken:
            break
        after_each()
    return total


def _fire(keys: Sequence[Key], incidents: set[UUID], now: datetime) -> int:
    by_type: dict[str, list[UUID]] = {}
    for kind, pk in keys:
        by_type.setdefault(kind, []).append(pk)
    # The timeline numbers an incident's events under its lock, so it is taken with the subjects.
    by_type.setdefault("incident", []).extend(incidents)
    rows = subjects.take(by_type)
    _forget_the_gone(by_type, rows)
    held = [pk for found in rows.values() for pk in found]
    reminders = list(
        Reminder.objects.due(now)
        .filter(subject_id__in=held)
        .order_by("planned_at", "round", "step", "id")
        .select_for_update(skip_locked=True, no_key=True)
    )
    free = [r for r in reminders if r.incident_id is None or r.incident_id in rows["incident"]]
    still = subjects.wanted(free, rows)
    gone = [reminder.pk for reminder in free if reminder.pk not in still]
    Reminder.objects.filter(pk__in=gone).change(status=Reminder.Status.CANCELLED)
    wanted = [reminder for reminder in free if reminder.pk in still]
    if wanted:
        Firing(rows, now).fire(wanted)
        crash.point("engine.before_commit")
    return len(free)


def _forget_the_gone(
    asked: Mapping[str, Sequence[UUID]], taken: Mapping[str, subjects.Rows]
) -> None:
    """Cancel the reminders of subjects that are no more; those that others hold are still there."""
    for kind, ids in asked.items():
        away = set(ids) - set(taken[kind])
        if away:
            model = subjects.rules_of(kind).model
            there = model._default_manager.filter(pk__in=away).values_list("pk", flat=True)
            gone = Reminder.objects.pending().filter(subject_type=kind)
            gone.filter(subject_id__in=away - set(there)).change(status=Reminder.Status.CANCELLED)


def _fire_alone(key: Key, now: datetime) -> int:
    """Do one subject by itself; what fails again is put off, and parked at the fifth time."""
    mine = Reminder.objects.due(now).filter(subject_type=key[0], subject_id=key[1])
    ids = list(mine.values_list("pk", flat=True))
    # Counted before the work, so that a row that kills the process is parked too.
    Reminder.objects.filter(pk__in=ids).update(attempts=F("attempts") + 1)
    try:
        with transaction.atomic():
            incidents = set(mine.exclude(incident=None).values_list("incident_id", flat=True))
            return _fire([key], incidents, now)
    except OperationalError:
        Reminder.objects.filter(pk__in=ids).update(attempts=F("attempts") - 1)
        return 0
    except Exception as error:
        log.exception("the reminders of %s %s failed", *key)
        return _put_off(ids, error, now)


def _put_off(ids: Sequence[UUID], error: Exception, now: datetime) -> int:
    said = f"{type(error).__name__}"[:200]
    with transaction.atomic():
        for reminder in Reminder.objects.filter(pk__in=ids, status=Reminder.Status.PENDING):
            same = Reminder.objects.filter(pk=reminder.pk)
            if reminder.attempts >= ATTEMPTS:
                same.change(status=Reminder.Status.PARKED, last_error=said)
                _tell_of_parked(reminder)
            else:
                wait = timedelta(seconds=2**reminder.attempts)
                same.change(due_at=now + wait, last_error=said)
    return 0


def _tell_of_parked(reminder: Any) -> None:
    if reminder.kind != "alarm":
        alarms.raise_alarm(
            "reminder_parked",
            reminder,
            incident=reminder.incident,
            data={"kind": reminder.kind, "attempts": reminder.attempts},
        )
