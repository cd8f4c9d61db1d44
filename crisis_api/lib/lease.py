"""Claims on rows, and the locks under which they are checked.

A claim is a conditional UPDATE with a lease and a rising fence, committed before the work begins.
Whoever holds it may work alone until the lease ends; results are stamped `WHERE id AND fence`, so a
late worker whose row was taken over changes nothing.
"""

import os
import secrets
import socket
import threading
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections, models, router, transaction
from django.db.models import F, Q, QuerySet

_mine = threading.local()


def _forget() -> None:
    """Begin anew in a forked child, which is another worker."""
    global _mine
    _mine = threading.local()


os.register_at_fork(after_in_child=_forget)


def owner_name() -> str:
    """Return the name of this worker, its thread's: host, process and chance, at most 80 letters.

    Containers number their processes alike and may share a host's name, so chance tells them apart.
    """
    if not hasattr(_mine, "token"):
        _mine.token = secrets.token_hex(6)
    return f"{socket.gethostname()[:50]}:{os.getpid()}:{_mine.token}"


def share_lock(model: type[models.Model], ids: Iterable[UUID]) -> None:
    """Keep rows from being changed until the transaction ends, without excluding other sharers.

    Locked in the order of their ids. On SQLite an immediate transaction has the database to itself
    already. Waits for a writer at most as long as the database's lock timeout.
    """
    wanted = sorted(set(ids))
    using = router.db_for_write(model)
    connection = connections[using]
    if not wanted or connection.vendor != "postgresql":
        return
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM {table} WHERE id = ANY(%s) ORDER BY id FOR SHARE",  # noqa: S608  the table is a model's
            [wanted],
        )


def shared(
    model: type[models.Model], ids: Iterable[UUID], *, skip_locked: bool = False
) -> dict[UUID, Any]:
    """Take the same locks and return the rows as they are under them, with one statement.

    Rows that somebody else is changing are waited for, or left out.
    """
    wanted = sorted(set(ids))
    using = router.db_for_write(model)
    connection = connections[using]
    if connection.vendor != "postgresql" or not wanted:
        return model._default_manager.using(using).in_bulk(wanted)
    table = connection.ops.quote_name(model._meta.db_table)
    patience = " SKIP LOCKED" if skip_locked else ""
    rows = model._default_manager.using(using).raw(
        f"SELECT * FROM {table} WHERE id = ANY(%s) ORDER BY id FOR SHARE{patience}",  # noqa: S608  the table is a model's
        [wanted],
    )
    return {row.pk: row for row in rows}


def lock(
    model: type[models.Model], ids: Iterable[UUID], *, skip_locked: bool = False
) -> list[UUID]:
    """Keep rows to ourselves until the transaction ends, and return those that there are.

    Locked in the order of their ids, so that two who lock several never wait for each other; those
    that somebody else holds are waited for, or left out. Rows that refer to them can still be
    inserted (FOR NO KEY UPDATE).
    """
    using = router.db_for_write(model)
    rows = model._base_manager.using(using).filter(pk__in=set(ids)).order_by("pk")
    return list(
        rows.select_for_update(no_key=True, skip_locked=skip_locked).values_list("pk", flat=True)
    )


def claim(
    rows: QuerySet[Any],
    *,
    owner: str,
    lease: timedelta,
    now: datetime,
    limit: int = 500,
    **values: Any,
) -> dict[UUID, int]:
    """Take up to `limit` of the rows whose lease is free or over; return the fence of each.

    Guarantee: a row is taken by one claimer at a time, until `now + lease`; its fence is higher
    than any before, so a late one's stamp (`WHERE id AND fence`) changes nothing. What another
    claimer is just taking is passed over, not waited for. `values` are set in the same UPDATE,
    such as `status="sending"`. The rows have `lease_owner`, `lease_until` and `fence`.
    """
    using = router.db_for_write(rows.model)
    free = rows.using(using).filter(Q(lease_until=None) | Q(lease_until__lte=now))
    with transaction.atomic(using=using):
        # On SQLite the immediate transaction is what keeps others out; the lock clause is left
        # out there without a word.
        picked = free.select_for_update(skip_locked=True, no_key=True, of=("self",))
        fences = dict(picked.values_list("pk", "fence")[:limit])
        if not fences:
            return {}
        mine = rows.model._default_manager.using(using).filter(pk__in=list(fences))
        stamp = {"lease_owner": owner, "lease_until": now + lease, "fence": F("fence") + 1}
        # A Record's version rises with every change.
        change = getattr(mine, "change", mine.update)
        change(**stamp, **values)
    return {pk: fence + 1 for pk, fence in fences.items()}
