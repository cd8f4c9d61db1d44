"""`/incidents/{id}/notes/`: what people wrote down about it."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.lib.drf.filters import InstantRange, OrderingFilter, ResourceFilter
from crisis_api.lib.drf.serializers import (
    ActorField,
    InstantField,
    ReadSerializer,
    StrictSerializer,
)
from incidents.api.nested import OfIncident
from incidents.api.serializers import LONGEST_TEXT
from incidents.models import Note
from incidents.services import notes


class NoteRead(ReadSerializer):
    """A note."""

    id = serializers.UUIDField()
    incident = serializers.UUIDField(source="incident_id")
    text = serializers.CharField()
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class NoteInput(StrictSerializer):
    """A new note."""

    text = serializers.CharField(max_length=LONGEST_TEXT)


class NoteFilter(ResourceFilter):
    """What a list of notes can be asked for."""

    created_at = InstantRange()
    ordering = OrderingFilter({"created_at": "created_at"}, default="created_at")


class NoteViewSet(OfIncident):
    """The notes of an incident. They are not changed: what is wrong in one is said in the next."""

    rows = Note.objects.all()
    read_serializer = NoteRead
    filters = NoteFilter
    inputs = {"create": NoteInput}
    permissions = {
        "list": "incidents.view",
        "retrieve": "incidents.view",
        "create": "incidents.note",
    }

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Write a note."""
        incident = self.incident_of(self.caller)
        self.caller.require(self.permission, incident.team_id)
        note = notes.add(incident, text=self.validated()["text"], by=self.caller.actor)
        return self.show(note, status=201)
