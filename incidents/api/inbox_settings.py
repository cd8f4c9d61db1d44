"""`/teams/{id}/inbox_settings/`: how a team works through what people write to it."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access.api.named import version_read
from crisis_api.access.callers import Caller
from crisis_api.access.models import Team
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.drf.lookups import canonical_uuid
from crisis_api.lib.drf.serializers import (
    ActorField,
    HtmlUrlField,
    InstantField,
    ReadSerializer,
    StrictSerializer,
    TitleField,
)
from crisis_api.lib.drf.views import ResourceViewSet
from crisis_api.lib.errors import NotFound
from incidents.models import InboxSettings
from incidents.services import inbox

LONGEST_LEASE = 86_400
MOST_TOXIC = 10_000
MOST_CONTACTS = 200
MONTH = 43_200


class InboxSettingsRead(ReadSerializer):
    """`toxic_per_hour`: how many insults and threats one person gets in an hour; null for any.

    `own_contacts` are telephone numbers and addresses that the team has published.
    """

    team = serializers.UUIDField(source="team_id")
    lease_seconds = serializers.IntegerField()
    toxic_per_hour = serializers.IntegerField(allow_null=True)
    own_contacts = serializers.ListField(child=serializers.CharField())
    press_answer_minutes = serializers.IntegerField()
    remind_risk = serializers.IntegerField()
    remind_after_minutes = serializers.IntegerField(allow_null=True)
    hand_off_remind_minutes = serializers.IntegerField()
    html_url = HtmlUrlField("/admin/incidents/inboxsettings/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class InboxSettingsInput(StrictSerializer):
    """What a manager may change."""

    lease_seconds = serializers.IntegerField(min_value=30, max_value=LONGEST_LEASE)
    toxic_per_hour = serializers.IntegerField(min_value=1, max_value=MOST_TOXIC, allow_null=True)
    own_contacts = serializers.ListField(
        child=TitleField(max_length=200), allow_empty=True, max_length=MOST_CONTACTS
    )
    press_answer_minutes = serializers.IntegerField(min_value=5, max_value=MONTH)
    remind_risk = serializers.IntegerField(min_value=0, max_value=100)
    remind_after_minutes = serializers.IntegerField(min_value=1, max_value=MONTH, allow_null=True)
    hand_off_remind_minutes = serializers.IntegerField(min_value=5, max_value=MONTH)


class InboxSettingsViewSet(ResourceViewSet):
    """The one row of settings of a team."""

    read_serializer = InboxSettingsRead
    inputs = {"partial_update": InboxSettingsInput}
    permissions = {"retrieve": "teams.view", "partial_update": "inbox.manage"}

    def queryset_for(self, caller: Caller) -> QuerySet[InboxSettings]:
        """Return the settings of the caller's teams."""
        return InboxSettings.objects.visible_to(caller)

    def lookup(self, value: str) -> dict[str, Any]:
        """Return the condition for the path's team, whose settings are made when first seen."""
        pk = canonical_uuid(value)
        team = Team.objects.visible_to(self.caller).filter(pk=pk).first() if pk else None
        if team is None:
            raise NotFound()
        inbox.settings_of(team, by=SYSTEM)
        return {"team_id": team.pk}

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change how the team works through its inbox."""
        row = self.get_object()
        inbox.change_settings(
            row,
            by=self.caller.actor,
            version=version_read(self, row),
            values=self.validated(partial=True),
        )
        return self.show(row)
