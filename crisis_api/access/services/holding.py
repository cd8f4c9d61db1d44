"""Holding everything that goes out, above all after a restore, and letting it go again.

What a backup takes for unsent may have been sent since it was made, and whoever was reminded may
have acknowledged. So a restored database sends nothing until a person has looked and releases it.
Each layer registers what it would send, so that this one need not know of messages or webhooks.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from crisis_api.access import audit
from crisis_api.access.models import SendingHold
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor

# Claims are short; sessions that sit in a transaction for longer are ended by their own limit.
UNDER_WAY_AT_MOST = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that would go out: of which team, since when, and a word without personal data."""

    team: str
    since: datetime
    label: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One kind of thing that goes out.

    `waiting(now)` returns what would be sent, the oldest first. `drop(before, now)` gives up what
    waits since before that moment, and returns how much; None where it decides for itself whether
    it is still wanted. `release(now)` does what is to be done before it goes on.
    """

    name: str
    waiting: Callable[[datetime], Iterable[Waiting]]
    drop: Callable[[datetime, datetime], int] | None = None
    release: Callable[[datetime], object] | None = None


_kinds: dict[str, Outgoing] = {}


def register(kind: Outgoing) -> None:
    """Have a kind of thing shown, dropped and released; called once, at start."""
    _kinds[kind.name] = kind


def hold(*, reason: SendingHold.Reason, by: Actor) -> bool:
    """Let nothing go out from now on; return whether it was not held before.

    When this returns, no claim that began before the hold was committed is still under way, so
    nothing is claimed any more. What was claimed already may still arrive.
    """
    with transaction.atomic():
        row, created = SendingHold.objects.get_or_create(
            defaults={"reason": reason, "held_at": clock.decisive_now()}
        )
        if created:
            audit.record("sending.held", row, team=None, by=by, data={"reason": reason})
    if created:
        _wait_for_claims_under_way()
    return created


def would_go_out(now: datetime, drop_before: datetime | None = None) -> dict[str, list[Waiting]]:
    """Return what a release would let out, by kind, the oldest first.

    Without what it would give up with the same `drop_before`.
    """
    return {
        kind.name: [
            row
            for row in kind.waiting(now)
            if drop_before is None or kind.drop is None or row.since >= drop_before
        ]
        for kind in _kinds.values()
    }


def release(*, by: Actor, drop_before: datetime | None = None) -> dict[str, int]:
    """Let go out what waits; give up first what was written before `drop_before`.

    Returns how much of each kind was given up. Reminders are never given up: each asks its subject
    whether it is still wanted, and dropping one would end its escalation in silence.
    """
    with transaction.atomic():
        row = SendingHold.objects.select_for_update().first()
        if row is None:
            return {}
        now = clock.decisive_now()
        dropped = {}
        for kind in _kinds.values():
            if drop_before is not None and kind.drop is not None:
                dropped[kind.name] = kind.drop(drop_before, now)
            if kind.release is not None:
                kind.release(now)
        audit.record("sending.released", row, team=None, by=by, data={"dropped": dropped})
        row.delete()
    return dropped


def _wait_for_claims_under_way() -> None:
    """Wait until every transaction that began before now has ended.

    A claim that read before the hold was committed could otherwise commit after it. On SQLite the
    hold's own transaction excluded every other writer.
    """
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        since = cursor.fetchone()[0]
        end = time.monotonic() + UNDER_WAY_AT_MOST.total_seconds()
        while time.monotonic() < end:
            cursor.execute(
                "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND xact_start < %s)",
                [since],
            )
            if not cursor.fetchone()[0]:
                return
            time.sleep(0.05)
