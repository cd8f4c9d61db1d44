"""`/teams/`: the caller's teams, and the switch that stops all that goes out."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access import refs
from crisis_api.access.api.fields import LANGUAGES, ZoneField
from crisis_api.access.api.named import version_read
from crisis_api.access.callers import Caller
from crisis_api.access.models import Team
from crisis_api.access.services import teams
from crisis_api.lib.drf.filters import (
    FlagFilter,
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
)
from crisis_api.lib.drf.views import ResourceViewSet


class TeamRead(ReadSerializer):
    """A team."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    slug = serializers.SlugField()
    language = serializers.ChoiceField(choices=LANGUAGES)
    time_zone = serializers.CharField()
    frozen_at = InstantField(allow_null=True)
    personal_keys_may_approve = serializers.BooleanField()
    external_refs = refs.Refs("team")
    html_url = HtmlUrlField("/admin/access/team/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class TeamInput(StrictSerializer):
    """What a manager may change of a team."""

    name = TitleField(max_length=100)
    slug = serializers.SlugField(max_length=60)
    language = serializers.ChoiceField(choices=LANGUAGES)
    time_zone = ZoneField()
    personal_keys_may_approve = serializers.BooleanField()
    external_refs = refs.RefsInput()


class TeamFilter(ResourceFilter):
    """What a list of teams can be asked for."""

    slug = TextFilter()
    frozen = FlagFilter(field_name="frozen_at", lookup_expr="isnull", exclude=True)
    external_refs = refs.RefsFilter("team")
    updated_at = InstantRange()
    ordering = OrderingFilter(
        {"name": "name", "created_at": "created_at", "updated_at": "updated_at"}, default="name"
    )


class TeamViewSet(ResourceViewSet):
    """The caller's teams. New ones are made by whoever runs the installation, in the admin."""

    read_serializer = TeamRead
    filters = TeamFilter
    inputs = {"partial_update": TeamInput}
    team_column = "id"
    permissions = {
        "list": "teams.view",
        "retrieve": "teams.view",
        "partial_update": "teams.manage",
        "freeze": "teams.freeze",
        "unfreeze": "teams.freeze",
    }

    def queryset_for(self, caller: Caller) -> QuerySet[Team]:
        """Return the caller's teams."""
        return Team.objects.visible_to(caller)

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change a team."""
        team = self.get_object()
        teams.change(
            team,
            by=self.caller.actor,
            version=version_read(self, team),
            values=self.validated(partial=True),
        )
        return self.show(team)

    @action(detail=True, methods=["post"])
    def freeze(self, request: Request, **kwargs: Any) -> Response:
        """Stop all that goes out, except reminders."""
        return self.show(teams.freeze(self.get_object(), by=self.caller.actor))

    @action(detail=True, methods=["post"])
    def unfreeze(self, request: Request, **kwargs: Any) -> Response:
        """Let it go out again."""
        return self.show(teams.unfreeze(self.get_object(), by=self.caller.actor))
