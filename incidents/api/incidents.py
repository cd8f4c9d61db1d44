"""`/incidents/`: the crises of the caller's teams."""

import re
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from crisis_api.access import refs
from crisis_api.access.api.named import team_of, version_read
from crisis_api.access.callers import Caller
from crisis_api.lib.drf.filters import (
    FlagFilter,
    IdFilter,
    InstantRange,
    NumberRange,
    OrderingFilter,
    ResourceFilter,
    SearchFilter,
    TextFilter,
    WordsFilter,
)
from crisis_api.lib.drf.views import ResourceViewSet
from crisis_api.lib.errors import Conflict
from incidents import reads
from incidents.api import named
from incidents.api.incident_batches import Batches
from incidents.api.serializers import (
    IncidentCounts,
    IncidentDetail,
    IncidentFields,
    IncidentInput,
    IncidentRead,
)
from incidents.api.verbs import PERMISSIONS, Verbs
from incidents.models import Category, Incident, IncidentStatus, Mode, Severity
from incidents.services import lifecycle

REFERENCE = re.compile(r"CR-[0-9]{4}-[0-9]{4,9}", re.ASCII)


class IncidentFilter(ResourceFilter):
    """What a list of incidents can be asked for."""

    team = IdFilter(field_name="team_id")
    status = WordsFilter(words=IncidentStatus.values)
    severity = WordsFilter(words=Severity.words())
    category = WordsFilter(words=Category.values)
    mode = WordsFilter(words=Mode.values)
    owner = IdFilter(field_name="owner_id", allow_none=True)
    account = IdFilter(field_name="account_id", allow_none=True)
    policy = IdFilter(field_name="policy_id", allow_none=True)
    acknowledged_by = IdFilter(field_name="acknowledged_by_id", allow_none=True)
    merged_into = IdFilter(field_name="merged_into_id", allow_none=True)
    snoozed = FlagFilter(field_name="snoozed_until", lookup_expr="isnull", exclude=True)
    dedup_key = TextFilter()
    reference = TextFilter(max_length=20)
    external_refs = refs.RefsFilter("incident")
    q = SearchFilter("search_text")
    detected_at = InstantRange()
    opened_at = InstantRange()
    updated_at = InstantRange()
    created_at = InstantRange()
    resolved_at = InstantRange()
    mention_count = NumberRange()
    ordering = OrderingFilter(
        {
            "severity": "severity",
            "opened_at": "opened_at",
            "updated_at": "updated_at",
            "created_at": "created_at",
            "mention_count": "mention_count",
        },
        default="-opened_at",
    )


class CountsFilter(ResourceFilter):
    """What incidents are counted."""

    team = IdFilter(field_name="team_id")
    category = WordsFilter(words=Category.values)
    mode = WordsFilter(words=Mode.values)
    owner = IdFilter(field_name="owner_id", allow_none=True)
    account = IdFilter(field_name="account_id", allow_none=True)
    opened_at = InstantRange()


class IncidentViewSet(Batches, Verbs, ResourceViewSet):
    """Incidents, named in paths by id or by reference. They are never deleted."""

    read_serializer = IncidentDetail
    filters = IncidentFilter
    action_filters = {"counts": CountsFilter}
    shows = {**Batches.shows, "list": IncidentRead, "counts": IncidentCounts}
    inputs = {
        **Verbs.inputs,
        **Batches.inputs,
        "create": IncidentInput,
        "partial_update": IncidentFields,
    }
    permissions = {
        **PERMISSIONS,
        **Batches.permissions,
        "list": "incidents.view",
        "retrieve": "incidents.view",
        "counts": "incidents.view",
        "create": "incidents.open",
        "partial_update": "incidents.edit",
    }
    query_params = {"counts": frozenset(CountsFilter.base_filters)}
    dry_runs = frozenset({"create", "batch", "merge", "split"})

    def queryset_for(self, caller: Caller) -> QuerySet[Incident]:
        """Return the incidents of the caller's teams."""
        return Incident.objects.visible_to(caller)

    def lookup(self, value: str) -> dict[str, Any]:
        """Return the condition for an id or a reference."""
        if REFERENCE.fullmatch(value):
            return {"reference": value}
        return super().lookup(value)

    def found(self) -> QuerySet[Incident]:
        """Return the incident of the path; a reference may be of several teams of the caller."""
        rows: QuerySet[Incident] = super().found()
        if REFERENCE.fullmatch(self.kwargs["pk"]):
            refuse_ambiguous(rows)
        return rows

    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        """Return an incident, or 304 where the caller has this version.

        While its escalation runs it is always returned in full: when it reminds next changes
        without a new version.
        """
        response = super().retrieve(request, **kwargs)
        if response.status_code == 304:
            running = self.found().filter(status=IncidentStatus.OPEN, snoozed_until=None)
            if row := self.shown().row(running):
                return Response(row, headers={"ETag": response.headers["ETag"]})
        return response

    @extend_schema(responses={200: IncidentDetail, 201: IncidentDetail})
    def create(self, request: Request, **kwargs: Any) -> Response:
        """Open an incident (201), or join the unresolved one with the same `dedup_key` (200)."""
        values = self.validated()
        team = team_of(self, values.pop("team", None))
        result = lifecycle.open_incident(
            team=team, by=self.caller.actor, **named.resolve(values, team.pk)
        )
        return self.created(result.incident) if result.created else self.show(result.incident)

    def created(self, incident: Incident) -> Response:
        """Return a new incident, and where it is."""
        address = reverse("incident-detail", args=[incident.pk], request=self.request)
        return self.show(incident, status=201, headers={"Location": address})

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Edit an incident. Another severity or policy decides anew whom to remind."""
        incident = self.get_object()
        changes = named.resolve(self.validated(partial=True), incident.team_id)
        lifecycle.change(
            incident,
            changes,  # type: ignore[arg-type]  # validated
            by=self.caller.actor,
            version=version_read(self, incident),
        )
        return self.show(incident)

    @action(detail=False)
    def counts(self, request: Request, **kwargs: Any) -> Response:
        """Count incidents by status and severity."""
        rows = CountsFilter(request.query_params, self.scoped()).qs
        return Response(reads.counts(rows))


def refuse_ambiguous(rows: QuerySet[Incident]) -> None:
    """Raise 409 for a reference that two teams of the caller have given."""
    ids = list(rows.values_list("pk", flat=True)[:2])
    if len(ids) > 1:
        raise Conflict(
            "Several of your teams have an incident of this reference; use its id.",
            code="ambiguous_reference",
        )
