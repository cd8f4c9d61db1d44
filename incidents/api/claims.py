"""`/claims/`: what many mentions say. They are made by what comes in."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from crisis_api.access.api.named import version_read
from crisis_api.access.callers import Caller
from crisis_api.lib.drf.views import ResourceViewSet
from crisis_api.lib.errors import FieldError, Refused
from incidents import mention_reads
from incidents.api import named
from incidents.api.claim_shapes import (
    ClaimFields,
    ClaimFilter,
    ClaimRead,
    ClaimVolume,
    MergeClaimInput,
    SplitClaimInput,
    TruthInput,
    VolumeFilter,
)
from incidents.intake import claim_verbs
from incidents.models import Claim, Incident, Mention


class ClaimViewSet(ResourceViewSet):
    """Claims. They are never deleted."""

    read_serializer = ClaimRead
    filters = ClaimFilter
    action_filters = {"volume": VolumeFilter}
    shows = {"volume": ClaimVolume}
    inputs = {
        "partial_update": ClaimFields,
        "merge": MergeClaimInput,
        "split": SplitClaimInput,
        "set_truth": TruthInput,
    }
    permissions = {
        "list": "claims.view",
        "retrieve": "claims.view",
        "volume": "claims.view",
        "partial_update": "claims.edit",
        "merge": "claims.edit",
        "split": "claims.edit",
        "set_truth": "claims.set_truth",
    }
    query_params = {"volume": frozenset(VolumeFilter.base_filters)}

    def queryset_for(self, caller: Caller) -> QuerySet[Claim]:
        """Return the claims of the caller's teams."""
        return Claim.objects.visible_to(caller)

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Name a claim, or say which incident it belongs to."""
        claim = self.get_object()
        values = self.validated(partial=True)
        if values.get("incident") is not None:
            mine = Incident.objects.visible_to(self.caller).filter(team_id=claim.team_id)
            values["incident"] = named.incident("incident", values["incident"], mine)
        claim_verbs.change(
            claim, by=self.caller.actor, version=version_read(self, claim), values=values
        )
        return self.show(claim)

    @action(detail=True, methods=["post"])
    def set_truth(self, request: Request, **kwargs: Any) -> Response:
        """Say whether it is true, and by what evidence."""
        claim = self.get_object()
        given = self.validated()
        row = claim_verbs.set_truth(
            claim,
            truth=given["truth"],
            note=given["evidence_note"],
            links=given["evidence_links"],
            by=self.caller.actor,
            version=version_read(self, claim),
        )
        return self.show(row)

    @action(detail=True, methods=["post"])
    def merge(self, request: Request, **kwargs: Any) -> Response:
        """Let it go into another claim, for good."""
        claim = self.get_object()
        wanted = self.validated()["into"]
        into = Claim.objects.visible_to(self.caller).filter(team_id=claim.team_id, pk=wanted)
        found = into.first()
        if found is None:
            detail = _("There is no such claim.")
            raise Refused(errors=[FieldError("/into", "unknown_claim", detail)])
        version = version_read(self, claim)
        row = claim_verbs.merge(claim, into=found, by=self.caller.actor, version=version)
        return self.show(row)

    @extend_schema(responses={201: ClaimRead})
    @action(detail=True, methods=["post"])
    def split(self, request: Request, **kwargs: Any) -> Response:
        """Make a second claim of some of its mentions, and answer with that one (201)."""
        claim = self.get_object()
        fresh = claim_verbs.split(
            claim,
            by=self.caller.actor,
            version=version_read(self, claim),
            **self.validated(),
        )
        address = reverse("claim-detail", args=[fresh.pk], request=request)
        return self.show(fresh, status=201, headers={"Location": address})

    @action(detail=True)
    def volume(self, request: Request, **kwargs: Any) -> Response:
        """Count its mentions and their authors hour by hour, the latest 31 days that it was said.

        Hours without a mention are left out.
        """
        claim = self.get_object()
        rows = VolumeFilter(request.query_params, Mention.objects.filter(claim=claim)).qs
        return Response(mention_reads.volume(rows))
