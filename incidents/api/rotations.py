"""`/rotations/`: who is on call when; `/rotations/{id}/overrides/`: the exceptions."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access import refs
from crisis_api.access.api.fields import HoursField, ZoneField
from crisis_api.access.api.named import team_of, version_read
from crisis_api.access.callers import Caller
from crisis_api.lib import clock
from crisis_api.lib.drf.columns import Related
from crisis_api.lib.drf.filters import (
    FlagFilter,
    IdFilter,
    InstantRange,
    OrderingFilter,
    ResourceFilter,
    TextFilter,
)
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
from incidents.api.instants import instant_in
from incidents.api.policy_checks import ChecksRead, checked_json
from incidents.models import Rotation, RotationLayer, RotationParticipant
from incidents.services import policy_checks, rotations

WEEKDAYS = {
    0: "monday",
    1: "tuesday",
    2: "wednesday",
    3: "thursday",
    4: "friday",
    5: "saturday",
    6: "sunday",
}


class RotationRead(ReadSerializer):
    """A rotation with its participants in order; `layers` go before them, the first of all first.

    `hours` are when it holds, by weekday in its zone; without any it always does.
    """

    id = serializers.UUIDField()
    team = serializers.UUIDField(source="team_id")
    name = serializers.CharField()
    time_zone = serializers.CharField()
    starts_on = serializers.DateField()
    handoff_time = serializers.TimeField(format="%H:%M")
    handoff_weekday = WordField(words=WEEKDAYS, allow_null=True)
    shift_days = serializers.IntegerField()
    participants = Related(
        serializers.UUIDField(),
        queryset=RotationParticipant.objects.all,
        fk="rotation_id",
        order=["position", "id"],
        flat="owner_id",
    )
    hours = serializers.DictField(allow_null=True)
    layers = Related(
        serializers.UUIDField(),
        queryset=RotationLayer.objects.all,
        fk="rotation_id",
        order=["position"],
        flat="id",
    )
    archived_at = InstantField(allow_null=True)
    external_refs = refs.Refs("rotation")
    html_url = HtmlUrlField("/admin/incidents/rotation/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class RotationFields(StrictSerializer):
    """What may be changed of a rotation. `participants` is the whole order."""

    name = TitleField(max_length=100)
    time_zone = ZoneField(required=False)
    starts_on = serializers.DateField(input_formats=["%Y-%m-%d"])
    handoff_time = serializers.TimeField(input_formats=["%H:%M", "%H:%M:%S"])
    handoff_weekday = WordField(words=WEEKDAYS, required=False, allow_null=True)
    shift_days = serializers.IntegerField(min_value=1, max_value=366, required=False)
    participants = serializers.ListField(child=serializers.UUIDField(), max_length=100)
    hours = HoursField(required=False, allow_null=True)
    external_refs = refs.RefsInput(required=False)


class RotationInput(RotationFields):
    """A new rotation."""

    team = serializers.UUIDField(required=False)


class ShiftRead(ReadSerializer):
    """A time through which a person is on call.

    `reachable` is false where that person has left: then nobody is on call, and whoever relies on
    it is told so, while everybody else's turns stay as they are. `layer` is the one that decided.
    """

    owner = serializers.UUIDField()
    reachable = serializers.BooleanField()
    starts_at = InstantField()
    ends_at = InstantField()
    is_override = serializers.BooleanField()
    layer = serializers.UUIDField(allow_null=True)


class OnCallRead(ReadSerializer):
    """Who is on call at a time, and who is next."""

    rotation = serializers.UUIDField()
    at = InstantField()
    owner = serializers.UUIDField(allow_null=True)
    now = ShiftRead(allow_null=True)
    next = ShiftRead(allow_null=True)


class ShiftsRead(ReadSerializer):
    """Every shift that touches a time, whole, in order."""

    results = ShiftRead(many=True)


class RotationFilter(ResourceFilter):
    """What a list of rotations can be asked for."""

    team = IdFilter(field_name="team_id")
    name = TextFilter(max_length=100)
    archived = FlagFilter(field_name="archived_at", lookup_expr="isnull", exclude=True)
    external_refs = refs.RefsFilter("rotation")
    updated_at = InstantRange()
    ordering = OrderingFilter(
        {"name": "name", "created_at": "created_at", "updated_at": "updated_at"}, default="name"
    )


class RotationViewSet(ResourceViewSet):
    """Rotations."""

    read_serializer = RotationRead
    filters = RotationFilter
    inputs = {"create": RotationInput, "partial_update": RotationFields}
    shows = {"on_call": OnCallRead, "shifts": ShiftsRead, "checks": ChecksRead}
    query_params = {"on_call": frozenset({"at"}), "shifts": frozenset({"from", "to"})}
    permissions = {
        "list": "rotations.view",
        "retrieve": "rotations.view",
        "create": "rotations.manage",
        "partial_update": "rotations.manage",
        "archive": "rotations.manage",
        "on_call": "rotations.view",
        "shifts": "rotations.view",
        "checks": "rotations.view",
    }

    def queryset_for(self, caller: Caller) -> QuerySet[Rotation]:
        """Return the rotations of the caller's teams."""
        return Rotation.objects.visible_to(caller)

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Make a rotation."""
        values = self.validated()
        team = team_of(self, values.pop("team", None))
        values.setdefault("time_zone", team.time_zone)
        rotation = rotations.create(team=team, by=self.caller.actor, values=values)
        return self.show(rotation, status=201)

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change a rotation."""
        rotation = self.get_object()
        rotations.change(
            rotation,
            by=self.caller.actor,
            version=version_read(self, rotation),
            values=self.validated(partial=True),
        )
        return self.show(rotation)

    @action(detail=True, methods=["post"])
    def archive(self, request: Request, **kwargs: Any) -> Response:
        """Put a rotation away, unless something names it."""
        return self.show(rotations.archive(self.get_object(), by=self.caller.actor))

    @action(detail=True, methods=["get"])
    def on_call(self, request: Request, **kwargs: Any) -> Response:
        """Say who is on call now (or `at` a time), and who is next."""
        rotation = self.get_object()
        at = instant_in(request, "at", clock.now())
        current, following = rotations.now_and_next(rotation, at)
        on_call = current.owner if current else None
        return Response(
            {
                "rotation": rotation.pk,
                "at": at,
                "owner": on_call.pk if on_call else None,
                "now": _shift(current),
                "next": _shift(following),
            }
        )

    @action(detail=True, methods=["get"])
    def shifts(self, request: Request, **kwargs: Any) -> Response:
        """List the shifts between two times, for a calendar."""
        rotation = self.get_object()
        found = rotations.shifts(rotation, instant_in(request, "from"), instant_in(request, "to"))
        return Response({"results": [_shift(each) for each in found]})

    @action(detail=True, methods=["get"])
    def checks(self, request: Request, **kwargs: Any) -> Response:
        """Say when nobody is on call in the coming four weeks, and who cannot be reached."""
        return Response(checked_json(policy_checks.check_rotation(self.get_object(), clock.now())))


def _shift(shift: rotations.Shift | None) -> dict[str, Any] | None:
    if shift is None:
        return None
    return {
        "owner": shift.person_id,
        "reachable": shift.owner is not None,
        "starts_at": shift.starts_at,
        "ends_at": shift.ends_at,
        "is_override": shift.is_override,
        "layer": shift.layer_id,
    }
