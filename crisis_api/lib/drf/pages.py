"""Keyset pages: `{results, next, previous}`, as quick at any depth, and right among ties.

A cursor says where a page begins: the values of the ordering columns and the id of a row, and
whether what follows it or what precedes it is wanted. It is no secret: it is checked, not trusted.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import BooleanField, DateTimeField, Field, IntegerField, Q, QuerySet
from django.db.models.expressions import F, OrderBy
from rest_framework.request import Request
from rest_framework.utils.urls import remove_query_param, replace_query_param

from crisis_api.lib.drf.reading import ReadSerializer
from crisis_api.lib.errors import FieldError, Invalid

PAGE_SIZE = 25
MAX_PAGE_SIZE = 200
PARAMETERS = frozenset({"cursor", "page_size"})
_LONGEST_CURSOR = 2000
_INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Term:
    """One column of an ordering."""

    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Ordering:
    """In which order rows come; the id settles ties, in the direction of the last column.

    `public` is how a caller writes it, so that a cursor of another ordering is recognised.
    """

    public: str
    terms: tuple[Term, ...]

    @classmethod
    def by(cls, *columns: str) -> "Ordering":
        """Return the ordering by columns written as Django does: `by("-opened_at")`."""
        terms = tuple(Term(each.lstrip("-"), each.startswith("-")) for each in columns)
        return cls(",".join(columns), terms)

    def keys(self, tie: str = "id") -> tuple[Term, ...]:
        """Return the columns up to the one that settles ties, which nothing need follow."""
        for place, term in enumerate(self.terms):
            if term.column == tie:
                return self.terms[: place + 1]
        return (*self.terms, Term(tie, bool(self.terms) and self.terms[-1].descending))


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins; without values at the very end (backward) or beginning."""

    values: tuple[Any, ...] | None
    backward: bool = False


def page(
    queryset: QuerySet[Any],
    serializer: type[ReadSerializer],
    ordering: Ordering,
    request: Request,
) -> dict[str, Any]:
    """Return the page that the request's `cursor` and `page_size` ask for; one query, no COUNT."""
    size = page_size(request)
    keys = ordering.keys()
    columns = [_Column.of(queryset, term) for term in keys]
    cursor = _read(request.query_params.get("cursor"), ordering, columns)
    if cursor.values is not None:
        queryset = queryset.filter(_beyond(columns, cursor.values, cursor.backward))
    queryset = queryset.order_by(*(column.order(cursor.backward) for column in columns))
    found = serializer.fetch(queryset[: size + 1], *(term.column for term in keys))
    more = len(found) > size
    found = found[:size]
    if cursor.backward:
        found.reverse()
    before, after = _neighbours(cursor, [values for _row, values in found], more)
    return {
        "results": [row for row, _values in found],
        "next": _link(request, ordering, after),
        "previous": _link(request, ordering, before),
    }


def _neighbours(
    cursor: Cursor, rows: Sequence[tuple[Any, ...]], more: bool
) -> tuple[Cursor | None, Cursor | None]:
    """Return where the pages before and after begin, None where there is none."""
    started = cursor.values is not None
    if not rows:
        # Whoever went past the end turns round there; whoever went past the beginning likewise.
        turned = Cursor(None, not cursor.backward) if started else None
        return (None, turned) if cursor.backward else (turned, None)
    first, last = Cursor(rows[0], backward=True), Cursor(rows[-1])
    if cursor.backward:
        return (first if more else None), (last if started else None)
    return (first if started else None), (last if more else None)


def page_size(request: Request) -> int:
    """Return the `page_size` asked for: 25 unless told, 200 at most, anything else 400."""
    text = request.query_params.get("page_size")
    if text is None:
        return PAGE_SIZE
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= MAX_PAGE_SIZE:
        detail = f"A number from 1 to {MAX_PAGE_SIZE}."
        raise Invalid(errors=[FieldError("/query/page_size", "out_of_range", detail)])
    return int(text)


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the ordering with what must be known to compare with it."""

    term: Term
    field: "Field[Any, Any]"
    nullable: bool

    @classmethod
    def of(cls, queryset: QuerySet[Any], term: Term) -> "_Column":
        annotation = queryset.query.annotations.get(term.column)
        if annotation is not None:
            return cls(term, annotation.output_field, nullable=True)
        model: Any = queryset.model
        nullable = False
        *path, name = term.column.split("__")
        for step in path:
            relation = model._meta.get_field(step)
            nullable = nullable or relation.null
            model = relation.related_model
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:
            # `owner_id` is the column of `owner`.
            field = next(each for each in model._meta.fields if each.attname == name)
        return cls(term, field, nullable or field.null)

    def order(self, backward: bool) -> OrderBy:
        """Return the ORDER BY term; nulls come last."""
        falling = self.term.descending != backward
        expression = F(self.term.column)
        # Only where there may be some: an index serves NULLS LAST in one direction only.
        nulls: dict[str, Any] = {}
        if self.nullable:
            nulls = {"nulls_first": True} if backward else {"nulls_last": True}
        return expression.desc(**nulls) if falling else expression.asc(**nulls)

    def value(self, raw: Any) -> Any:
        """Return a cursor's value in the column's type, or raise ValueError."""
        if raw is None:
            if not self.nullable:
                raise ValueError
            return None
        if isinstance(raw, str) and "\x00" in raw:
            raise ValueError
        field = getattr(self.field, "target_field", self.field)
        if isinstance(field, BooleanField) != isinstance(raw, bool):
            raise ValueError
        value = field.to_python(raw)
        if isinstance(field, IntegerField) and value not in _INT64:
            raise ValueError
        if isinstance(field, DateTimeField) and not _comparable(value):
            raise ValueError
        return value


def _comparable(at: Any) -> bool:
    # Without a zone it is no moment; at the ends of the calendar it has no equal in UTC.
    return isinstance(at, datetime) and at.tzinfo is not None and at.year in range(2, 9999)


def _beyond(columns: Sequence[_Column], values: Sequence[Any], backward: bool) -> Q:
    """Return the condition of the rows after the values (before them, going backward).

    `col <= c AND (col < c OR …)` rather than the usual `col < c OR (col = c AND …)`: an index on
    the first column bounds the former on SQLite too.
    """
    (column, *others), (value, *rest) = columns, values
    name = column.term.column
    falling = column.term.descending != backward
    strict, loose = ("lt", "lte") if falling else ("gt", "gte")
    further = Q(**{f"{name}__{strict}": value})
    if not others:
        return further
    ties = _beyond(others, rest, backward)
    if value is None:
        among_nulls = Q(**{f"{name}__isnull": True}) & ties
        return Q(**{f"{name}__isnull": False}) | among_nulls if backward else among_nulls
    bounded = Q(**{f"{name}__{loose}": value}) & (further | ties)
    if column.nullable and not backward:
        return bounded | Q(**{f"{name}__isnull": True})
    return bounded


def _read(text: str | None, ordering: Ordering, columns: Sequence[_Column]) -> Cursor:
    if text is None:
        return Cursor(None)
    try:
        public, raw, backward = _decoded(text)
        if public != ordering.public:
            raise _refused("cursor_of_another_ordering", "This cursor belongs to another ordering.")
        if raw is None:
            return Cursor(None, backward)
        if len(raw) != len(columns):
            raise ValueError
        values = tuple(column.value(each) for column, each in zip(columns, raw, strict=True))
    except (ValueError, TypeError, OverflowError, ValidationError):
        raise _refused("invalid_cursor", "This is no cursor of ours.") from None
    return Cursor(values, backward)


def _decoded(text: str) -> tuple[str, list[Any] | None, bool]:
    if len(text) > _LONGEST_CURSOR:
        raise ValueError
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        packed = base64.b64decode(padded, altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError from None
    public, values, direction = orjson.loads(packed)
    if direction not in ("next", "previous") or not isinstance(values, list | None):
        raise ValueError
    return public, values, direction == "previous"


def _refused(code: str, detail: str) -> Invalid:
    return Invalid(errors=[FieldError("/query/cursor", code, detail)])


def _link(request: Request, ordering: Ordering, cursor: Cursor | None) -> str | None:
    if cursor is None:
        return None
    url = request.build_absolute_uri()
    if cursor.values is None and not cursor.backward:
        return str(remove_query_param(url, "cursor"))
    direction = "previous" if cursor.backward else "next"
    values = None if cursor.values is None else [_packed(each) for each in cursor.values]
    packed = base64.urlsafe_b64encode(orjson.dumps([ordering.public, values, direction]))
    return str(replace_query_param(url, "cursor", packed.rstrip(b"=").decode("ascii")))


def _packed(value: Any) -> Any:
    # orjson knows times and UUIDs; what it doesn't know is written as text and read by its field.
    return value if value is None or isinstance(value, int | float | str | UUID) else str(value)
