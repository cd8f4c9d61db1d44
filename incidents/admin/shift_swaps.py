"""Requests to swap shifts."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from crisis_api.access.admin import display
from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.fields import MomentField
from crisis_api.access.admin.filters import RelatedFilter, TeamFilter
from crisis_api.access.admin.forms import RecordForm
from crisis_api.access.admin.scope import caller_of, team_id_of
from crisis_api.access.admin.verbs import Act, Verb
from crisis_api.lib.errors import Forbidden
from incidents.models import ShiftSwap
from incidents.services import shift_swaps

_SEE = "rotations.view"
_COLOURS = {"pending": "pending", "accepted": "done", "declined": "cancelled"}


class ShiftSwapForm(RecordForm):
    """A request of the person who asks."""

    starts_at = MomentField(label=_("From"))
    ends_at = MomentField(label=_("To"))


def _is_pending(row: ShiftSwap) -> bool:
    return row.status == ShiftSwap.Status.PENDING


def _accept(act: Act) -> None:
    shift_swaps.accept(act.row, owner=act.caller.owner, by=act.by)


def _decline(act: Act) -> None:
    shift_swaps.decline(act.row, owner=act.caller.owner, by=act.by)


def _withdraw(act: Act) -> None:
    me = act.caller.owner
    if me is None or me.pk != act.row.asked_by_id:
        act.caller.require("rotations.manage", act.row.team_id)
    shift_swaps.withdraw(act.row, by=act.by)


@admin.register(ShiftSwap)
class ShiftSwapAdmin(NounAdmin):
    """Requests to take over shifts, and what came of them."""

    view_permission = add_permission = _SEE
    form = ShiftSwapForm
    fieldsets = (
        (None, {"fields": ("rotation", ("asked_by", "asked_of"), ("starts_at", "ends_at"))}),
        (None, {"fields": (("status", "expires_at", "ended_at"), "override")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "fields": ("rotation", "asked_of", ("starts_at", "ends_at")),
                "description": _(
                    "Name the time of your own shift, or a part of it. The shift stays yours until "
                    "the other person accepts."
                ),
            },
        ),
    )
    readonly_fields = ("asked_by", "status", "expires_at", "ended_at", "override")
    autocomplete_fields = ("rotation", "asked_of")
    list_display = ("rotation", "asked_by", "asked_of", "starts_at", "ends_at", "state", "team")
    list_filter = (TeamFilter, "status", ("rotation", RelatedFilter))
    list_select_related = ("rotation", "asked_by", "asked_of", "team")
    search_fields = ("asked_by__name", "asked_of__name", "rotation__name")
    ordering = ("-created_at",)
    verbs = (
        Verb(
            "accept",
            _("Accept"),
            _SEE,
            _accept,
            offered=_is_pending,
            explains=_("You are on call then. Only whoever is asked can accept."),
            done=_("Accepted: it is yours now."),
            icon="check",
            variant=ActionVariant.PRIMARY,
        ),
        Verb(
            "decline",
            _("Decline"),
            _SEE,
            _decline,
            offered=_is_pending,
            explains=_("The shift stays whose it is. Only whoever is asked can decline."),
            done=_("Declined."),
            icon="close",
        ),
        Verb(
            "withdraw",
            _("Withdraw"),
            _SEE,
            _withdraw,
            offered=_is_pending,
            explains=_("Nobody is reminded of it any more."),
            done=_("Withdrawn."),
            icon="undo",
            variant=ActionVariant.DANGER,
        ),
    )

    @admin.display(description=_("status"), ordering="status")
    def state(self, obj: ShiftSwap) -> Any:
        """How it stands."""
        return display.badge(_COLOURS.get(obj.status, "cancelled"), obj.get_status_display())

    def _require_team(self, request: HttpRequest, form: Any) -> None:
        caller_of(request).require(_SEE, team_id_of(form.cleaned_data["rotation"]))

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> ShiftSwap:
        """Ask as the person who is signed in."""
        caller = caller_of(request)
        if caller.owner is None:
            raise Forbidden
        return shift_swaps.ask(
            form.cleaned_data["rotation"],
            asked_by=caller.owner,
            asked_of_id=form.cleaned_data["asked_of"].pk,
            by=caller.actor,
            **form.values("starts_at", "ends_at"),
        )
