"""`/rotations/{id}/layers/`: another order of people for some hours, before the rotation's own."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access.api.fields import HoursField
from crisis_api.access.api.named import version_read
from crisis_api.access.callers import Caller
from crisis_api.lib.drf.columns import Related
from crisis_api.lib.drf.filters import OrderingFilter, ResourceFilter
from crisis_api.lib.drf.lookups import canonical_uuid
from crisis_api.lib.drf.serializers import (
    ActorField,
    HtmlUrlField,
    InstantField,
    ReadSerializer,
    StrictSerializer,
    TitleField,
    WordField,
)
from crisis_api.lib.drf.views import ResourceViewSet
from crisis_api.lib.errors import NotFound
from incidents.api.rotations import WEEKDAYS
from incidents.models import LayerParticipant, Rotation, RotationLayer
from incidents.services import rotation_layers


class LayerRead(ReadSerializer):
    """A layer of a rotation with its participants in order, and the hours in which it holds."""

    id = serializers.UUIDField()
    rotation = serializers.UUIDField(source="rotation_id")
    name = serializers.CharField()
    position = serializers.IntegerField()
    starts_on = serializers.DateField()
    handoff_time = serializers.TimeField(format="%H:%M")
    handoff_weekday = WordField(words=WEEKDAYS, allow_null=True)
    shift_days = serializers.IntegerField()
    hours = serializers.DictField(allow_null=True)
    participants = Related(
        serializers.UUIDField(),
        queryset=LayerParticipant.objects.all,
        fk="layer_id",
        order=["position", "id"],
        flat="owner_id",
    )
    html_url = HtmlUrlField("/admin/incidents/rotationlayer/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class LayerFields(StrictSerializer):
    """What may be changed of a layer. `participants` is the whole order."""

    name = TitleField(max_length=100)
    position = serializers.IntegerField(min_value=1, max_value=100, required=False)
    starts_on = serializers.DateField(input_formats=["%Y-%m-%d"])
    handoff_time = serializers.TimeField(input_formats=["%H:%M", "%H:%M:%S"])
    handoff_weekday = WordField(words=WEEKDAYS, required=False, allow_null=True)
    shift_days = serializers.IntegerField(min_value=1, max_value=366, required=False)
    hours = HoursField(required=False, allow_null=True)
    participants = serializers.ListField(child=serializers.UUIDField(), max_length=100)


class LayerFilter(ResourceFilter):
    """What a list of layers can be asked for."""

    ordering = OrderingFilter(
        {"position": "position", "name": "name", "created_at": "created_at"}, default="position"
    )


class RotationLayerViewSet(ResourceViewSet):
    """The layers of one rotation, the first before all others."""

    read_serializer = LayerRead
    filters = LayerFilter
    inputs = {"create": LayerFields, "partial_update": LayerFields}
    permissions = {
        "list": "rotations.view",
        "retrieve": "rotations.view",
        "create": "rotations.manage",
        "partial_update": "rotations.manage",
        "destroy": "rotations.manage",
    }

    def queryset_for(self, caller: Caller) -> QuerySet[RotationLayer]:
        """Return the layers of the rotation, which must exist for the caller."""
        return RotationLayer.objects.filter(rotation=self._rotation(caller))

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Put a layer over a rotation."""
        rotation = self._rotation(self.caller)
        self.caller.require(self.permission, rotation.team_id)
        layer = rotation_layers.add(rotation, by=self.caller.actor, values=self.validated())
        return self.show(layer, status=201)

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change a layer."""
        layer = self.get_object()
        rotation_layers.change(
            layer,
            by=self.caller.actor,
            version=version_read(self, layer),
            values=self.validated(partial=True),
        )
        return self.show(layer)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **kwargs: Any) -> Response:
        """Take a layer away: what is below it holds from now on."""
        rotation_layers.remove(self.get_object(), by=self.caller.actor)
        return Response(status=204)

    def _rotation(self, caller: Caller) -> Rotation:
        pk = canonical_uuid(str(self.kwargs["rotation"]))
        rotation: Rotation | None = Rotation.objects.visible_to(caller).filter(pk=pk).first()
        if pk is None or rotation is None:
            raise NotFound()
        return rotation
