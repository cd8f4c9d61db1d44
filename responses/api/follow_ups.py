"""`/follow_ups/`: who does what by when, and what was promised in public."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access import refs
from crisis_api.access.api.named import team_of, version_read
from crisis_api.access.callers import Caller
from crisis_api.access.models import Owner
from crisis_api.lib.drf.filters import (
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
    SecondsField,
    StrictSerializer,
    TitleField,
)
from crisis_api.lib.drf.views import ResourceViewSet
from incidents.models import Incident
from responses.api.named import row_of
from responses.models import FollowUp, Statement
from responses.services import follow_ups


class FollowUpRead(ReadSerializer):
    """A follow-up action, or a commitment."""

    id = serializers.UUIDField()
    team = serializers.UUIDField(source="team_id")
    incident = serializers.UUIDField(source="incident_id", allow_null=True)
    statement = serializers.UUIDField(source="statement_id", allow_null=True)
    kind = serializers.ChoiceField(choices=FollowUp.Kind.values)
    status = serializers.ChoiceField(choices=FollowUp.Status.values)
    title = serializers.CharField()
    description = serializers.CharField()
    owner = serializers.UUIDField(source="owner_id")
    due_at = InstantField()
    remind_before_seconds = serializers.IntegerField()
    proof = serializers.CharField()
    cancel_reason = serializers.CharField()
    done_at = InstantField(allow_null=True)
    external_refs = refs.Refs("follow_up")
    html_url = HtmlUrlField("/admin/responses/followup/{id}/change/")
    actor = ActorField()
    created_at = InstantField()
    updated_at = InstantField()


class FollowUpFields(StrictSerializer):
    """What may be changed while it is unfinished."""

    title = TitleField()
    description = serializers.CharField(max_length=20_000, allow_blank=True, required=False)
    owner = serializers.UUIDField()
    due_at = InstantField()
    remind_before_seconds = SecondsField(required=False)
    external_refs = refs.RefsInput(required=False)


class FollowUpInput(FollowUpFields):
    """A new follow-up; the team may be left out where an incident or statement is named."""

    team = serializers.UUIDField(required=False)
    incident = serializers.UUIDField(required=False)
    statement = serializers.UUIDField(required=False)
    kind = serializers.ChoiceField(choices=FollowUp.Kind.values, required=False)


class CompleteInput(StrictSerializer):
    """What shows that it is done: a link, a number, a sentence."""

    proof = serializers.CharField(max_length=5000)


class CancelInput(StrictSerializer):
    """Why it is not done after all."""

    reason = serializers.CharField(max_length=5000)


class FollowUpFilter(ResourceFilter):
    """What a list of follow-ups can be asked for."""

    team = IdFilter(field_name="team_id")
    incident = IdFilter(field_name="incident_id", allow_none=True)
    statement = IdFilter(field_name="statement_id", allow_none=True)
    owner = IdFilter(field_name="owner_id")
    kind = WordsFilter(words=FollowUp.Kind.values)
    status = WordsFilter(words=FollowUp.Status.values)
    due_at = InstantRange()
    created_at = InstantRange()
    updated_at = InstantRange()
    external_refs = refs.RefsFilter("follow_up")
    ordering = OrderingFilter(
        {"due_at": "due_at", "created_at": "created_at", "updated_at": "updated_at"},
        default="due_at",
    )


class FollowUpViewSet(ResourceViewSet):
    """Follow-up actions and commitments."""

    read_serializer = FollowUpRead
    filters = FollowUpFilter
    permissions: ClassVar[dict[str, str]] = {
        "list": "follow_ups.view",
        "retrieve": "follow_ups.view",
        "create": "follow_ups.write",
        "partial_update": "follow_ups.write",
        "start": "follow_ups.write",
        "complete": "follow_ups.write",
        "cancel": "follow_ups.write",
    }
    inputs: ClassVar[dict[str, type[StrictSerializer]]] = {
        "create": FollowUpInput,
        "partial_update": FollowUpFields,
        "complete": CompleteInput,
        "cancel": CancelInput,
    }

    def queryset_for(self, caller: Caller) -> QuerySet[FollowUp]:
        """Return those of the caller's teams."""
        return FollowUp.objects.visible_to(caller)

    def create(self, request: Request, **kwargs: Any) -> Response:
        """Write down what somebody will do until when."""
        data = self._named(self.validated())
        named = (data.get(name) for name in ("incident", "statement"))
        of_named = next((row.team_id for row in named if row is not None), None)
        data["team"] = team_of(self, data.get("team") or of_named)
        row = follow_ups.create(**data, by=self.caller.actor)
        return self.show(row, status=201)

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change an unfinished follow-up; its reminders move with the due date."""
        row = self.get_object()
        data = self._named(self.validated(partial=True))
        version = version_read(self, row)
        return self.show(follow_ups.change(row, **data, by=self.caller.actor, version=version))

    @action(detail=True, methods=["post"])
    def start(self, request: Request, **kwargs: Any) -> Response:
        """Say that somebody is at it."""
        row = self.get_object()
        version = version_read(self, row)
        return self.show(follow_ups.start(row, by=self.caller.actor, version=version))

    @action(detail=True, methods=["post"])
    def complete(self, request: Request, **kwargs: Any) -> Response:
        """Mark it done, with proof."""
        row = self.get_object()
        proof, version = self.validated()["proof"], version_read(self, row)
        return self.show(
            follow_ups.complete(row, proof=proof, by=self.caller.actor, version=version)
        )

    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **kwargs: Any) -> Response:
        """Take it back, with a reason."""
        row = self.get_object()
        reason, version = self.validated()["reason"], version_read(self, row)
        return self.show(
            follow_ups.cancel(row, reason=reason, by=self.caller.actor, version=version)
        )

    def _named(self, data: dict[str, Any]) -> dict[str, Any]:
        """Put the things in the place of their ids, and the durations under their names."""
        for name, model in (("owner", Owner), ("incident", Incident), ("statement", Statement)):
            if name in data:
                data[name] = row_of(model, data[name], self.caller)
        if "remind_before_seconds" in data:
            data["remind_before"] = data.pop("remind_before_seconds")
        return data
