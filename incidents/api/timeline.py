"""`/incidents/{id}/timeline/`: what happened, in the order in which it was committed."""

from rest_framework import serializers

from crisis_api.lib.drf.filters import (
    InstantRange,
    NumberFilter,
    OrderingFilter,
    ResourceFilter,
    TextFilter,
)
from crisis_api.lib.drf.serializers import ActorField, InstantField, ReadSerializer
from incidents.api.nested import OfIncident
from incidents.models import Event


class EventRead(ReadSerializer):
    """One line of the timeline. `data` holds ids, enums and numbers, never texts."""

    id = serializers.UUIDField()
    sequence = serializers.IntegerField()
    kind = serializers.CharField()
    incident = serializers.UUIDField(source="incident_id")
    subject_type = serializers.CharField()
    subject_id = serializers.UUIDField()
    data = serializers.DictField()  # type: ignore[assignment]  # a field, not Serializer.data
    actor = ActorField()
    occurred_at = InstantField()


class TimelineFilter(ResourceFilter):
    """What a timeline can be asked for."""

    after = NumberFilter(
        field_name="sequence", lookup_expr="gt", help_text="Events after this sequence number."
    )
    kind = TextFilter(max_length=60)
    occurred_at = InstantRange()
    ordering = OrderingFilter({"sequence": "sequence"}, default="sequence")


class TimelineViewSet(OfIncident):
    """The timeline of an incident: append-only."""

    rows = Event.objects.all()
    read_serializer = EventRead
    filters = TimelineFilter
    etag_column = ""
    noun = "event"
    permissions = {"list": "incidents.view", "retrieve": "incidents.view"}
