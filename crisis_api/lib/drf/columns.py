"""Fields of a ReadSerializer that are made of columns, or fetched for a whole page at once."""

from collections.abc import Callable, Iterable, Sequence
from string import Formatter
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import QuerySet
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
    """Rows that belong to a row, fetched for the whole page with one more query.

    `Related(RefRead, queryset=lambda: ExternalRef.objects.filter(subject_type="incident"),
    fk="subject_id", order=["id"])`. Each row of `queryset` names its parent by the column `fk`;
    `key` is the parent's column it refers to. `flat` serves one column instead of objects.
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
        **kwargs: Any,
    ) -> None:
        self.child = child
        self.queryset = queryset
        self.fk = fk
        self.key = key
        self.order = tuple(order)
        self.flat = flat
        kwargs["source"] = "*"
        super().__init__(read_only=True, **kwargs)

    def fetch(self, keys: Sequence[Any]) -> dict[Any, list[Any]]:
        """Return what belongs to each of the keys, in one query."""
        found: dict[Any, list[Any]] = {}
        mine = self.queryset().filter(**{f"{self.fk}__in": keys}).order_by(*self.order)
        if self.flat:
            for key, value in mine.values_list(self.fk, self.flat):
                found.setdefault(key, []).append(value)
        elif isinstance(self.child, type):
            for row, (key,) in self.child.fetch(mine, self.fk):
                found.setdefault(key, []).append(row)
        return found

    def to_representation(self, value: Any) -> Any:
        """Return the rows of a model instance, where somebody serializes one after all."""
        key = getattr(value, self.key)
        return self.fetch([key]).get(key, [])
