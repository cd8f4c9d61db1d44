"""Teams: the boundary of access."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from crisis_api.access.admin import display
from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.fields import RefsField, ZoneField
from crisis_api.access.admin.forms import RecordForm
from crisis_api.access.admin.panels import Link, Panel
from crisis_api.access.admin.scope import caller_of, is_superuser
from crisis_api.access.admin.verbs import Act, Verb
from crisis_api.access.models import Membership, Team
from crisis_api.access.services import teams

_EDITED = ("name", "slug", "language", "time_zone", "personal_keys_may_approve", "external_refs")


class TeamForm(RecordForm):
    """A team."""

    time_zone = ZoneField(help_text=_("The year in references such as CR-2026-0142 turns here."))
    external_refs = RefsField()


def _freeze(act: Act) -> None:
    teams.freeze(act.row, by=act.by)


def _unfreeze(act: Act) -> None:
    teams.unfreeze(act.row, by=act.by)


@admin.register(Team)
class TeamAdmin(NounAdmin):
    """Teams. Whoever runs the installation makes them; managers change their own."""

    view_permission = "teams.view"
    change_permission = "teams.manage"
    form = TeamForm
    fieldsets = ((None, {"fields": (*_EDITED, "frozen")}),)
    add_fieldsets = ((None, {"fields": ("name", "slug", "language", "time_zone")}),)
    shown_as = {"external_refs": "called_elsewhere"}
    list_display = ("name", "slug", "language", "time_zone", "frozen")
    search_fields = ("name", "slug")
    readonly_fields = ("frozen", "called_elsewhere")
    verbs = (
        Verb(
            "freeze",
            _("Freeze"),
            "teams.freeze",
            _freeze,
            offered=lambda row: row.frozen_at is None,
            explains=_("While a team is frozen nothing goes out but reminders to its own people."),
            done=_("The team is frozen."),
            icon="ac_unit",
            variant=ActionVariant.DANGER,
        ),
        Verb(
            "unfreeze",
            _("Unfreeze"),
            "teams.freeze",
            _unfreeze,
            offered=lambda row: row.frozen_at is not None,
            explains=_("What waited goes out again."),
            done=_("The team is no longer frozen."),
            icon="play_arrow",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        """Return the person's teams, or all to those who run the installation."""
        return Team.objects.all() if is_superuser(request) else super().get_queryset(request)

    def _may(self, request: HttpRequest, permission: str, row: Any) -> bool:
        return is_superuser(request) or super()._may(request, permission, row)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether this is somebody who runs the installation."""
        return is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Teams stay."""
        return False

    @admin.display(description=_("frozen since"))
    def frozen(self, obj: Team) -> str:
        """Since when nothing goes out."""
        if obj.frozen_at is None:
            return display.NONE
        return display.badge("frozen", display.minute(obj.frozen_at))

    @admin.display(description=_("in other systems"))
    def called_elsewhere(self, obj: Team) -> Any:
        """What other systems call it."""
        return display.refs_of(obj)

    def panels(self, request: HttpRequest, row: Any) -> list[Panel]:
        """Show who belongs to it."""
        members = (
            Membership.objects.filter(team=row).select_related("owner").order_by("owner__name")
        )
        rows = [
            (
                display.link(each.owner),
                each.get_role_display(),
                _("deactivated") if each.owner.deactivated_at else "",
                display.link(each, _("membership")),
            )
            for each in members
        ]
        columns = (_("person"), _("role"), "", "")
        links = [Link(_("All memberships"), display.list_of(Membership))]
        return [Panel("members", _("Members"), columns, rows, count=len(rows), links=links)]

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> Team:
        """Make a team with nobody in it."""
        values = form.values("name", "slug", "language", "time_zone")
        return teams.create(by=caller_of(request).actor, **values)

    def change(self, request: HttpRequest, row: Any, form: Any, formsets: Any) -> None:
        """Change a team."""
        by = caller_of(request).actor
        teams.change(row, by=by, version=row.version, values=form.values(*_EDITED))
