"""Filters of lists, in django-filter's style and stricter: what nobody declared is 400.

class IncidentFilter(ResourceFilter):
    status = WordsFilter(words=IncidentStatus.values)        # ?status=open,acknowledged
    severity = WordsFilter(words={"low": 1, "high": 3})      # words outside, numbers inside
    owner = IdFilter(field_name="owner_id", allow_none=True) # ?owner=<uuid>, ?owner=none
    opened_at = InstantRange()                               # ?opened_at__gte=, __gt, __lte, __lt
    q = SearchFilter("search_text")
    ordering = OrderingFilter(
        {"severity": "severity", "opened_at": "opened_at"}, default="-opened_at"
    )
"""

import copy
from collections.abc import Iterable
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import QueryDict
from django.utils.translation import gettext as _

from crisis_api.lib.drf import pages
from crisis_api.lib.drf.filter_kinds import (
    FlagFilter,
    IdFilter,
    InstantFilter,
    InstantRange,
    NumberFilter,
    NumberRange,
    OrderingFilter,
    QueryFilter,
    Range,
    SearchFilter,
    TextFilter,
    WordsFilter,
)
from crisis_api.lib.drf.problems import escaped
from crisis_api.lib.errors import FieldError, Invalid

__all__ = [
    "FlagFilter",
    "IdFilter",
    "InstantFilter",
    "InstantRange",
    "NumberFilter",
    "NumberRange",
    "OrderingFilter",
    "QueryFilter",
    "ResourceFilter",
    "SearchFilter",
    "TextFilter",
    "WordsFilter",
    "refuse_unknown",
]


class ResourceFilter(django_filters.FilterSet):  # type: ignore[misc]  # no types are published
    """The filters of one resource's list."""

    @classmethod
    def get_filters(cls) -> dict[str, Any]:
        """Return the declared filters, with the four that each Range stands for."""
        filters: dict[str, Any] = super().get_filters()
        for base in reversed(cls.__mro__):
            for name, value in vars(base).items():
                if isinstance(value, Range):
                    filters.update(value.filters(name))
        return filters

    def __init__(self, params: QueryDict, queryset: QuerySet[Any]) -> None:
        refuse_unknown(params, {*self.base_filters, *pages.PARAMETERS})
        # Only what is asked for: copying and validating the rest is most of the cost.
        self.is_bound = True
        self.data = params
        self.queryset = queryset
        self.request = None
        self.form_prefix = None
        self.filters = {
            name: copy.deepcopy(self.base_filters[name])
            for name in params
            if name in self.base_filters
        }
        for filter_ in self.filters.values():
            filter_.parent = self
            filter_.model = queryset.model
        if not self.form.is_valid():
            raise Invalid(errors=_form_errors(self.form))

    def ordering(self, otherwise: pages.Ordering) -> pages.Ordering:
        """Return the order asked for, or the filters' default, or the given one."""
        declared = self.base_filters.get("ordering")
        if not isinstance(declared, OrderingFilter):
            return otherwise
        chosen = self.form.cleaned_data.get("ordering")
        return chosen if isinstance(chosen, pages.Ordering) else declared.default


def _form_errors(form: BaseForm) -> list[FieldError]:
    return [
        FieldError(f"/query/{name}", str(error.code or "invalid"), "; ".join(error.messages))
        for name, errors in form.errors.as_data().items()
        for error in errors
    ]


def refuse_unknown(params: QueryDict, known: Iterable[str]) -> None:
    """Raise 400 for query parameters that nobody declared, that come twice, or that hold NUL."""
    names = set(known)
    errors = []
    for name in params:
        pointer = f"/query/{escaped(name)}"
        values = params.getlist(name)
        if name not in names:
            errors.append(FieldError(pointer, "unknown_parameter", _("No such parameter.")))
        elif len(values) > 1:
            errors.append(FieldError(pointer, "repeated_parameter", _("Given more than once.")))
        elif "\x00" in values[0]:
            errors.append(FieldError(pointer, "forbidden_character", _("NUL is not allowed.")))
    if errors:
        raise Invalid(errors=errors[:20])
