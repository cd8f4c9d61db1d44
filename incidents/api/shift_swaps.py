"""`/shift_swaps/`: asking another person to take over a shift, and what they answer."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access.api.named import require_scope
from crisis_api.access.callers import Caller
from crisis_api.access.models import Owner
from crisis_api.access.permissions import Scope
from crisis_api.lib.drf.filters import (
    IdFilter,
    InstantRange,
    OrderingFilter,
    ResourceFilter,
    WordsFilter,
)
from crisis_api.lib.drf.serializers import (
    ActorField,
    HtmlUrlField,
    InstantField,
    ReadSerializer,
    StrictSerializer,
)
from crisis_api.lib.drf.views import ResourceViewSet
from crisis_api.lib.errors import FieldError, Refused
from incidents.models import Rotation, ShiftSwap
from incidents.services import shift_swaps


class ShiftSwapRead(ReadSerializer):
    """A request to take over a shift; once accepted it is the override."""

    id = serializers.UUIDField()
    team = serializers.UUIDField(source="team_id")
    rotation = serializers.UUIDField(source="rotation_id")
    asked_by = serializers.UUIDField(source="asked_by_id")
    asked_of = serializers.UUIDField(source="asked_of_id")
    starts_at = InstantField()
    ends_at = InstantField()
    expires_at = InstantField()
    status = serializers.ChoiceField(choices=ShiftSwap.Status.values)
    ended_at = InstantField(allow_null=True)
    override = serializers.UUIDField(source="override_id", allow_null=True)
    html_url = HtmlUrlField("/admin/incidents/shiftswap/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class ShiftSwapInput(StrictSerializer):
    """A request of the caller, who must be on call through that time."""

    rotation = serializers.UUIDField()
    asked_of = serializers.UUIDField()
    starts_at = InstantField()
    ends_at = InstantField()
    expires_at = InstantField(required=False)


class ShiftSwapFilter(ResourceFilter):
    """What a list of swaps can be asked for."""

    team = IdFilter(field_name="team_id")
    rotation = IdFilter(field_name="rotation_id")
    asked_by = IdFilter(field_name="asked_by_id")
    asked_of = IdFilter(field_name="asked_of_id")
    status = WordsFilter(words=ShiftSwap.Status.values)
    starts_at = InstantRange()
    ordering = OrderingFilter(
        {"starts_at": "starts_at", "created_at": "created_at"}, default="-created_at"
    )


class ShiftSwapViewSet(ResourceViewSet):
    """Requests to swap shifts."""

    read_serializer = ShiftSwapRead
    filters = ShiftSwapFilter
    inputs = {"create": ShiftSwapInput}
    # Whoever is on call asks, and whoever is asked answers: the service looks who it is.
    permissions = {
        "list": "rotations.view",
        "retrieve": "rotations.view",
        **dict.fromkeys(("create", "accept", "decline", "withdraw"), ""),
    }

    def queryset_for(self, caller: Caller) -> QuerySet[ShiftSwap]:
        """Return the swaps of the caller's teams."""
        return ShiftSwap.objects.visible_to(caller)

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Ask another person to take over a shift of the caller."""
        values = self.validated()
        me = self._me()
        if me is None:
            raise Refused(_("A shift is a person's: a team's key has none."), code="no_person")
        named = values.pop("rotation")
        rotation = Rotation.objects.visible_to(self.caller).filter(pk=named).first()
        if rotation is None:
            detail = _("There is no such rotation.")
            error = FieldError("/rotation", "unknown_rotation", detail)
            raise Refused(detail, code="unknown_rotation", errors=[error])
        swap = shift_swaps.ask(
            rotation,
            asked_by=me,
            asked_of_id=values.pop("asked_of"),
            by=self.caller.actor,
            **values,
        )
        return self.show(swap, status=201)

    @action(detail=True, methods=["post"])
    def accept(self, request: Request, **kwargs: Any) -> Response:
        """Take the shift over."""
        swap = self.get_object()
        return self.show(shift_swaps.accept(swap, owner=self._me(), by=self.caller.actor))

    @action(detail=True, methods=["post"])
    def decline(self, request: Request, **kwargs: Any) -> Response:
        """Leave the shift whose it is."""
        swap = self.get_object()
        return self.show(shift_swaps.decline(swap, owner=self._me(), by=self.caller.actor))

    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, **kwargs: Any) -> Response:
        """Take the request back; whoever asked may, and managers of the rotation."""
        swap: ShiftSwap = self.get_object()
        me = self._me()
        if me is None or me.pk != swap.asked_by_id:
            self.caller.require("rotations.manage", swap.team_id)
        return self.show(shift_swaps.withdraw(swap, by=self.caller.actor))

    def _me(self) -> Owner | None:
        """Return the person who calls; a key of theirs needs the scope for such work."""
        me: Owner | None = self.caller.owner
        if me is not None:
            require_scope(self.caller, Scope.INCIDENTS)
        return me
