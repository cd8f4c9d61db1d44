"""The kinds of filters that lists offer; `filters` puts them together."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from uuid import UUID

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError as InvalidField

from crisis_api.lib.drf import pages
from crisis_api.lib.drf.fields import InstantField
from crisis_api.lib.drf.lookups import canonical_uuid
from crisis_api.lib.folding import fold

_LONGEST = 2000
_LARGEST = 10**15 - 1
# 5.0 is an integer to JSON Schema.
_NUMBER = re.compile(r"(-?[0-9]{1,15})(?:\.0{1,3})?")
_NO_NUL = {"pattern": r"^[^\u0000]*$"}
_MOST_VALUES = 100


class QueryFilter(django_filters.Filter):  # type: ignore[misc]  # no types are published
    """A filter that knows how it is written in the schema."""

    def clean(self, text: str) -> Any:
        """Return the value that the parameter's text means, or raise ValidationError."""
        return text

    @property
    def field(self) -> forms.Field:
        """Return the form field that django-filter validates with."""
        return _Field(self)

    def schema(self) -> dict[str, Any]:
        """Return the parameter's JSON schema."""
        return {"type": "string"}


class _Field(forms.CharField):
    def __init__(self, owner: QueryFilter) -> None:
        super().__init__(required=False, strip=False, max_length=_LONGEST)
        self.owner = owner

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return None if value is None else self.owner.clean(text)


class WordsFilter(QueryFilter):
    """One of several words, or more of them with commas; `words` may map them to numbers."""

    def __init__(self, *args: Any, words: Iterable[str] | Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = words if isinstance(words, Mapping) else {word: word for word in words}
        self.words: dict[str, Any] = dict(stored)

    def clean(self, text: str) -> list[Any]:
        """Return the stored values of the words."""
        unknown = [word for word in text.split(",") if word not in self.words]
        if unknown:
            allowed = ", ".join(self.words)
            raise ValidationError(_("One or more of: %s.") % allowed, code="unknown_word")
        return [self.words[word] for word in dict.fromkeys(text.split(","))]

    def filter(self, qs: QuerySet[Any], value: list[Any] | None) -> QuerySet[Any]:
        """Keep rows with any of the values."""
        return qs if value is None else qs.filter(_any_of(self.field_name, value))

    def schema(self) -> dict[str, Any]:
        """Return a list with commas."""
        one = {"type": "string", "enum": list(self.words)}
        return {"type": "array", "items": one, "minItems": 1}


class IdFilter(QueryFilter):
    """A UUID, or more of them with commas; `none` where `allow_none`."""

    def __init__(self, *args: Any, allow_none: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.allow_none = allow_none

    def clean(self, text: str) -> list[UUID | None]:
        """Return the ids, None for `none`."""
        parts = text.split(",")
        if len(parts) > _MOST_VALUES:
            raise ValidationError(_("At most %s values.") % _MOST_VALUES, code="too_many")
        ids: list[UUID | None] = []
        for part in parts:
            found = None if self.allow_none and part == "none" else canonical_uuid(part)
            if found is None and part != "none":
                raise ValidationError(_("Not a UUID."), code="invalid_uuid")
            ids.append(found)
        if None in ids and not self.allow_none:
            raise ValidationError(_("Not a UUID."), code="invalid_uuid")
        return ids

    def filter(self, qs: QuerySet[Any], value: list[UUID | None] | None) -> QuerySet[Any]:
        """Keep rows with any of the ids."""
        if value is None:
            return qs
        chosen = _any_of(self.field_name, [each for each in value if each is not None])
        if None in value:
            chosen |= Q(**{f"{self.field_name}__isnull": True})
        return qs.filter(chosen)

    def schema(self) -> dict[str, Any]:
        """Return a list with commas."""
        one: dict[str, Any] = {"type": "string", "format": "uuid"}
        if self.allow_none:
            one = {"anyOf": [one, {"const": "none"}]}
        return {"type": "array", "items": one, "minItems": 1, "maxItems": _MOST_VALUES}


def _any_of(name: str, values: list[Any]) -> Q:
    return Q(**{name: values[0]}) if len(values) == 1 else Q(**{f"{name}__in": values})


class TextFilter(QueryFilter):
    """Exactly this text."""

    def __init__(self, *args: Any, max_length: int = 200, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.max_length = max_length

    def clean(self, text: str) -> str:
        """Return the text, not empty and not longer than what is stored."""
        if not 0 < len(text) <= self.max_length:
            message = _("1 to %s characters.") % self.max_length
            raise ValidationError(message, code="invalid_length")
        return text

    def schema(self) -> dict[str, Any]:
        """Return a bounded string."""
        return {"type": "string", "minLength": 1, "maxLength": self.max_length, **_NO_NUL}


class FlagFilter(QueryFilter):
    """`true` or `false`. With `lookup_expr="isnull"` and `exclude=True`: whether there is one."""

    def clean(self, text: str) -> bool:
        """Return the truth value."""
        if text not in ("true", "false"):
            raise ValidationError(_("true or false."), code="invalid_flag")
        return text == "true"

    def filter(self, qs: QuerySet[Any], value: bool | None) -> QuerySet[Any]:
        """Keep rows of which it is so."""
        if value is None:
            return qs
        wanted = value != self.exclude
        return qs.filter(**{f"{self.field_name}__{self.lookup_expr}": wanted})

    def schema(self) -> dict[str, Any]:
        """Return a boolean."""
        return {"type": "boolean"}


class NumberFilter(QueryFilter):
    """A whole number."""

    def clean(self, text: str) -> int:
        """Return the number."""
        found = _NUMBER.fullmatch(text)
        if found is None:
            raise ValidationError(_("A whole number."), code="invalid_number")
        return int(found[1])

    def schema(self) -> dict[str, Any]:
        """Return a bounded integer."""
        return {"type": "integer", "minimum": -_LARGEST, "maximum": _LARGEST}


class InstantFilter(QueryFilter):
    """A moment in RFC 3339 with its offset."""

    def clean(self, text: str) -> Any:
        """Return the moment. A blank is the plus of an offset that was not escaped."""
        try:
            return InstantField(any_year=True).to_internal_value(text.replace(" ", "+"))
        except InvalidField as error:
            raise ValidationError(_("Expected RFC 3339."), code="invalid_instant") from error

    def schema(self) -> dict[str, Any]:
        """Return a date and time."""
        return {"type": "string", "format": "date-time"}


class Range:
    """Stands for four filters, `<name>__gte`, `__gt`, `__lte` and `__lt`."""

    kind: ClassVar[type[QueryFilter]]
    lookups = ("gte", "gt", "lte", "lt")

    def __init__(self, field_name: str = "") -> None:
        self.field_name = field_name

    def filters(self, name: str) -> dict[str, QueryFilter]:
        """Return the filters by parameter name."""
        column = self.field_name or name
        return {
            f"{name}__{lookup}": self.kind(field_name=column, lookup_expr=lookup)
            for lookup in self.lookups
        }


class InstantRange(Range):
    """Moments from and to."""

    kind = InstantFilter


class NumberRange(Range):
    """Whole numbers from and to."""

    kind = NumberFilter


class SearchFilter(QueryFilter):
    """Words that all must occur in a folded column, in any order (see `crisis_api.lib.folding`)."""

    def __init__(self, column: str = "search_text", **kwargs: Any) -> None:
        super().__init__(field_name=column, **kwargs)

    def clean(self, text: str) -> list[str]:
        """Return the folded words."""
        if len(text) > 200:
            raise ValidationError(_("At most 200 characters."), code="invalid_length")
        return fold(text).split()[:10]

    def filter(self, qs: QuerySet[Any], value: list[str] | None) -> QuerySet[Any]:
        """Keep rows in which every word occurs."""
        for word in value or ():
            qs = qs.filter(**{f"{self.field_name}__contains": word})
        return qs

    def schema(self) -> dict[str, Any]:
        """Return a bounded string."""
        return {"type": "string", "maxLength": 200, **_NO_NUL}


class OrderingFilter(QueryFilter):
    """In which order: up to three of the declared names with commas, `-` for falling.

    `fields` maps public names to columns; the page is made in this order.
    """

    def __init__(self, fields: Mapping[str, str], *, default: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fields = dict(fields)
        self.default = self.clean(default)

    def clean(self, text: str) -> pages.Ordering:
        """Return the ordering."""
        names = text.split(",")
        bare = [name.removeprefix("-") for name in names]
        if len(names) > 3 or not set(bare) <= set(self.fields):
            allowed = ", ".join(self.fields)
            raise ValidationError(_("Up to three of: %s.") % allowed, code="unknown_ordering")
        # Naming one again changes nothing: rows that meet there are alike in it.
        terms = {
            name.lstrip("-"): pages.Term(self.fields[name.lstrip("-")], name[0] == "-")
            for name in reversed(names)
        }
        return pages.Ordering(text, tuple(terms[name] for name in dict.fromkeys(bare)))

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Leave the order to the page."""
        return qs

    def schema(self) -> dict[str, Any]:
        """Return a list of names with commas."""
        names = [sign + name for name in self.fields for sign in ("", "-")]
        return {
            "type": "array",
            "items": {"type": "string", "enum": names},
            "minItems": 1,
            "maxItems": 3,
            "default": self.default.public.split(","),
        }
