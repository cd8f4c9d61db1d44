"""Rotations: who is on call when, and the exceptions."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from crisis_api.access.admin import display
from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.fields import HoursField, MomentField, RefsField, ZoneField, hours_text
from crisis_api.access.admin.filters import RelatedFilter, TeamFilter
from crisis_api.access.admin.forms import RecordForm
from crisis_api.access.admin.lines import Lines
from crisis_api.access.admin.panels import Link, Panel
from crisis_api.access.admin.scope import caller_of, team_id_of
from crisis_api.access.admin.verbs import Act, Verb
from crisis_api.lib import clock
from incidents.admin.participants import ParticipantForm, ParticipantFormSet, people_of
from incidents.admin.policy_checks import checks_panel
from incidents.admin.rotation_layers import layers_panel
from incidents.models import CalendarFeed, Override, Rotation, RotationLayer, RotationParticipant
from incidents.services import rotations

_EDITED = (
    "name",
    "time_zone",
    "starts_on",
    "handoff_time",
    "handoff_weekday",
    "shift_days",
    "hours",
    "external_refs",
)
_NEXT = 5


class RotationForm(RecordForm):
    """A rotation; its participants are lines of their own."""

    time_zone = ZoneField(help_text=_("Handoffs are at the local time of this zone."))
    hours = HoursField(label=_("Hours"))
    external_refs = RefsField()


class Participants(Lines):
    """The participants of a rotation."""

    model = RotationParticipant
    form = ParticipantForm
    formset = ParticipantFormSet
    fields = ("position", "owner")
    autocomplete_fields = ("owner",)
    ordering = ("position",)
    verbose_name_plural = _("participants, in this order")

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        """Begin with two places where there are none yet."""
        return 2 if obj is None else 0


def _archive(act: Act) -> None:
    rotations.archive(act.row, by=act.by)


@admin.register(Rotation)
class RotationAdmin(NounAdmin):
    """Rotations."""

    view_permission = "rotations.view"
    add_permission = change_permission = "rotations.manage"
    form = RotationForm
    inlines = (Participants,)
    opening_panel = "on_call"
    fieldsets = (
        (None, {"fields": ("team", "name", "time_zone")}),
        (
            _("Shifts"),
            {
                "fields": (
                    ("starts_on", "handoff_time"),
                    ("shift_days", "handoff_weekday"),
                    "hours",
                ),
                "description": _(
                    "For example: from 1 January, every day at 09:00, or 7 days from Monday on."
                ),
            },
        ),
        (None, {"fields": ("external_refs", "archived_at")}),
    )
    shown_as = {"external_refs": "called_elsewhere", "hours": "holds"}
    readonly_fields = ("archived_at", "called_elsewhere", "holds")
    list_display = ("name", "on_call_now", "time_zone", "shift_days", "archived_at", "team")
    list_filter = (TeamFilter, ("archived_at", admin.EmptyFieldListFilter))
    list_select_related = ("team",)
    search_fields = ("name",)
    verbs = (
        Verb(
            "archive",
            _("Archive"),
            "rotations.manage",
            _archive,
            offered=lambda row: row.archived_at is None,
            explains=_("It can be chosen no more. Refused while a policy or a rule names it."),
            done=_("Archived."),
            icon="archive",
            variant=ActionVariant.DANGER,
            more=True,
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Offer, where one is chosen, only those that can still be used."""
        if request.path.endswith("/autocomplete/"):
            queryset = queryset.filter(archived_at=None)
        return super().get_search_results(request, queryset, search_term)

    def is_editable(self, row: Rotation) -> bool:
        """Whether it is still in use."""
        return row.archived_at is None

    @admin.display(description=_("on call now"))
    def on_call_now(self, obj: Rotation) -> Any:
        """Who is on call now."""
        owner = rotations.on_call(obj, clock.now())
        return owner.name if owner else display.badge("critical", _("nobody"))

    @admin.display(description=_("hours"))
    def holds(self, obj: Rotation) -> Any:
        """In which hours it holds."""
        return display.lines(hours_text(obj.hours)) if obj.hours else _("always")

    @admin.display(description=_("in other systems"))
    def called_elsewhere(self, obj: Rotation) -> Any:
        """What other systems call it."""
        return display.refs_of(obj)

    def panels(self, request: HttpRequest, row: Rotation) -> list[Panel]:
        """Show who is on call now and next, and the exceptions ahead."""
        return [on_call_panel(row), layers_panel(row), _overrides(row), checks_panel(row)]

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> Rotation:
        """Make a rotation with its participants."""
        values = {**form.values(*_EDITED), "participants": people_of(formsets)}
        team = form.cleaned_data["team"]
        return rotations.create(team=team, by=caller_of(request).actor, values=values)

    def change(self, request: HttpRequest, row: Any, form: Any, formsets: Any) -> None:
        """Change a rotation and its participants together."""
        values = {**form.values(*_EDITED), "participants": people_of(formsets)}
        by = caller_of(request).actor
        rotations.change(row, by=by, version=row.version, values=values)


def on_call_panel(rotation: Rotation) -> Panel:
    """Return who is on call now, and the shifts after that."""
    now = clock.now()
    longest = min(timedelta(days=rotation.shift_days * (_NEXT + 2) + 7), timedelta(days=365))
    found = rotations.shifts(rotation, now, now + longest)[: _NEXT + 1]
    names = dict(RotationLayer.objects.filter(rotation=rotation).values_list("pk", "name"))
    rows = []
    for shift in found:
        words = _("now") if shift.starts_at <= now else ""
        gone = display.badge("critical", _("nobody: this person has left"))
        what = _("exception") if shift.is_override else names.get(shift.layer_id, "")
        rows.append(
            (
                display.badge("active", words) if words else "",
                shift.owner or gone,
                display.minute(shift.starts_at),
                display.minute(shift.ends_at),
                what,
            )
        )
    columns = ("", _("person"), _("from"), _("to"), "")
    links = [Link(_("To my calendar"), display.add_to(CalendarFeed, rotation=rotation.pk))]
    nobody = _("Nobody is on call: it has no participants, or begins later.")
    return Panel("on_call", _("On call"), columns, rows, empty=nobody, links=links)


def _overrides(rotation: Rotation) -> Panel:
    ahead = Override.objects.filter(rotation=rotation, ends_at__gt=clock.now())
    rows = [
        (
            display.link(each, each.owner),
            display.minute(each.starts_at),
            display.minute(each.ends_at),
        )
        for each in ahead.select_related("owner").order_by("starts_at")[:50]
    ]
    links = [Link(_("Add an exception"), display.add_to(Override, rotation=rotation.pk))]
    columns = (_("person"), _("from"), _("to"))
    title = _("Exceptions ahead")
    return Panel("overrides", title, columns, rows, count=len(rows), links=links)


class OverrideForm(RecordForm):
    """An exception."""

    starts_at = MomentField(label=_("From"))
    ends_at = MomentField(label=_("To"))


def _cancel(act: Act) -> None:
    rotations.cancel_override(act.row, by=act.by)


@admin.register(Override)
class OverrideAdmin(NounAdmin):
    """Exceptions to rotations: this person is on call from then to then."""

    view_permission = "rotations.view"
    add_permission = "rotations.override"
    form = OverrideForm
    fieldsets = ((None, {"fields": ("rotation", "owner", ("starts_at", "ends_at"))}),)
    autocomplete_fields = ("rotation", "owner")
    list_display = ("owner", "rotation", "starts_at", "ends_at", "team")
    list_filter = (TeamFilter, ("rotation", RelatedFilter))
    list_select_related = ("owner", "rotation", "team")
    search_fields = ("owner__name", "rotation__name")
    ordering = ("-ends_at",)
    verbs = (
        Verb(
            "cancel",
            _("Cancel"),
            "rotations.override",
            _cancel,
            offered=lambda row: row.ends_at > clock.now(),
            explains=_("One that is still ahead goes; one in progress ends now."),
            done=_("Cancelled."),
            icon="event_busy",
            variant=ActionVariant.DANGER,
        ),
    )

    def _require_team(self, request: HttpRequest, form: Any) -> None:
        team_id = team_id_of(form.cleaned_data["rotation"])
        caller_of(request).require(self.add_permission, team_id)

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> Override:
        """Put somebody on call for a time."""
        values = form.values("starts_at", "ends_at")
        owner_id = form.cleaned_data["owner"].pk
        by = caller_of(request).actor
        rotation = form.cleaned_data["rotation"]
        return rotations.add_override(rotation, owner_id=owner_id, by=by, **values)
