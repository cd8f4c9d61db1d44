"""`/rotations/{id}/overrides/`: this person is on call from then to then, whoever's turn it is."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access.callers import Caller
from crisis_api.lib.drf.filters import IdFilter, InstantRange, OrderingFilter, ResourceFilter
from crisis_api.lib.drf.lookups import canonical_uuid
from crisis_api.lib.drf.serializers import (
    ActorField,
    InstantField,
    ReadSerializer,
    StrictSerializer,
)
from crisis_api.lib.drf.views import ResourceViewSet
from crisis_api.lib.errors import NotFound
from incidents.models import Override, Rotation
from incidents.services import rotations


class OverrideRead(ReadSerializer):
    """An exception to a rotation."""

    id = serializers.UUIDField()
    rotation = serializers.UUIDField(source="rotation_id")
    owner = serializers.UUIDField(source="owner_id")
    starts_at = InstantField()
    ends_at = InstantField()
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class OverrideInput(StrictSerializer):
    """A new exception. Where some overlap, the one made last stands."""

    owner = serializers.UUIDField()
    starts_at = InstantField()
    ends_at = InstantField()


class OverrideFilter(ResourceFilter):
    """What a list of overrides can be asked for."""

    owner = IdFilter(field_name="owner_id")
    starts_at = InstantRange()
    ends_at = InstantRange()
    ordering = OrderingFilter(
        {"starts_at": "starts_at", "ends_at": "ends_at", "created_at": "created_at"},
        default="starts_at",
    )


class OverrideViewSet(ResourceViewSet):
    """The overrides of one rotation."""

    read_serializer = OverrideRead
    filters = OverrideFilter
    inputs = {"create": OverrideInput}
    permissions = {
        "list": "rotations.view",
        "retrieve": "rotations.view",
        "create": "rotations.override",
        "destroy": "rotations.override",
    }

    def queryset_for(self, caller: Caller) -> QuerySet[Override]:
        """Return the overrides of the rotation, which must exist for the caller."""
        return Override.objects.filter(rotation=self._rotation(caller))

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Put somebody on call for a time."""
        rotation = self._rotation(self.caller)
        self.caller.require(self.permission, rotation.team_id)
        values = self.validated()
        override = rotations.add_override(
            rotation,
            owner_id=values["owner"],
            starts_at=values["starts_at"],
            ends_at=values["ends_at"],
            by=self.caller.actor,
        )
        return self.show(override, status=201)

    @extend_schema(responses={200: OverrideRead, 204: None})
    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Take an override back.

        One in progress ends now and stays (200), one to come goes (204), one that is over is kept.
        """
        left = rotations.cancel_override(self.get_object(), by=self.caller.actor)
        return Response(status=204) if left is None else self.show(left)

    def _rotation(self, caller: Caller) -> Rotation:
        pk = canonical_uuid(str(self.kwargs["rotation"]))
        rotation: Rotation | None = Rotation.objects.visible_to(caller).filter(pk=pk).first()
        if pk is None or rotation is None:
            raise NotFound()
        return rotation
