"""Queries that are worked out once and then only run: for what every request asks.

    MEMBERS = Prepared(
        lambda: Membership.objects.filter(team_id=Argument("team", UUIDField())).values_list("role")
    )
    MEMBERS.rows(team=team.pk)        # [["viewer"], ["manager"]]

Django makes the SQL of a queryset anew each time that it runs, which takes longer than a small
query itself. Nothing of an answer is kept.
"""

from collections.abc import Callable
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Expression, Field, QuerySet


class Argument(Expression):
    """A value that is not known before the query runs; the field says of which kind it is."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Leave a place for the value."""
        return "%s", [self]

    def value(self, given: Any, connection: Any) -> Any:
        """Return the value as the database takes it."""
        return self.output_field.get_db_prep_value(given, connection)


class Prepared:
    """A query of certain columns, with Arguments where its conditions compare with a value."""

    def __init__(self, queryset: Callable[[], QuerySet[Any, Any]]) -> None:
        self._queryset = queryset
        self._known: dict[str, tuple[str, tuple[Any, ...], Any, Any]] = {}

    def rows(self, using: str = DEFAULT_DB_ALIAS, **given: Any) -> list[list[Any]]:
        """Run the query with these values, and return its rows."""
        sql, wanted, compiler, converters = self._known.get(using) or self._worked_out(using)
        connection = connections[using]
        values = [
            each.value(given[each.name], connection) if isinstance(each, Argument) else each
            for each in wanted
        ]
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            found = cursor.fetchall()
        return list(compiler.apply_converters(found, converters))

    def _worked_out(self, using: str) -> tuple[str, tuple[Any, ...], Any, Any]:
        compiler: Any = self._queryset().query.get_compiler(using=using)
        sql, wanted = compiler.as_sql()
        columns = [column for column, _sql, _alias in compiler.select]
        known = (sql, wanted, compiler, compiler.get_converters(columns))
        self._known[using] = known
        return known
