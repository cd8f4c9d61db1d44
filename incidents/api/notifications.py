"""`/notifications/`: the messages to people, and what came of each."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access.callers import Caller
from crisis_api.access.models import ContactPoint
from crisis_api.lib.drf.columns import Related
from crisis_api.lib.drf.filters import (
    FlagFilter,
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
)
from crisis_api.lib.drf.views import ResourceViewSet
from incidents.api.serializers import NothingInput
from incidents.models import Notification, NotificationReminder
from incidents.services import dead_letters


class ContactPointBrief(ReadSerializer):
    """Through what it goes; the address is the person's own business."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=ContactPoint.Kind.values)


class NotificationRead(ReadSerializer):
    """One message to one contact point. `incident` is null where it tells of several."""

    id = serializers.UUIDField()
    team = serializers.UUIDField(source="team_id")
    owner = serializers.UUIDField(source="owner_id", allow_null=True)
    incident = serializers.UUIDField(source="incident_id", allow_null=True)
    contact_point = ContactPointBrief(allow_null=True)
    chain_position = serializers.IntegerField()
    urgency = serializers.ChoiceField(choices=["normal", "urgent"])
    critical = serializers.BooleanField()
    status = serializers.ChoiceField(choices=Notification.Status.values)
    planned_at = InstantField()
    due_at = InstantField()
    sending_at = InstantField(allow_null=True)
    sent_at = InstantField(allow_null=True)
    attempts = serializers.IntegerField()
    last_error = serializers.CharField()
    reminders = Related(
        serializers.UUIDField(),
        queryset=NotificationReminder.objects.all,
        fk="notification_id",
        order=["reminder_id"],
        flat="reminder_id",
    )
    html_url = HtmlUrlField("/admin/incidents/notification/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class NotificationFilter(ResourceFilter):
    """What a list of notifications can be asked for."""

    team = IdFilter(field_name="team_id")
    owner = IdFilter(field_name="owner_id", allow_none=True)
    incident = IdFilter(field_name="incident_id", allow_none=True)
    status = WordsFilter(words=Notification.Status.values)
    critical = FlagFilter()
    planned_at = InstantRange()
    sent_at = InstantRange()
    updated_at = InstantRange()
    ordering = OrderingFilter(
        {"created_at": "id", "planned_at": "planned_at", "updated_at": "updated_at"},
        default="-created_at",
    )


class NotificationViewSet(ResourceViewSet):
    """Messages of the caller's teams."""

    read_serializer = NotificationRead
    filters = NotificationFilter
    inputs = {"retry": NothingInput}
    permissions = {
        "list": "notifications.view",
        "retrieve": "notifications.view",
        "retry": "notifications.retry",
    }

    def queryset_for(self, caller: Caller) -> QuerySet[Notification]:
        """Return the messages of the caller's teams."""
        rows: QuerySet[Notification] = Notification.objects.visible_to(caller)
        return rows

    @action(detail=True, methods=["post"])
    def retry(self, request: Request, **kwargs: Any) -> Response:
        """Send a message again that reached nobody."""
        notification = self.get_object()
        self.validated()
        return self.show(dead_letters.send_again(notification, by=self.caller.actor))
