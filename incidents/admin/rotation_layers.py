"""Layers of rotations: who goes before the rotation's own order, and in which hours."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from crisis_api.access.admin import display
from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.fields import HoursField, hours_text
from crisis_api.access.admin.filters import RelatedFilter, TeamFilter
from crisis_api.access.admin.forms import RecordForm
from crisis_api.access.admin.lines import Lines
from crisis_api.access.admin.panels import Link, Panel
from crisis_api.access.admin.scope import caller_of, team_id_of
from crisis_api.access.admin.verbs import Act, Verb
from incidents.admin.participants import ParticipantForm, ParticipantFormSet, people_of
from incidents.models import LayerParticipant, Rotation, RotationLayer
from incidents.services import rotation_layers

_EDITED = (
    "name",
    "position",
    "starts_on",
    "handoff_time",
    "handoff_weekday",
    "shift_days",
    "hours",
)


def layers_panel(rotation: Rotation) -> Panel:
    """Return the layers over a rotation, the first of all first."""
    rows = [
        (
            each.position,
            display.link(each),
            display.lines(hours_text(each.hours)) if each.hours else _("always"),
        )
        for each in RotationLayer.objects.filter(rotation=rotation).order_by("position")
    ]
    links = [Link(_("Add a layer"), display.add_to(RotationLayer, rotation=rotation.pk))]
    columns = (_("position"), _("layer"), _("hours"))
    return Panel("layers", _("Layers"), columns, rows, count=len(rows), links=links)


class LayerForm(RecordForm):
    """A layer; its participants are lines of their own."""

    hours = HoursField(label=_("Hours"))


class LayerParticipants(Lines):
    """The participants of a layer."""

    model = LayerParticipant
    form = ParticipantForm
    formset = ParticipantFormSet
    fields = ("position", "owner")
    autocomplete_fields = ("owner",)
    ordering = ("position",)
    verbose_name_plural = _("participants, in this order")

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        """Begin with two places where there are none yet."""
        return 2 if obj is None else 0


def _remove(act: Act) -> None:
    rotation_layers.remove(act.row, by=act.by)


@admin.register(RotationLayer)
class RotationLayerAdmin(NounAdmin):
    """Layers of rotations."""

    view_permission = "rotations.view"
    add_permission = change_permission = "rotations.manage"
    form = LayerForm
    inlines = (LayerParticipants,)
    fieldsets = (
        (None, {"fields": ("rotation", ("name", "position"), "hours")}),
        (
            _("Shifts"),
            {"fields": (("starts_on", "handoff_time"), ("shift_days", "handoff_weekday"))},
        ),
    )
    shown_as = {"hours": "holds"}
    readonly_fields = ("holds",)
    autocomplete_fields = ("rotation",)
    list_display = ("name", "rotation", "position", "holds", "team")
    list_filter = (TeamFilter, ("rotation", RelatedFilter))
    list_select_related = ("rotation", "team")
    search_fields = ("name", "rotation__name")
    ordering = ("rotation__name", "position")
    verbs = (
        Verb(
            "remove",
            _("Take away"),
            "rotations.manage",
            _remove,
            explains=_("What is below it holds from now on."),
            done=_("Taken away."),
            icon="layers_clear",
            variant=ActionVariant.DANGER,
            more=True,
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A layer stays over its rotation."""
        fixed = super().get_readonly_fields(request, obj)
        return [*fixed, "rotation"] if obj is not None else fixed

    def is_editable(self, row: RotationLayer) -> bool:
        """Whether the rotation is still in use."""
        return row.rotation.archived_at is None

    @admin.display(description=_("hours"))
    def holds(self, obj: RotationLayer) -> Any:
        """In which hours it holds."""
        return display.lines(hours_text(obj.hours)) if obj.hours else _("always")

    def _require_team(self, request: HttpRequest, form: Any) -> None:
        team_id = team_id_of(form.cleaned_data["rotation"])
        caller_of(request).require(self.add_permission, team_id)

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> RotationLayer:
        """Put a layer over a rotation."""
        values = {**form.values(*_EDITED), "participants": people_of(formsets)}
        rotation = form.cleaned_data["rotation"]
        return rotation_layers.add(rotation, by=caller_of(request).actor, values=values)

    def change(self, request: HttpRequest, row: Any, form: Any, formsets: Any) -> None:
        """Change a layer and its participants together."""
        values = {**form.values(*_EDITED), "participants": people_of(formsets)}
        by = caller_of(request).actor
        rotation_layers.change(row, by=by, version=row.version, values=values)
