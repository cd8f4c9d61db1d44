"""How a team handles its incidents: its policy, and within how many minutes what should be done."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin.forms import RecordForm
from crisis_api.access.admin.one_per_team import OnePerTeamAdmin
from crisis_api.access.admin.scope import caller_of
from incidents.models import IncidentSettings, Milestone, Severity
from incidents.models.settings import default_milestone_targets
from incidents.services import settings

_NAMES = [name for name in Milestone.Name.values if name != "closed"]


def _field(severity: Severity, name: str) -> str:
    return f"{severity.word}_{name}"


class SettingsForm(RecordForm):
    """The policy, and a number of minutes for each severity and milestone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        adding = self.instance._state.adding
        stored = default_milestone_targets() if adding else self.instance.milestone_targets
        for severity in Severity:
            for name in _NAMES:
                field = _field(severity, name)
                if field in self.fields:
                    self.initial[field] = stored.get(severity.word, {}).get(name)

    def targets(self) -> dict[str, dict[str, int]]:
        """Return the minutes by severity and milestone; an empty one has no target."""
        found: dict[str, dict[str, int]] = {}
        for severity in Severity:
            kept = dict(self.instance.milestone_targets.get(severity.word, {}))
            for name in _NAMES:
                minutes = self.cleaned_data.get(_field(severity, name))
                kept.pop(name, None)
                if minutes is not None:
                    kept[name] = minutes
            found[severity.word] = kept
        return found


def _with_targets() -> type[SettingsForm]:
    """Return the form with a field for each severity and milestone."""
    fields = {
        _field(severity, name): forms.IntegerField(
            label=label, required=False, min_value=1, max_value=settings.LONGEST_MINUTES
        )
        for severity in Severity
        for name, label in Milestone.Name.choices
        if name in _NAMES
    }
    return type("TargetsForm", (SettingsForm,), fields)


@admin.register(IncidentSettings)
class IncidentSettingsAdmin(OnePerTeamAdmin):
    """One row for each team; it is made with its defaults when it is first needed."""

    view_permission = "teams.view"
    add_permission = change_permission = "teams.manage"
    form = _with_targets()
    autocomplete_fields = ("default_policy",)
    readonly_fields = ("shown_targets",)
    list_display = ("team", "default_policy")
    list_display_links = ("team", "default_policy")
    list_select_related = ("team", "default_policy")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("team", "default_policy")}),
        *(
            (
                severity.label,
                {
                    "fields": (tuple(_field(severity, name) for name in _NAMES),),
                    "description": _("Minutes from the opening; empty: no target."),
                },
            )
            for severity in reversed(Severity)
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show the minutes as one table to those who may not change them."""
        parts = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return parts
        return [(None, {"fields": ("team", "default_policy", "shown_targets")}), parts[-1]]

    @admin.display(description=_("minutes from the opening"))
    def shown_targets(self, obj: IncidentSettings) -> str:
        """The targets, a line for each severity."""
        names = dict(Milestone.Name.choices)
        lines = []
        for severity in reversed(Severity):
            minutes = obj.milestone_targets.get(severity.word, {})
            told = ", ".join(f"{names[name]} {minutes[name]}" for name in names if name in minutes)
            lines.append(f"{severity.label}: {told}")
        return "\n".join(lines)

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> IncidentSettings:
        """Make the settings of a team that has none yet."""
        row = settings.of_team(form.cleaned_data["team"], by=caller_of(request).actor)
        self.change(request, row, form, formsets)
        return row

    def change(self, request: HttpRequest, row: Any, form: Any, formsets: Any) -> None:
        """Change the settings; incidents that are open keep theirs."""
        policy = form.cleaned_data["default_policy"]
        values = {
            "default_policy": policy.pk if policy else None,
            "milestone_target_minutes": form.targets(),
        }
        by = caller_of(request).actor
        settings.change(row, by=by, version=row.version, values=values)
