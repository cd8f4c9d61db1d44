"""`/teams/{id}/desk_settings/`: for which incidents a ticket is drafted, and who is the contact."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access.api.named import version_read
from crisis_api.access.callers import Caller
from crisis_api.access.models import Team
from crisis_api.lib.drf.lookups import canonical_uuid
from crisis_api.lib.drf.serializers import (
    HtmlUrlField,
    InstantField,
    ReadSerializer,
    StrictSerializer,
    TitleField,
)
from crisis_api.lib.drf.views import ResourceViewSet
from crisis_api.lib.errors import NotFound
from incidents.models import Category
from responses.models import DeskSettings
from responses.services import desk


class DeskSettingsRead(ReadSerializer):
    """How a team answers."""

    team = serializers.UUIDField(source="team_id")
    ticket_categories = serializers.ListField(
        child=serializers.ChoiceField(choices=Category.values)
    )
    ticket_language = serializers.ChoiceField(choices=("en", "ru"))
    brand_name = serializers.CharField()
    contact_name = serializers.CharField()
    contact_email = serializers.CharField()
    html_url = HtmlUrlField("/admin/responses/desksettings/{id}/change/")
    created_at = InstantField()
    updated_at = InstantField()


class DeskSettingsInput(StrictSerializer):
    """What may be changed."""

    ticket_categories = serializers.ListField(
        child=serializers.ChoiceField(choices=Category.values), max_length=len(Category.values)
    )
    ticket_language = serializers.ChoiceField(choices=("en", "ru"))
    brand_name = TitleField(max_length=100, allow_blank=True)
    contact_name = TitleField(max_length=100, allow_blank=True)
    contact_email = serializers.EmailField(allow_blank=True)


class DeskSettingsViewSet(ResourceViewSet):
    """The settings of a team's response desk."""

    read_serializer = DeskSettingsRead
    permissions = {"retrieve": "teams.view", "partial_update": "teams.manage"}
    inputs = {"partial_update": DeskSettingsInput}
    lookup_url_kwarg = "team"

    def queryset_for(self, caller: Caller) -> QuerySet[DeskSettings]:
        """Return those of the caller's teams."""
        return DeskSettings.objects.visible_to(caller)

    def lookup(self, value: str) -> dict[str, Any]:
        """Return the condition for a team's id; a team always has settings."""
        team = Team.objects.visible_to(self.caller).filter(pk=canonical_uuid(value)).first()
        if team is None:
            raise NotFound
        return {"pk": desk.settings_of(team).pk}

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change the settings."""
        row = self.get_object()
        data, version = self.validated(partial=True), version_read(self, row)
        return self.show(desk.change(row.team, by=self.caller.actor, version=version, **data))
