"""`/teams/{id}/incident_settings/`: how a team handles its incidents."""

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
)
from crisis_api.lib.drf.views import ResourceViewSet
from crisis_api.lib.errors import NotFound
from incidents.models import IncidentSettings
from incidents.services import settings


class SettingsRead(ReadSerializer):
    """`milestone_target_minutes`: from the opening, by severity and milestone."""

    team = serializers.UUIDField(source="team_id")
    default_policy = serializers.UUIDField(source="default_policy_id", allow_null=True)
    milestone_target_minutes = serializers.JSONField(source="milestone_targets")
    html_url = HtmlUrlField("/admin/incidents/incidentsettings/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class SettingsInput(StrictSerializer):
    """What a manager may change. A severity that is not named keeps its targets."""

    default_policy = serializers.UUIDField(allow_null=True)
    milestone_target_minutes = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField())
    )


class IncidentSettingsViewSet(ResourceViewSet):
    """The one row of settings of a team."""

    read_serializer = SettingsRead
    inputs = {"partial_update": SettingsInput}
    permissions = {"retrieve": "teams.view", "partial_update": "teams.manage"}

    def queryset_for(self, caller: Caller) -> QuerySet[IncidentSettings]:
        """Return the settings of the caller's teams."""
        return IncidentSettings.objects.visible_to(caller)

    def lookup(self, value: str) -> dict[str, Any]:
        """Return the condition for the path's team, whose settings are made when first seen."""
        pk = canonical_uuid(value)
        team = Team.objects.visible_to(self.caller).filter(pk=pk).first() if pk else None
        if team is None:
            raise NotFound()
        settings.of_team(team, by=SYSTEM)
        return {"team_id": team.pk}

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change the settings; incidents that are open keep their targets."""
        row = self.get_object()
        settings.change(
            row,
            by=self.caller.actor,
            version=version_read(self, row),
            values=self.validated(partial=True),
        )
        return self.show(row)
