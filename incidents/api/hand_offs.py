"""`/hand_offs/`: mentions that somebody else looks after, until they are closed."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access.callers import Caller
from crisis_api.lib.drf.filters import (
    IdFilter,
    InstantRange,
    OrderingFilter,
    ResourceFilter,
    WordsFilter,
)
from crisis_api.lib.drf.serializers import ActorField, HtmlUrlField, InstantField, ReadSerializer
from crisis_api.lib.drf.views import ResourceViewSet
from incidents.api.serializers import NothingInput
from incidents.models import HandOff, Mention
from incidents.services import hand_offs


class HandOffRead(ReadSerializer):
    """Who looks after a mention: a person of the team, or a desk outside."""

    id = serializers.UUIDField()
    team = serializers.UUIDField(source="team_id")
    mention = serializers.UUIDField(source="mention_id")
    owner = serializers.UUIDField(source="owner_id", allow_null=True)
    desk = serializers.CharField()
    reason = serializers.CharField()
    status = serializers.ChoiceField(choices=HandOff.Status.values)
    closed_at = InstantField(allow_null=True)
    closed_by = serializers.UUIDField(source="closed_by_id", allow_null=True)
    html_url = HtmlUrlField("/admin/incidents/handoff/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class HandOffFilter(ResourceFilter):
    """What a list of hand-offs can be asked for."""

    team = IdFilter(field_name="team_id")
    mention = IdFilter(field_name="mention_id")
    owner = IdFilter(field_name="owner_id", allow_none=True)
    status = WordsFilter(words=HandOff.Status.values)
    created_at = InstantRange()
    ordering = OrderingFilter({"created_at": "id"}, default="-created_at")


class HandOffViewSet(ResourceViewSet):
    """Hand-offs; they are made by `hand_off/` of a mention."""

    read_serializer = HandOffRead
    filters = HandOffFilter
    inputs = {"close": NothingInput}
    permissions = {
        "list": "hand_offs.view",
        "retrieve": "hand_offs.view",
        "close": "hand_offs.close",
    }

    def queryset_for(self, caller: Caller) -> QuerySet[HandOff]:
        """Return those of mentions that the caller may see."""
        visible = Mention.objects.visible_to(caller)
        return HandOff.objects.visible_to(caller).filter(mention__in=visible)

    @action(detail=True, methods=["post"])
    def close(self, request: Request, **kwargs: Any) -> Response:
        """Say that it is taken care of; nobody is reminded any more."""
        row = self.get_object()
        self.validated()
        closed = hand_offs.close(row, owner=self.caller.owner, by=self.caller.actor)
        return self.show(closed)
