"""`/handover_notes/`: what whoever ends a shift tells whoever begins the next."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access.api.named import team_of
from crisis_api.access.callers import Caller
from crisis_api.lib.drf.filters import IdFilter, InstantRange, OrderingFilter, ResourceFilter
from crisis_api.lib.drf.serializers import (
    ActorField,
    HtmlUrlField,
    InstantField,
    ReadSerializer,
    StrictSerializer,
)
from crisis_api.lib.drf.views import ResourceViewSet
from incidents.models import HandoverNote
from incidents.services import inbox


class HandoverNoteRead(ReadSerializer):
    """A note for the next shift; `author` is null where a team's key wrote it."""

    id = serializers.UUIDField()
    team = serializers.UUIDField(source="team_id")
    author = serializers.UUIDField(source="author_id", allow_null=True)
    text = serializers.CharField()
    html_url = HtmlUrlField("/admin/incidents/handovernote/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class HandoverNoteInput(StrictSerializer):
    """A note for the next shift."""

    team = serializers.UUIDField(required=False)
    text = serializers.CharField(max_length=4_000)


class HandoverNoteFilter(ResourceFilter):
    """What a list of hand-over notes can be asked for."""

    team = IdFilter(field_name="team_id")
    author = IdFilter(field_name="author_id", allow_none=True)
    created_at = InstantRange()
    ordering = OrderingFilter({"created_at": "id"}, default="-created_at")


class HandoverNoteViewSet(ResourceViewSet):
    """Hand-over notes, the latest first. They are never changed."""

    read_serializer = HandoverNoteRead
    filters = HandoverNoteFilter
    inputs = {"create": HandoverNoteInput}
    permissions = {
        "list": "handover_notes.view",
        "retrieve": "handover_notes.view",
        "create": "handover_notes.write",
    }

    def queryset_for(self, caller: Caller) -> QuerySet[HandoverNote]:
        """Return the notes of the caller's teams."""
        return HandoverNote.objects.visible_to(caller)

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Tell the next shift something."""
        values = self.validated()
        note = inbox.write_note(
            team=team_of(self, values.get("team")),
            text=values["text"],
            author=self.caller.owner,
            by=self.caller.actor,
        )
        return self.show(note, status=201)
