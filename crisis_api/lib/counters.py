"""Counters in rows: raised and read in one statement, under the row's lock.

    raised(Incident, "last_sequence", {incident.pk: 2})   # {pk: the value after}

Whoever raises a counter holds its row until the transaction ends, so that numbers rise in the order
of commits, and a transaction that fails leaves no gap.
"""

from collections.abc import Mapping
from typing import Any

from django.db import connections, models, router
from django.db.models import F
from django.db.models.sql import UpdateQuery


def raised(model: type[models.Model], column: str, by: Mapping[Any, int]) -> dict[Any, int]:
    """Raise the column of each of these rows, and return what it is now; missing rows are left out.

    Called inside the transaction of what is numbered.
    Several rows are locked in the order of their ids, so that two who raise the same never wait for
    each other. One statement for each distinct step, and one more where there are several.
    """
    ids_by_step: dict[int, list[Any]] = {}
    for pk in sorted(by):
        ids_by_step.setdefault(by[pk], []).append(pk)
    if len(ids_by_step) > 1:
        rows = model._base_manager.filter(pk__in=by).order_by("pk")
        list(rows.select_for_update(no_key=True).values_list("pk"))
    found: dict[Any, int] = {}
    for step, ids in ids_by_step.items():
        found |= _raised(model, column, ids, step)
    return found


def next_of(rows: models.QuerySet[Any], column: str, *, by: int = 1) -> int | None:
    """Raise the column of the one row and return what it is now; None where there is no row.

    The first that raises it in a transaction keeps all others waiting until its end.
    """
    using = router.db_for_write(rows.model)
    query: Any = rows.using(using).query.chain(UpdateQuery)
    query.add_update_values({column: F(column) + by})
    connection = connections[using]
    if not connection.features.can_return_columns_from_insert:
        value: int | None = None
        if rows.update(**{column: F(column) + by}):
            value = rows.values_list(column, flat=True).get()
        return value
    statement, values = query.get_compiler(using=using).as_sql()
    field: Any = rows.model._meta.get_field(column)
    name = connection.ops.quote_name(field.column)
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} RETURNING {name}", values)
        found = cursor.fetchone()
    return found[0] if found else None


def _raised(model: type[models.Model], column: str, ids: list[Any], step: int) -> dict[Any, int]:
    using = router.db_for_write(model)
    connection = connections[using]
    if not connection.features.can_return_columns_from_insert:
        # SQLite before 3.35 has no RETURNING.
        rows = model._base_manager.using(using).filter(pk__in=ids)
        rows.update(**{column: F(column) + step})
        return dict(rows.values_list("pk", column))
    quote: Any = connection.ops.quote_name
    meta: Any = model._meta
    table, counter = quote(meta.db_table), quote(meta.get_field(column).column)
    key = quote(meta.pk.column)
    these = f"({', '.join(['%s'] * len(ids))})"
    if connection.vendor == "postgresql" and len(ids) > 1:
        these = (
            f"(SELECT {key} FROM {table} WHERE {key} IN {these} ORDER BY {key} FOR NO KEY UPDATE)"  # noqa: S608  names of a model
        )
    statement = f"UPDATE {table} SET {counter} = {counter} + %s WHERE {key} IN {these} RETURNING {key}, {counter}"  # noqa: S608, E501  names of a model
    values = [meta.pk.get_db_prep_value(pk, connection, prepared=False) for pk in ids]
    with connection.cursor() as cursor:
        cursor.execute(statement, [step, *values])
        return {meta.pk.to_python(pk): value for pk, value in cursor.fetchall()}
