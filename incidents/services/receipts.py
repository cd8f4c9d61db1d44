"""Receipts: what arrived is kept first, and read afterwards."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F

from crisis_api.lib.actors import Actor
from crisis_api.lib.records import made_by
from incidents.models import Account, Receipt

# Whoever kept it, or claimed it, reads it within this time; then somebody else may.
LEASE: Final = timedelta(seconds=30)
ATTEMPTS: Final = 5
MOST_ERRORS: Final = 500
# What networks push: small, many, and read in sets.
PUSHED: Final = "webhook"

Errors = Sequence[Mapping[str, Any]]


def keep(
    account: Account,
    *,
    source: str,
    content_type: str,
    body: bytes,
    by: Actor,
    now: datetime,
    **read: Any,
) -> Receipt:
    """Store what arrived as it is. Whoever keeps it has half a minute to read it.

    What is read in the same transaction says so at once: `read` is what `finished` returns.
    """
    receipt: Receipt = Receipt.objects.create(
        team_id=account.team_id,
        account=account,
        source=source,
        content_type=content_type[:60],
        body=body,
        body_sha256=hashlib.sha256(body).hexdigest(),
        received_at=now,
        due_at=now + LEASE,
        **read,
        **made_by(by),
    )
    return receipt


def finished(*, mention_count: int, errors: Errors) -> dict[str, Any]:
    """Return the columns of a receipt that was read.

    One that holds nothing readable stays as unparsed, to be looked at.
    """
    readable = mention_count > 0 or not errors
    return {
        "status": Receipt.Status.PARSED if readable else Receipt.Status.UNPARSED,
        "mention_count": mention_count,
        "errors": [dict(error) for error in errors[:MOST_ERRORS]],
    }


def due(now: datetime, *, limit: int) -> list[tuple[UUID, datetime]]:
    """Return unread receipts that nobody works on, the longest waiting first, with their times."""
    unread = Receipt.objects.filter(status=Receipt.Status.NEW, due_at__lte=now)
    return list(unread.order_by("due_at").values_list("pk", "due_at")[:limit])


def claim(now: datetime, *, limit: int, pushed: bool, only: Collection[UUID] = ()) -> list[Receipt]:
    """Take unread receipts that are due for half a minute, their attempts counted; oldest first.

    At least once: when the time is over another may take them, which changes nothing that was
    stored already, since a mention is stored once. What another is just taking is passed over.
    """
    unread = Receipt.objects.filter(status=Receipt.Status.NEW, due_at__lte=now)
    unread = unread.filter(source=PUSHED) if pushed else unread.exclude(source=PUSHED)
    if only:
        unread = unread.filter(pk__in=list(only))
    with transaction.atomic():
        picked = unread.order_by("due_at", "pk").select_for_update(skip_locked=True, no_key=True)
        ids = list(picked.values_list("pk", flat=True)[:limit])
        if not ids:
            return []
        mine = Receipt.objects.filter(pk__in=ids)
        mine.change(due_at=now + LEASE, attempts=F("attempts") + 1)
    return list(mine.select_related("account__team").order_by("pk"))


def finish_all(told: Sequence[tuple[Receipt, int, Errors]]) -> None:
    """Note what was read of several, with a statement for each kind of outcome."""
    alike: dict[str, tuple[Mapping[str, Any], list[UUID]]] = {}
    for receipt, mention_count, errors in told:
        values = finished(mention_count=mention_count, errors=errors)
        alike.setdefault(repr(values), (values, []))[1].append(receipt.pk)
    for columns, ids in alike.values():
        Receipt.objects.filter(pk__in=ids, status=Receipt.Status.NEW).change(**columns)


def finish(receipt: Receipt, *, mention_count: int, errors: Errors) -> None:
    """Note what was read."""
    _end(receipt, finished(mention_count=mention_count, errors=errors))


def give_up(receipt: Receipt, *, reason: str) -> None:
    """Stop trying to read it; it is kept and shown."""
    told = {"line": None, "pointer": "", "code": "failed", "params": {"reason": reason}}
    _end(receipt, finished(mention_count=0, errors=[told]))


def put_off(receipt: Receipt, *, now: datetime, counted: bool) -> None:
    """Let a failed receipt wait a little longer after each attempt, or as if it never failed."""
    attempts = receipt.attempts if counted else receipt.attempts - 1
    Receipt.objects.filter(pk=receipt.pk, status=Receipt.Status.NEW).change(
        due_at=now + timedelta(seconds=2**attempts), attempts=attempts
    )


def _end(receipt: Receipt, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(receipt, name, value)
    Receipt.objects.filter(pk=receipt.pk, status=Receipt.Status.NEW).change(**values)
