"""`/audit_events/`: who changed access and configuration, and when."""

from django.db.models import QuerySet
from rest_framework import serializers

from crisis_api.access.callers import Caller
from crisis_api.access.models import AuditEvent
from crisis_api.lib.drf import pages
from crisis_api.lib.drf.filters import IdFilter, InstantRange, ResourceFilter, TextFilter
from crisis_api.lib.drf.serializers import ActorField, HtmlUrlField, InstantField, ReadSerializer
from crisis_api.lib.drf.views import ResourceViewSet


class AuditEventRead(ReadSerializer):
    """One line of the audit. `data.fields` names what changed; values are never written here."""

    id = serializers.UUIDField()
    team = serializers.UUIDField(source="team_id")
    action = serializers.CharField()
    object_type = serializers.CharField()
    object = serializers.UUIDField(source="object_id", allow_null=True)
    data = serializers.JSONField()  # type: ignore[assignment]  # the metaclass takes it away
    html_url = HtmlUrlField("/admin/access/auditevent/{id}/change/")
    actor = ActorField()
    created_at = InstantField()


class AuditEventFilter(ResourceFilter):
    """What the audit can be asked for."""

    team = IdFilter(field_name="team_id")
    action = TextFilter(max_length=60)
    object_type = TextFilter(max_length=40)
    object = IdFilter(field_name="object_id")
    actor = IdFilter(field_name="actor_id")
    created_at = InstantRange()


class AuditEventViewSet(ResourceViewSet):
    """The audit of the caller's teams, newest first; nothing in it ever changes."""

    read_serializer = AuditEventRead
    filters = AuditEventFilter
    ordering = pages.Ordering.by("-id")
    etag_column = ""
    permissions = {"list": "audit_events.view", "retrieve": "audit_events.view"}

    def queryset_for(self, caller: Caller) -> QuerySet[AuditEvent]:
        """Return the lines of the caller's teams."""
        return AuditEvent.objects.visible_to(caller)
