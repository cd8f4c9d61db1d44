"""`/incidents/{id}/reminders/`: who was, is and will be reminded of it, and through what."""

from typing import Any

from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.lib.drf.columns import Related
from crisis_api.lib.drf.filters import (
    InstantRange,
    NumberFilter,
    OrderingFilter,
    ResourceFilter,
    WordsFilter,
)
from crisis_api.lib.drf.serializers import ActorField, InstantField, ReadSerializer
from incidents.api.nested import OfIncident
from incidents.api.serializers import NothingInput
from incidents.models import Notification, NotificationReminder, Reminder, ReminderKind
from incidents.services import dead_letters


class TargetRead(ReadSerializer):
    """Whom a reminder means."""

    kind = serializers.ChoiceField(choices=["owner", "person", "rotation", "role", "webhook"])
    id = serializers.CharField(allow_null=True)
    role = serializers.CharField(allow_null=True)


class CoveredBy(ReadSerializer):
    """A message that tells of a reminder."""

    id = serializers.UUIDField(source="notification_id")
    owner = serializers.UUIDField(source="notification.owner_id", allow_null=True)
    status = serializers.ChoiceField(
        source="notification.status", choices=Notification.Status.values
    )
    sent_at = InstantField(source="notification.sent_at", allow_null=True)


class ReminderRead(ReadSerializer):
    """One dated thing to be reminded of. `planned_at` stays, `due_at` moves when postponed."""

    id = serializers.UUIDField()
    incident = serializers.UUIDField(source="incident_id")
    kind = serializers.ChoiceField(choices=ReminderKind.values)
    subject_type = serializers.CharField()
    subject_id = serializers.UUIDField()
    generation = serializers.IntegerField()
    round = serializers.IntegerField()
    step = serializers.IntegerField()
    targets = serializers.ListField(child=TargetRead())
    person = serializers.UUIDField(source="person_id", allow_null=True)
    urgency = serializers.ChoiceField(choices=["normal", "urgent"])
    critical = serializers.BooleanField()
    working_hours_only = serializers.BooleanField()
    planned_at = InstantField()
    due_at = InstantField()
    fired_at = InstantField(allow_null=True)
    status = serializers.ChoiceField(choices=Reminder.Status.values)
    outcome = serializers.ChoiceField(choices=Reminder.Outcome.values, allow_blank=True)
    attempts = serializers.IntegerField()
    last_error = serializers.CharField()
    notifications = Related(
        CoveredBy,
        queryset=NotificationReminder.objects.all,
        fk="reminder_id",
        order=["notification_id"],
    )
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class ReminderFilter(ResourceFilter):
    """What a list of reminders can be asked for."""

    status = WordsFilter(words=Reminder.Status.values)
    kind = WordsFilter(words=ReminderKind.values)
    generation = NumberFilter()
    planned_at = InstantRange()
    due_at = InstantRange()
    ordering = OrderingFilter(
        {"planned_at": "planned_at", "due_at": "due_at", "created_at": "created_at"},
        default="planned_at",
    )


class ReminderViewSet(OfIncident):
    """The reminders of an incident, and of all that belongs to it."""

    rows = Reminder.objects.all()
    read_serializer = ReminderRead
    filters = ReminderFilter
    inputs = {"retry": NothingInput}
    permissions = {
        "list": "incidents.view",
        "retrieve": "incidents.view",
        "retry": "notifications.retry",
    }

    @action(detail=True, methods=["post"])
    def retry(self, request: Request, **kwargs: Any) -> Response:
        """Have a parked reminder tried once more."""
        reminder = self.get_object()
        self.validated()
        return self.show(dead_letters.fire_again(reminder, by=self.caller.actor))
