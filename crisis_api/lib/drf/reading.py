"""Output read straight from columns: lists and details without model instances."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any, cast

import orjson
from django.core.exceptions import ImproperlyConfigured
from django.db.models import F, Model, OuterRef, QuerySet
from django.db.models.expressions import RawSQL
from rest_framework import serializers

from crisis_api.lib.drf.columns import Computed, Related
from crisis_api.lib.drf.fields import InstantField, TitleField
from crisis_api.lib.drf.packing import (
    Convert,
    Gathered,
    Packed,
    conversion,
    is_necessary,
    worked_out,
)

Row = dict[str, Any]
_Get = Callable[[list[Any]], Any]

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
    """How rows of columns become objects.

    `packed` are expressions that come as one JSON array, `conversions` what makes Python's values
    of some of them, `beside` the columns that JSON cannot carry and that therefore follow it.
    """

    packed: tuple[Any, ...]
    conversions: tuple[tuple[int, Convert], ...]
    beside: tuple[str, ...]
    places: Mapping[str, int]
    parts: tuple[tuple[str, _Get], ...]

    def values(self, packed: list[Any], beside: Sequence[Any] = ()) -> list[Any]:
        """Return the values of a row, those that were packed first."""
        for place, convert in self.conversions:
            value = packed[place]
            if value is not None:
                packed[place] = convert(value)
        packed += beside
        return packed

    def build(self, values: list[Any]) -> Row:
        return {name: get(values) for name, get in self.parts}


class ReadSerializer(serializers.Serializer[Any]):
    """Output declared as DRF fields, and read without model instances.

    The fields describe the schema; worked out once, they become columns that the database packs
    (see `packing`), and a function per row. A `source` may be a path (`owner__name`), a nested
    ReadSerializer takes its columns from its source, and `Related` brings rows of other tables.
    Whatever there is of them, it is one query.

        class TeamRead(ReadSerializer):
            id = serializers.UUIDField()
            severity = WordField(words={1: "low", 2: "high"})
            actor = ActorField()

        TeamRead.rows(Team.objects.visible_to(caller))   # [{"id": …, "severity": "low", …}]
    """

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Return the columns that the rows are made of."""
        return tuple(dict.fromkeys(_columns(cls)))

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
        model: Any = queryset.model
        plan, packed = _of_table(cls, model, queryset.db)
        further = [column for column in dict.fromkeys(extra) if column not in plan.places]
        found = []
        places = {**plan.places, **{name: len(plan.places) + n for n, name in enumerate(further)}}
        wanted = [places[column] for column in extra]
        for text, *beside in queryset.values_list(packed, *plan.beside, *further):
            values = plan.values(orjson.loads(text), beside)
            found.append((plan.build(values), tuple([values[place] for place in wanted])))
        return found


@cache
def _of_table(
    serializer: type[ReadSerializer], model: type[Model], using: str
) -> tuple[_Plan, RawSQL]:
    """Return how the serializer's rows are read from the model's table, with the SQL for it."""
    plan = _plan(serializer, model._base_manager.using(using))
    return plan, worked_out(Packed(*plan.packed), model, using)


def _plan(serializer: type[ReadSerializer], rows: QuerySet[Any], *, alone: bool = True) -> _Plan:
    """Return how the serializer's rows are read; `alone`, columns that JSON can't carry are too."""
    converted = {column: conversion(rows, column) for column in serializer.columns()}
    if alone:
        # What is in other tables, or worked out by the query, is for the query to find.
        own = {each.attname for each in rows.model._meta.concrete_fields}
        converted = {name: made if name in own else None for name, made in converted.items()}
    elif None in converted.values():
        raise ImproperlyConfigured(f"{serializer.__name__} has columns that cannot be gathered.")
    carried = [(F(column), made) for column, made in converted.items() if made is not None]
    named = [column for column, made in converted.items() if made is not None]
    for name, field in _related(serializer):
        carried.append(_gathered(field))
        named.append(_of(name))
    beside = tuple(column for column, made in converted.items() if made is None)
    places = {name: place for place, name in enumerate((*named, *beside))}
    return _Plan(
        packed=tuple(expression for expression, _made in carried),
        conversions=tuple(
            (place, made) for place, (_sql, made) in enumerate(carried) if is_necessary(made)
        ),
        beside=beside,
        places=places,
        parts=tuple(_parts(serializer, "", places)),
    )


def _gathered(field: Related) -> tuple[Any, Convert]:
    """Return the SQL of the rows that belong to a row, and what makes objects of their JSON."""
    rows = field.rows_of(OuterRef(field.key))
    if field.flat:
        convert = conversion(rows, field.flat)
        if convert is None:
            raise ImproperlyConfigured(f"The column {field.flat} cannot be gathered.")
        return Gathered(rows, [F(field.flat)]), lambda found: [convert(value) for (value,) in found]
    plan = _plan(cast(type[ReadSerializer], field.row), rows, alone=False)
    return Gathered(rows, plan.packed), lambda found: [
        plan.build(plan.values(values)) for values in found
    ]


def _related(serializer: type[ReadSerializer]) -> list[tuple[str, Related]]:
    fields = serializer().fields.items()
    return [(name, field) for name, field in fields if isinstance(field, Related)]


def _of(name: str) -> str:
    # No column is called so.
    return f"*{name}"


def _columns(serializer: type[ReadSerializer], prefix: str = "") -> Iterator[str]:
    for field in serializer().fields.values():
        if isinstance(field, Related):
            yield prefix + field.key
        elif isinstance(field, Computed):
            yield from (prefix + column for column in field.columns)
        elif isinstance(field, ReadSerializer):
            yield from _columns(type(field), f"{prefix}{_source(field)}__")
        else:
            yield prefix + _source(field)


def _source(field: Any) -> str:
    return str(field.source).replace(".", "__")


def _parts(
    serializer: type[ReadSerializer], prefix: str, places: Mapping[str, int]
) -> list[tuple[str, _Get]]:
    parts: list[tuple[str, _Get]] = []
    for name, field in serializer().fields.items():
        if isinstance(field, Related):
            if prefix:
                raise ImproperlyConfigured(f"{serializer.__name__}.{name} is nested too deep.")
            parts.append((name, _made(field.made, [places[_of(name)], places[field.key]])))
        elif isinstance(field, Computed):
            parts.append((name, _made(field.make, [places[prefix + c] for c in field.columns])))
        elif isinstance(field, ReadSerializer):
            parts.append(
                (name, _nested(_parts(type(field), f"{prefix}{_source(field)}__", places)))
            )
        elif type(field) in _PLAIN:
            parts.append((name, itemgetter(places[prefix + _source(field)])))
        else:
            parts.append((name, _shown(field.to_representation, places[prefix + _source(field)])))
    return parts


def _made(make: Callable[..., Any], places: list[int]) -> _Get:
    if len(places) == 1:
        (only,) = places
        return lambda values: make(values[only])
    return lambda values: make(*[values[place] for place in places])


def _shown(show: Callable[[Any], Any], place: int) -> _Get:
    def get(values: list[Any]) -> Any:
        value = values[place]
        return None if value is None else show(value)

    return get


def _nested(parts: list[tuple[str, _Get]]) -> _Get:
    def get(values: list[Any]) -> Any:
        row = {name: part(values) for name, part in parts}
        # Nothing but nulls is what an outer join finds where nothing is referred to.
        return row if any(value is not None for value in row.values()) else None

    return get
