"""What every page of the admin shares: its rows are those of the person's teams, and what is typed
is stored by the services of the API, which refuse the same things there and here.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import BadRequest, ValidationError
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from crisis_api.access.admin import display
from crisis_api.access.admin.deleting import Deleting
from crisis_api.access.admin.forms import RecordForm
from crisis_api.access.admin.lines import ChoicesOfTheTeam
from crisis_api.access.admin.panels import Panel
from crisis_api.access.admin.scope import caller_of
from crisis_api.access.admin.storing import OneService, Storing
from crisis_api.access.admin.verbs import VerbsMixin
from crisis_api.access.models import Team


class NounAdmin(VerbsMixin, Storing, Deleting, ChoicesOfTheTeam, ModelAdmin, OneService):
    """The pages of one noun.

    Names of the table of permissions say who sees, adds, changes and deletes; "" means nobody.
    `create` and `change` call the services.
    """

    view_permission: ClassVar[str]
    add_permission = ""
    change_permission = ""
    delete_permission = ""
    # What every row shows of itself, below everything else.
    record_fields: Sequence[str] = ("id", "made_by", "made_at", "changed_at")
    # What is shown instead of a form's field to those who may not edit.
    shown_as: ClassVar[dict[str, str]] = {}

    # The panel that a page opens with; "" is the form.
    opening_panel = ""

    form = RecordForm
    formfield_overrides: ClassVar[Any] = {models.URLField: {"assume_scheme": "https"}}
    change_form_template = "crisis/change_form.html"
    change_form_outer_before_template = "crisis/panel_tabs.html"
    change_form_outer_after_template = "crisis/panels.html"
    list_per_page = 50
    show_full_result_count = False
    list_filter_submit = False
    compressed_fields = True
    warn_unsaved_form = True
    actions: Sequence[Any] = ()

    # Which rows, and who may

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows of the teams in which the person may see them."""
        rows: QuerySet[Any] = super().get_queryset(request)
        teams = caller_of(request).teams_for(self.view_permission)
        return rows.filter(**{"pk__in" if self.model is Team else "team_id__in": teams})

    def _may(self, request: HttpRequest, permission: str, row: Any) -> bool:
        if not permission:
            return False
        if row is None:
            return caller_of(request).may(permission)
        return self.may(request, permission, row)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the noun stands in the menu."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the person sees such rows, or this one."""
        return self._may(request, self.view_permission, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether the person may add one to any of their teams."""
        return self._may(request, self.add_permission, None)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the person may edit such rows, or this one as it is now."""
        return self._may(request, self.change_permission, obj) and (
            obj is None or self.is_editable(obj)
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the person may take such rows, or this one, away."""
        return self._may(request, self.delete_permission, obj)

    def is_editable(self, row: Any) -> bool:
        """Whether the row's status lets anybody edit it."""
        return True

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Let an address filter by what the list offers, and by nothing else of the rows."""
        offered = [
            each[0] if isinstance(each, tuple) else getattr(each, "parameter_name", each)
            for each in self.list_filter
        ]
        name = lookup.removesuffix("__exact").removesuffix("__id")
        return name.removesuffix("__isnull").removesuffix("__isempty") in offered

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *where: Any, **named: Any
    ) -> HttpResponse | None:
        """Do something with the rows that were chosen; a row that cannot be is 400."""
        try:
            return super().response_action(request, queryset, *where, **named)
        except ValidationError as error:
            # Django looks for whatever was sent as an id, and what is no UUID is none.
            raise BadRequest("What was chosen are no rows.") from error

    # What is shown

    def get_list_display(self, request: HttpRequest) -> Any:
        """Name the team only where the person has several."""
        shown = list(super().get_list_display(request))
        several = len(caller_of(request).team_ids()) > 1
        return shown if several else [name for name in shown if name != "team"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show who made it and when; nothing moves to another team."""
        fixed = [*super().get_readonly_fields(request, obj), *self.record_fields]
        return [*fixed, "team"] if obj is not None and self._is_of_a_team() else fixed

    def _is_of_a_team(self) -> bool:
        return any(field.name == "team" for field in self.opts.fields)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the form's parts; below them whose record it is."""
        parts: Any = super().get_fieldsets(request, obj)
        if obj is None or not self.record_fields:
            return parts
        if not self.has_change_permission(request, obj):
            parts = [(title, _as_shown(options, self.shown_as)) for title, options in parts]
        return [*parts, (_("Record"), {"fields": self.record_fields, "classes": ["collapse"]})]

    @admin.display(description=_("made by"))
    def made_by(self, obj: Any) -> str:
        """Who made it."""
        return display.Names.of([obj.actor]).actor(obj.actor)

    @admin.display(description=_("made"))
    def made_at(self, obj: Any) -> str:
        """When it was made."""
        return display.moment(obj.created_at)

    @admin.display(description=_("last changed"))
    def changed_at(self, obj: Any) -> str:
        """When it was last changed."""
        return display.moment(obj.updated_at)

    def panels(self, request: HttpRequest, row: Any) -> Sequence[Panel]:
        """Return what is shown beside the form."""
        return ()

    def head(self, request: HttpRequest, row: Any) -> str:
        """Return what is shown above everything else, as safe HTML."""
        return ""

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the panels with the form."""
        row = kwargs.get("obj")
        if row is not None:
            context["head"] = self.head(request, row)
            context["panels"] = list(self.panels(request, row))
            context["opening_panel"] = self.opening_panel
        return super().render_change_form(request, context, *args, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Choose the team of those who have one."""
        initial = super().get_changeform_initial_data(request)
        if not self._is_of_a_team() and "team" not in self.form.base_fields:
            return initial
        teams = caller_of(request).teams_for(self.add_permission)
        return {"team": str(teams[0]), **initial} if len(teams) == 1 else initial


def _as_shown(options: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    def shown(field: Any) -> Any:
        return (
            tuple(map(shown, field)) if isinstance(field, tuple | list) else names.get(field, field)
        )

    return {**options, "fields": tuple(shown(field) for field in options["fields"])}
