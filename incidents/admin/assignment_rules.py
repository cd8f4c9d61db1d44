"""Assignment rules: who answers for a new incident. The first that fits decides."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.filters import TeamFilter
from crisis_api.access.admin.scope import caller_of
from crisis_api.lib.actors import Actor
from incidents.models import AssignmentRule
from incidents.services import assignment_rules

_CHOSEN = ("owner", "rotation", "policy")


@admin.register(AssignmentRule)
class AssignmentRuleAdmin(NounAdmin):
    """Assignment rules."""

    view_permission = "assignment_rules.view"
    add_permission = change_permission = delete_permission = "assignment_rules.manage"
    fieldsets = (
        (
            None,
            {
                "fields": ("team", "position"),
                "description": _("The rule with the lowest position that fits decides."),
            },
        ),
        (_("It fits"), {"fields": (("category", "min_severity"),)}),
        (
            _("Who answers"),
            {
                "fields": (("owner", "rotation"), "policy"),
                "description": _("A person or a rotation, not both; a policy, or both of it."),
            },
        ),
    )
    autocomplete_fields = ("owner", "rotation", "policy")
    list_display = ("position", "category", "min_severity", "owner", "rotation", "policy", "team")
    list_filter = (TeamFilter, "category")
    list_select_related = ("owner", "rotation", "policy", "team")
    search_fields = ("owner__name", "rotation__name", "policy__name")

    def _values(self, form: Any) -> dict[str, Any]:
        chosen = {name: form.cleaned_data[name] for name in _CHOSEN}
        ids = {name: row.pk if row else None for name, row in chosen.items()}
        return {**form.values("position", "category", "min_severity"), **ids}

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> AssignmentRule:
        """Make a rule."""
        team = form.cleaned_data["team"]
        by = caller_of(request).actor
        return assignment_rules.create(team=team, by=by, values=self._values(form))

    def change(self, request: HttpRequest, row: Any, form: Any, formsets: Any) -> None:
        """Change a rule."""
        by = caller_of(request).actor
        assignment_rules.change(row, by=by, version=row.version, values=self._values(form))

    def delete(self, row: Any, *, by: Actor) -> None:
        """Take a rule away."""
        assignment_rules.delete(row, by=by)
