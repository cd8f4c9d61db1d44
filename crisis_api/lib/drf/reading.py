"""Output read straight from columns: lists and details without model instances."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet
from rest_framework import serializers

from crisis_api.lib.drf.columns import Computed, Related
from crisis_api.lib.drf.fields import InstantField, TitleField

Row = dict[str, Any]
_Get = Callable[[tuple[Any, ...]], Any]

# Served as the database driver gives them; the renderer writes times and UUIDs.
_PLAIN = frozenset(
    {
        serializers.BooleanField,
        serializers.CharField,
        serializers.ChoiceField,
        serializers.DateField,
        serializers.DateTimeField,
        serializers.DictField,
        serializers.EmailField,
        serializers.FloatField,
        serializers.IntegerField,
        serializers.JSONField,
        serializers.ListField,
        serializers.ReadOnlyField,
        serializers.SlugField,
        serializers.URLField,
        serializers.UUIDField,
        InstantField,
        TitleField,
    }
)


@dataclass(frozen=True)
class _Plan:
    """How rows of columns become objects."""

    columns: tuple[str, ...]
    parts: tuple[tuple[str, _Get], ...]
    related: tuple[tuple[str, Related], ...]

    def build(self, values: tuple[Any, ...]) -> Row:
        return {name: get(values) for name, get in self.parts}

    def attach(self, rows: list[Row]) -> None:
        """Put what belongs to the rows where their keys stand."""
        for name, related in self.related:
            found = related.fetch([row[name] for row in rows]) if rows else {}
            for row in rows:
                row[name] = found.get(row[name], [])


class ReadSerializer(serializers.Serializer[Any]):
    """Output declared as DRF fields, and read without model instances.

    The fields describe the schema; compiled once, they become `columns()` for
    `queryset.values_list()` and a function per row. A `source` may be a path (`owner__name`), a
    nested ReadSerializer takes its columns from its source, and `Related` costs one more query.

        class TeamRead(ReadSerializer):
            id = serializers.UUIDField()
            severity = WordField(words={1: "low", 2: "high"})
            actor = ActorField()

        TeamRead.rows(Team.objects.visible_to(caller))   # [{"id": …, "severity": "low", …}]
    """

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Return the columns that the rows are made of."""
        return _plan(cls).columns

    @classmethod
    def rows(cls, queryset: QuerySet[Any]) -> list[Row]:
        """Return the queryset's rows as they are served."""
        return [row for row, _extra in cls.fetch(queryset)]

    @classmethod
    def row(cls, queryset: QuerySet[Any]) -> Row | None:
        """Return the first row, None where there is none."""
        return next(iter(cls.rows(queryset[:1])), None)

    @classmethod
    def fetch(cls, queryset: QuerySet[Any], *extra: str) -> list[tuple[Row, tuple[Any, ...]]]:
        """Return each row with the values of further columns, such as those it is ordered by."""
        plan = _plan(cls)
        wanted = list(dict.fromkeys((*plan.columns, *extra)))
        places = [wanted.index(column) for column in extra]
        found = [
            (plan.build(values), tuple([values[place] for place in places]))
            for values in queryset.values_list(*wanted)
        ]
        if plan.related:
            plan.attach([row for row, _extra in found])
        return found


@cache
def _plan(serializer: type[ReadSerializer]) -> _Plan:
    columns: dict[str, int] = {}
    related: list[tuple[str, Related]] = []
    parts = _parts(serializer, "", columns, related)
    return _Plan(tuple(columns), tuple(parts), tuple(related))


def _parts(
    serializer: type[ReadSerializer],
    prefix: str,
    columns: dict[str, int],
    related: list[tuple[str, Related]] | None,
) -> list[tuple[str, _Get]]:
    def place(column: str) -> int:
        return columns.setdefault(prefix + column, len(columns))

    parts: list[tuple[str, _Get]] = []
    for name, field in serializer().fields.items():
        source = str(field.source).replace(".", "__")
        if isinstance(field, Related):
            if related is None:
                raise ImproperlyConfigured(f"{serializer.__name__}.{name} is nested too deep.")
            related.append((name, field))
            parts.append((name, itemgetter(place(field.key))))
        elif isinstance(field, Computed):
            parts.append((name, _made(field.make, [place(each) for each in field.columns])))
        elif isinstance(field, ReadSerializer):
            inner = _parts(type(field), f"{prefix}{source}__", columns, None)
            parts.append((name, _nested(inner)))
        elif type(field) in _PLAIN:
            parts.append((name, itemgetter(place(source))))
        else:
            parts.append((name, _shown(field.to_representation, place(source))))
    return parts


def _made(make: Callable[..., Any], places: list[int]) -> _Get:
    if len(places) == 1:
        (only,) = places
        return lambda values: make(values[only])
    return lambda values: make(*[values[place] for place in places])


def _shown(show: Callable[[Any], Any], place: int) -> _Get:
    def get(values: tuple[Any, ...]) -> Any:
        value = values[place]
        return None if value is None else show(value)

    return get


def _nested(parts: list[tuple[str, _Get]]) -> _Get:
    def get(values: tuple[Any, ...]) -> Any:
        row = {name: part(values) for name, part in parts}
        # Nothing but nulls is what an outer join finds where nothing is referred to.
        return row if any(value is not None for value in row.values()) else None

    return get
