"""How a team answers: its response desk, and its public page."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin import display
from crisis_api.access.admin.forms import RecordForm
from crisis_api.access.admin.one_per_team import OnePerTeamAdmin
from crisis_api.access.admin.scope import caller_of
from incidents.models import Category
from responses.models import DeskSettings, StatusPage
from responses.services import desk, status_pages

_DESK = ("ticket_categories", "ticket_language", "brand_name", "contact_name", "contact_email")
_PAGE = ("is_enabled", "title_en", "title_ru", "intro_en", "intro_ru", "contact")


class DeskForm(RecordForm):
    """How a team answers."""

    ticket_categories = forms.MultipleChoiceField(
        label=_("Draft a support ticket for"),
        choices=Category.choices,
        required=False,
        help_text=_("As soon as an incident of such a category opens."),
    )


@admin.register(DeskSettings)
class DeskSettingsAdmin(OnePerTeamAdmin):
    """One row for each team; it is made with its defaults when it is first needed."""

    view_permission = "teams.view"
    add_permission = change_permission = "teams.manage"
    form = DeskForm
    fieldsets = (
        (None, {"fields": ("team", "ticket_categories", "ticket_language")}),
        (
            _("Who the platform should answer"),
            {"fields": ("brand_name", ("contact_name", "contact_email"))},
        ),
    )
    list_display = ("team", "brand_name", "ticket_language", "contact_name")
    list_select_related = ("team",)

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> DeskSettings:
        """Make the settings of a team that has none yet."""
        team = form.cleaned_data["team"]
        return desk.change(team, by=caller_of(request).actor, **form.values(*_DESK))

    def change(self, request: HttpRequest, row: Any, form: Any, formsets: Any) -> None:
        """Change the settings."""
        by = caller_of(request).actor
        desk.change(row.team, by=by, version=row.version, **form.values(*_DESK))


class PageForm(RecordForm):
    """What stands above the statements of a team."""

    intro_en = forms.CharField(
        label=_("Introduction in English"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    intro_ru = forms.CharField(
        label=_("Introduction in Russian"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@admin.register(StatusPage)
class StatusPageAdmin(OnePerTeamAdmin):
    """The public page of a team, off until a manager turns it on."""

    view_permission = "teams.view"
    add_permission = change_permission = "teams.manage"
    form = PageForm
    fieldsets = (
        (None, {"fields": ("team", "is_enabled", "where")}),
        (None, {"fields": ("title_en", "intro_en", "title_ru", "intro_ru", "contact")}),
    )
    add_fieldsets = ((None, {"fields": ("team", *_PAGE)}),)
    readonly_fields = ("where",)
    list_display = ("team", "is_enabled", "where")
    list_select_related = ("team",)

    @admin.display(description=_("address"))
    def where(self, obj: StatusPage) -> Any:
        """Where everybody reads it."""
        path = reverse("status_page:page", args=[obj.team.slug])
        return display.anchor(path, path)

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> StatusPage:
        """Make the page of a team that has none yet."""
        team = form.cleaned_data["team"]
        return status_pages.change(team, by=caller_of(request).actor, **form.values(*_PAGE))

    def change(self, request: HttpRequest, row: Any, form: Any, formsets: Any) -> None:
        """Turn it on or off, or change its words."""
        by = caller_of(request).actor
        status_pages.change(row.team, by=by, version=row.version, **form.values(*_PAGE))
