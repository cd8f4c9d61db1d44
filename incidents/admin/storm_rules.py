"""Storm rules: how many negative mentions in how short a time open an incident."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.fields import SpanField, span_text
from crisis_api.access.admin.filters import RelatedFilter, TeamFilter
from crisis_api.access.admin.forms import RecordForm
from crisis_api.access.admin.scope import caller_of
from crisis_api.lib.actors import Actor
from incidents.models import StormRule
from incidents.services import storm_rules

_EDITED = (
    "name",
    "window_seconds",
    "min_negative",
    "factor",
    "baseline_seconds",
    "category",
    "severity",
    "is_active",
)


class StormRuleForm(RecordForm):
    """A rule. For example: 15 negative mentions within 10m, and 3 times the usual rate."""

    window_seconds = SpanField(
        label=_("Within"), initial=600, longest=timedelta(days=1), help_text=_("For example 10m.")
    )
    baseline_seconds = SpanField(
        label=_("Usual rate taken from the last"),
        initial=6 * 3600,
        longest=timedelta(days=30),
        help_text=_("For example 6h. Longer than the time above."),
    )


@admin.register(StormRule)
class StormRuleAdmin(NounAdmin):
    """Storm rules."""

    view_permission = "storm_rules.view"
    add_permission = change_permission = delete_permission = "storm_rules.manage"
    form = StormRuleForm
    fieldsets = (
        (None, {"fields": ("team", "name", "account", "is_active")}),
        (
            _("It is a storm when there are"),
            {"fields": (("min_negative", "window_seconds"), ("factor", "baseline_seconds"))},
        ),
        (_("The incident that it opens"), {"fields": (("category", "severity"),)}),
    )
    shown_as = {"window_seconds": "window", "baseline_seconds": "baseline"}
    autocomplete_fields = ("account",)
    readonly_fields = ("window", "baseline")
    list_display = ("name", "account", "min_negative", "window", "factor", "is_active", "team")
    list_filter = ("is_active", TeamFilter, ("account", RelatedFilter))
    list_select_related = ("account", "team")
    search_fields = ("name",)

    @admin.display(description=_("within"))
    def window(self, obj: StormRule) -> str:
        """In how short a time."""
        return span_text(obj.window_seconds)

    @admin.display(description=_("usual rate taken from the last"))
    def baseline(self, obj: StormRule) -> str:
        """From how long a time the usual rate comes."""
        return span_text(obj.baseline_seconds)

    def _values(self, form: Any) -> dict[str, Any]:
        account = form.cleaned_data["account"]
        return {**form.values(*_EDITED), "account": account.pk if account else None}

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> StormRule:
        """Make a rule."""
        team = form.cleaned_data["team"]
        by = caller_of(request).actor
        return storm_rules.create(team=team, by=by, values=self._values(form))

    def change(self, request: HttpRequest, row: Any, form: Any, formsets: Any) -> None:
        """Change a rule."""
        by = caller_of(request).actor
        storm_rules.change(row, by=by, version=row.version, values=self._values(form))

    def delete(self, row: Any, *, by: Actor) -> None:
        """Take a rule away."""
        storm_rules.delete(row, by=by)
