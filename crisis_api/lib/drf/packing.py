"""Columns that the database hands over as JSON: one text for a row, with what belongs to it inside.

A driver makes a Python value of each column by itself, and Django works the SQL of each column out
again with every query; together that takes longer than the database does. Here the SQL of all
columns is worked out once for each database, and a row is one JSON array, taken apart at once.
Conditions, order and limits are none of it: Django makes them anew for each query, as ever.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist
from django.db.models import (
    Expression,
    Field,
    ForeignObject,
    Func,
    JSONField,
    Model,
    QuerySet,
    Subquery,
    TextField,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast
from django.db.models.sql import Query

Convert = Callable[[Any], Any]


def _as_it_is(value: Any) -> Any:
    return value


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    # SQLite keeps times in UTC, without saying so.
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


# What JSON carries without loss, on every database. Numbers with a fraction are none of it, since
# SQLite writes fifteen digits of them, nor are bytes and what is encrypted.
_CARRIED: dict[str, Convert] = {
    **dict.fromkeys(("CharField", "SlugField", "TextField", "JSONField"), _as_it_is),
    **dict.fromkeys(("AutoField", "BigAutoField", "IntegerField", "BigIntegerField"), _as_it_is),
    **dict.fromkeys(("SmallIntegerField", "PositiveSmallIntegerField"), _as_it_is),
    **dict.fromkeys(("PositiveIntegerField", "PositiveBigIntegerField"), _as_it_is),
    "BooleanField": bool,
    "DateTimeField": _instant,
    "UUIDField": UUID,
}


def conversion(rows: QuerySet[Any], column: str) -> Convert | None:
    """Return what makes the column's value of its JSON; None where JSON cannot carry it."""
    field = _field(rows, column)
    while isinstance(field, ForeignObject):
        field = field.target_field
    if field is None or (hasattr(field, "from_db_value") and not isinstance(field, JSONField)):
        return None
    return _CARRIED.get(field.get_internal_type())


def is_necessary(convert: Convert) -> bool:
    """Whether it changes anything."""
    return convert is not _as_it_is


def _field(rows: QuerySet[Any], column: str) -> "Field[Any, Any] | None":
    annotation = rows.query.annotations.get(column)
    if annotation is not None:
        found: Field[Any, Any] = annotation.output_field
        return found
    model: Any = rows.model
    *path, name = column.split("__")
    try:
        for step in path:
            model = model._meta.get_field(step).related_model
    except FieldDoesNotExist:
        return None
    # `owner_id` is the column of `owner`.
    return next((each for each in model._meta.fields if name in (each.attname, each.name)), None)


class Packed(Func):
    """Columns as one JSON array."""

    function = "json_build_array"
    output_field = JSONField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Say of each column that is JSON that it is, since SQLite keeps it as a text."""
        made = self.copy()
        made.set_source_expressions(
            [
                Func(each, function="json") if isinstance(each.output_field, JSONField) else each
                for each in made.get_source_expressions()
            ]
        )
        return made.as_sql(compiler, connection, function="json_array", **context)


class Gathered(Subquery):
    """Columns of each row of a queryset, in its order, as one JSON array of arrays."""

    output_field = JSONField()
    template = "(SELECT coalesce(json_agg(_row.packed), '[]') FROM (%(subquery)s) _row)"

    def __init__(self, rows: QuerySet[Any], columns: Sequence[Any]) -> None:
        super().__init__(rows.values(packed=Packed(*columns)))

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Gather them with SQLite's own function."""
        template = "(SELECT json_group_array(json(_row.packed)) FROM (%(subquery)s) _row)"
        return self.as_sql(compiler, connection, template=template, **context)


def worked_out(columns: Expression, model: type[Model], using: str) -> RawSQL:
    """Return an expression over the model's table with its SQL worked out, for any query of it."""
    query: Any = Query(model)
    query.get_initial_alias()
    compiler = query.get_compiler(using=using)
    resolved = Cast(columns, TextField()).resolve_expression(query)
    sql, params = compiler.compile(resolved)
    return RawSQL(sql, params, TextField())  # noqa: S611  Django's own, of our own columns
