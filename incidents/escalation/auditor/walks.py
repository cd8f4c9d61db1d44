"""What is compared, and how: walks through rows in windows, and queues that must stay short.

A walk reads its rows in the order of an indexed key, a window at a time, and goes on in the next
turn where it stopped: one turn costs the same at a thousand open incidents and at a million. What
looks overlooked in a window is looked at again under its lock, so that nothing is driven, and no
alarm raised, because of a change that was just being committed.
"""

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import DatabaseError
from django.db.models import QuerySet

from crisis_api.lib import clock

log = logging.getLogger("crisis.auditor")

WINDOW = 5_000
SECONDS_A_TURN = 3.0
NAMED = 5  # ids in the log; the rest is a number


@dataclass(frozen=True, slots=True)
class Check:
    """`find(window, now)` returns the ids of rows that look overlooked.

    `drive(id, now)` locks, looks again, puts it right, and returns whether there was anything to
    put right.
    """

    code: str
    find: Callable[[Any, datetime], Iterable[UUID]]
    drive: Callable[[UUID, datetime], bool]


@dataclass(slots=True)
class Walk:
    """Rows in the order of `key`, which is indexed, and what is checked of them."""

    name: str
    rows: Callable[[datetime], QuerySet[Any]]
    key: str
    checks: list[Check] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Queue:
    """Rows that are due and that nobody takes, which happens to no queue that is looked after.

    `waiting(before)` counts, up to a limit, what has been due since before that time. It is driven
    after `drive_after`, and told of where something older than `tell_after` was there.
    """

    code: str
    waiting: Callable[[datetime], int]
    drive: Callable[[], object]
    drive_after: timedelta = timedelta(seconds=15)
    tell_after: timedelta = timedelta(seconds=60)


_walks: dict[str, Walk] = {}
_queues: dict[str, Queue] = {}


def register_walk(name: str, rows: Callable[[datetime], QuerySet[Any]], *, key: str = "pk") -> None:
    """Have rows walked through; called once, at start."""
    _walks[name] = Walk(name, rows, key)


def register_check(walk: str, check: Check) -> None:
    """Have something checked of the rows of a walk; called once, at start."""
    _walks[walk].checks.append(check)


def register_queue(queue: Queue) -> None:
    """Have a queue looked at; called once, at start."""
    _queues[queue.code] = queue


@dataclass(slots=True)
class Findings:
    """What a turn has found: how many of each code, and some of their ids."""

    counts: Counter[str] = field(default_factory=Counter)
    ids: dict[str, list[UUID]] = field(default_factory=dict)
    whole: bool = True
    # There was more to put right than the turn had time for.
    unfinished: bool = False

    def add(self, code: str, number: int, ids: Iterable[UUID] = ()) -> None:
        """Note that so many of a kind were overlooked."""
        self.counts[code] += number
        named = self.ids.setdefault(code, [])
        named += list(ids)[: NAMED - len(named)]


class Pace:
    """How long is worked in a turn; without `seconds` to the end.

    Each row is put right in a transaction of its own, so that others write between any two.
    """

    def __init__(self, seconds: float | None) -> None:
        self._until = None if seconds is None else time.monotonic() + seconds

    def is_over(self) -> bool:
        """Whether the turn has had its time."""
        return self._until is not None and time.monotonic() > self._until


def look(cursors: dict[str, str], *, seconds: float | None = SECONDS_A_TURN) -> Findings:
    """Look at the queues, then walk on from the cursors, which are moved, for so many seconds.

    Without a limit everything is looked at once. `whole` says whether every walk came to its end.
    """
    findings = Findings()
    look_at_queues(findings)
    pace = Pace(seconds)
    ahead = list(_walks.values())
    while ahead:
        if pace.is_over():
            findings.whole = False
            break
        # One window of each in turn: no walk waits for a longer one.
        ahead = [walk for walk in ahead if not _step(walk, cursors, findings, pace)]
    return findings


def look_at_queues(findings: Findings) -> None:
    """Drive what is due and was left lying."""
    for queue in _queues.values():
        now = clock.decisive_now()
        try:
            if not queue.waiting(now - queue.drive_after):
                continue
            late = queue.waiting(now - queue.tell_after)
            queue.drive()
        except DatabaseError:
            raise
        except Exception:
            log.exception("%s could not be driven", queue.code)
            late = 1
        if late:
            findings.add(queue.code, late)


def _step(walk: Walk, cursors: dict[str, str], findings: Findings, pace: Pace) -> bool:
    """Check the next window of a walk; return whether that was the last.

    A window in which more was found than there was time for comes again.
    """
    now = clock.decisive_now()
    window = walk.rows(now)
    if since := cursors.get(walk.name):
        window = window.filter(**{f"{walk.key}__gt": since})
    keys = window.order_by(walk.key).values_list(walk.key, flat=True)
    last = next(iter(keys[WINDOW - 1 : WINDOW]), None)
    if last is not None:
        window = window.filter(**{f"{walk.key}__lte": last})
    done = [_check(check, window.order_by(), now, findings, pace) for check in walk.checks]
    if not all(done):
        findings.unfinished = True
        return False
    cursors[walk.name] = "" if last is None else getattr(last, "isoformat", last.__str__)()
    return last is None


def _check(check: Check, window: Any, now: datetime, findings: Findings, pace: Pace) -> bool:
    """Put right what looks overlooked; return whether there was time for all of it."""
    driven: list[UUID] = []
    failed: list[UUID] = []
    left = deque(check.find(window, now))
    found = len(left)
    while left and not (pace.is_over() and len(left) < found):
        pk = left.popleft()
        try:
            if check.drive(pk, now):
                driven.append(pk)
        except DatabaseError:
            raise
        except Exception:
            # One that cannot be driven keeps nobody from the next, and a person must look at it.
            log.exception("%s %s could not be driven", check.code, pk)
            failed.append(pk)
    if driven or failed:
        findings.add(check.code, len(driven) + len(failed), [*failed, *driven])
    # Those that cannot be driven would come again and again: they must not keep the walk here.
    return not left or not driven
