"""`/mentions/`: what people write. They come in by the ways of `intake`."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.access.api.named import version_read
from crisis_api.access.callers import Caller
from crisis_api.lib.drf.views import ResourceViewSet
from incidents import mention_reads
from incidents.api import named
from incidents.api.bodies import KeepingJSONParser
from incidents.api.inbox import LEFT_OUT, Inbox
from incidents.api.intake import Intake
from incidents.api.mention_shapes import (
    AttachInput,
    CountsFilter,
    MentionCounts,
    MentionFields,
    MentionFilter,
    MentionRead,
)
from incidents.api.serializers import NothingInput
from incidents.models import Incident, Mention
from incidents.services import mentions


class MentionViewSet(Intake, Inbox, ResourceViewSet):
    """Mentions of the caller's teams."""

    read_serializer = MentionRead
    filters = MentionFilter
    action_filters = {**Inbox.action_filters, "counts": CountsFilter}
    paged = frozenset({"list", "inbox"})
    page_members = {"inbox": {"left_out": LEFT_OUT}}
    parser_classes = [KeepingJSONParser]
    shows = {**Intake.shows, **Inbox.shows, "counts": MentionCounts}
    inputs = {
        **Intake.inputs,
        **Inbox.inputs,
        "partial_update": MentionFields,
        "attach": AttachInput,
        "detach": NothingInput,
    }
    permissions = {
        **Intake.permissions,
        **Inbox.permissions,
        "list": "mentions.view",
        "retrieve": "mentions.view",
        "counts": "mentions.view",
        "partial_update": "mentions.attach",
        "attach": "mentions.attach",
        "detach": "mentions.attach",
    }
    query_params = {
        **Intake.query_params,
        **Inbox.query_params,
        "counts": frozenset(CountsFilter.base_filters),
    }

    def queryset_for(self, caller: Caller) -> QuerySet[Mention]:
        """Return the mentions of the caller's teams."""
        return Mention.objects.visible_to(caller)

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change until when a mention should be answered, or its references."""
        mention = self.get_object()
        mentions.change(
            mention,
            by=self.caller.actor,
            version=version_read(self, mention),
            values=self.validated(partial=True),
        )
        return self.show(mention)

    @action(detail=True, methods=["post"])
    def attach(self, request: Request, **kwargs: Any) -> Response:
        """Say that a mention belongs to an incident, whichever it belonged to before."""
        mention = self.get_object()
        visible = Incident.objects.visible_to(self.caller).filter(team_id=mention.team_id)
        incident = named.incident("incident", self.validated()["incident"], visible)
        mentions.attach(
            mention,
            incident=incident,
            by=self.caller.actor,
            version=version_read(self, mention),
        )
        return self.show(mention)

    @action(detail=True, methods=["post"])
    def detach(self, request: Request, **kwargs: Any) -> Response:
        """Say that a mention belongs to no incident. A storm does not take it back."""
        mention = self.get_object()
        self.validated()
        mentions.detach(mention, by=self.caller.actor, version=version_read(self, mention))
        return self.show(mention)

    @action(detail=False)
    def counts(self, request: Request, **kwargs: Any) -> Response:
        """Count mentions by incident, kind and language, and what waits for somebody.

        For a wallboard ask with `unanswered=true`: those are counted from an index alone.
        """
        rows = CountsFilter(request.query_params, self.scoped()).qs
        return Response(mention_reads.counts(rows))
