"""Fields of a ReadSerializer that are made of columns, or of rows that belong to the row."""

from collections.abc import Callable, Iterable, Sequence
from string import Formatter
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import OuterRef, QuerySet
from rest_framework import serializers

if TYPE_CHECKING:
    from crisis_api.lib.drf.reading import ReadSerializer

Make = Callable[..., Any]
_Field = serializers.Field[Any, Any, Any, Any]


class Computed(_Field):
    """A value worked out from columns of the row: `make` gets them in order.

    `child` is a serializer field that describes the value in the schema:
    `Computed(columns=["opened_at", "resolved_at"], make=minutes_between, child=IntegerField())`.
    """

    def __init__(self, *, columns: Sequence[str], make: Make, child: _Field, **kwargs: Any) -> None:
        self.columns = tuple(columns)
        self.make = make
        self.child = child
        kwargs["source"] = "*"
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Any) -> Any:
        """Return the value of a model instance, where somebody serializes one after all."""
        return self.make(*(getattr(value, column) for column in self.columns))


class ActorSerializer(serializers.Serializer[Any]):
    """Who did it."""

    type = serializers.ChoiceField(choices=["user", "api_key", "system"])
    id = serializers.UUIDField(allow_null=True)


class ActorField(Computed):
    """Who did it, from `<prefix>_type` and `<prefix>_id`."""

    def __init__(self, *, prefix: str = "actor", **kwargs: Any) -> None:
        super().__init__(
            columns=(f"{prefix}_type", f"{prefix}_id"),
            make=_actor,
            child=ActorSerializer(),
            **kwargs,
        )


def _actor(kind: str | None, number: Any) -> dict[str, Any] | None:
    return {"type": kind, "id": number} if kind else None


class HtmlUrlField(Computed):
    """Where people look at it: `HtmlUrlField("/admin/incidents/incident/{id}/change/")`.

    Names in braces are columns; the address begins with PUBLIC_URL.
    """

    def __init__(self, pattern: str, **kwargs: Any) -> None:
        self.pattern = pattern
        columns = [name for _text, name, _spec, _conversion in Formatter().parse(pattern) if name]
        super().__init__(
            columns=columns, make=self._address, child=serializers.URLField(), **kwargs
        )

    def _address(self, *values: Any) -> str:
        return settings.PUBLIC_URL + self.pattern.format(
            **dict(zip(self.columns, values, strict=True))
        )


class Related(_Field):
    """Rows that belong to a row, which come with it, in the same query.

    `Related(RefRead, queryset=lambda: ExternalRef.objects.filter(subject_type="incident"),
    fk="subject_id", order=["id"])`. Each row of `queryset` names its parent by the column `fk`;
    `key` is the parent's column it refers to. `flat` serves one column instead of objects.
    `queryset` is asked once, so it may not depend on the time or on who asks. `row` says what is
    read where it isn't `child`, which describes what is served.
    """

    def __init__(
        self,
        child: "type[ReadSerializer] | _Field",
        *,
        queryset: Callable[[], QuerySet[Any]],
        fk: str,
        key: str = "id",
        order: Iterable[str] = ("id",),
        flat: str = "",
        row: "type[ReadSerializer] | None" = None,
        **kwargs: Any,
    ) -> None:
        self.child = child
        self.queryset = queryset
        self.fk = fk
        self.key = key
        self.order = tuple(order)
        self.flat = flat
        self.row = row or (child if isinstance(child, type) else type(child))
        kwargs["source"] = "*"
        super().__init__(read_only=True, **kwargs)

    def rows_of(self, parent: OuterRef) -> QuerySet[Any]:
        """Return the rows that belong to the parent with this key, in their order."""
        return self.queryset().filter(**{self.fk: parent}).order_by(*self.order)

    def made(self, rows: list[Any], key: Any) -> Any:
        """Return what is served of the rows of the parent with this key."""
        return rows


class RelatedOne(Related):
    """The first of the rows that belong to a row; null where there is none."""

    def rows_of(self, parent: OuterRef) -> QuerySet[Any]:
        """Return the first row that belongs to the parent with this key."""
        return super().rows_of(parent)[:1]

    def made(self, rows: list[Any], key: Any) -> Any:
        """Return the row or None."""
        return next(iter(rows), None)
