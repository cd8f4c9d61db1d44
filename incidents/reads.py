"""What is read of incidents: the parts of a detail that no column of theirs holds.

Fields of ReadSerializers, whose rows come with those of the incidents.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery
from rest_framework import serializers

from crisis_api.lib import clock
from crisis_api.lib.drf.columns import Related, RelatedOne
from crisis_api.lib.drf.serializers import InstantField, ReadSerializer, WordField
from incidents.models import (
    UNRESOLVED,
    Claim,
    Escalation,
    Incident,
    IncidentRelation,
    IncidentStatus,
    Milestone,
    Reminder,
    Severity,
)
from incidents.services.milestones import NAMES, minutes_between

SEVERITIES = {severity.value: severity.word for severity in Severity}


class MilestoneRead(ReadSerializer):
    """One thing an incident should reach, in minutes from its opening."""

    name = serializers.ChoiceField(choices=["detected", "opened", *NAMES])
    reached_at = InstantField(allow_null=True)
    minutes = serializers.IntegerField(
        allow_null=True, help_text="From the opening; that of `opened` is from the detection."
    )
    target_at = InstantField(allow_null=True)
    target_minutes = serializers.IntegerField(allow_null=True)
    missed = serializers.BooleanField()


class _MilestoneRow(ReadSerializer):
    name = serializers.CharField()
    target_at = InstantField()
    reached_at = InstantField()
    detected_at = InstantField(source="incident.detected_at")
    opened_at = InstantField(source="incident.opened_at")


class Milestones(Related):
    """All milestones of each incident in their order, the detection and the opening first."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            MilestoneRead,
            row=_MilestoneRow,
            queryset=Milestone.objects.all,
            fk="incident_id",
            **kwargs,
        )

    def made(self, rows: list[dict[str, Any]], key: UUID) -> list[dict[str, Any]]:
        """Return the milestones as they stand now."""
        now = clock.now()
        found = _beginning(rows[0]["detected_at"], rows[0]["opened_at"]) if rows else []
        for row in sorted(rows, key=lambda row: _PLACES[row["name"]]):
            reached_at, target_at = row["reached_at"], row["target_at"]
            found.append(_milestone(row["name"], row["opened_at"], reached_at, target_at, now))
        return found


class _WithMilestones(ReadSerializer):
    milestones = Milestones()


def milestones_of(incident: Incident) -> list[dict[str, Any]]:
    """Return the milestones of one incident."""
    row = _WithMilestones.row(Incident.objects.filter(pk=incident.pk))
    return row["milestones"] if row else []


_PLACES = {name: place for place, name in enumerate(["detected", "opened", *NAMES])}


def _beginning(detected_at: datetime, opened_at: datetime) -> list[dict[str, Any]]:
    detected = _milestone("detected", detected_at, detected_at, None, opened_at)
    opened = _milestone("opened", detected_at, opened_at, None, opened_at)
    return [detected | {"minutes": None}, opened]


def _milestone(
    name: str,
    start: datetime,
    reached_at: datetime | None,
    target_at: datetime | None,
    now: datetime,
) -> dict[str, Any]:
    return {
        "name": name,
        "reached_at": reached_at,
        "minutes": minutes_between(start, reached_at),
        "target_at": target_at,
        "target_minutes": minutes_between(start, target_at),
        "missed": target_at is not None and (reached_at or now) > target_at,
    }


class IncidentBrief(ReadSerializer):
    """Another incident, named."""

    id = serializers.UUIDField()
    reference = serializers.CharField()
    title = serializers.CharField()
    severity = WordField(words=SEVERITIES)
    status = serializers.ChoiceField(choices=IncidentStatus.values)


class ClaimBrief(ReadSerializer):
    """A claim, named; `title` is empty until a person names it."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    truth = serializers.ChoiceField(choices=Claim.Truth.values)
    mention_count = serializers.IntegerField()
    raid_score = serializers.IntegerField()


class _Pair(ReadSerializer):
    first = IncidentBrief()
    second = IncidentBrief()


class RelatedIncidents(Related):
    """The incidents that each incident is related to."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            IncidentBrief,
            row=_Pair,
            queryset=IncidentRelation.objects.all,
            fk="first_id",
            **kwargs,
        )

    def rows_of(self, parent: OuterRef) -> QuerySet[Any]:
        """Return the relations that name the incident, whether first or second."""
        rows = self.queryset().filter(Q(first_id=parent) | Q(second_id=parent))
        return rows.order_by(*self.order)

    def made(self, rows: list[dict[str, Any]], key: UUID) -> list[dict[str, Any]]:
        """Return the other incident of each pair."""
        return [row["second"] if row["first"]["id"] == key else row["first"] for row in rows]


class EscalationRead(ReadSerializer):
    """The latest run of a policy, and when it reminds next."""

    generation = serializers.IntegerField()
    status = serializers.ChoiceField(choices=Escalation.Status.values)
    round = serializers.IntegerField()
    started_at = InstantField()
    ended_at = InstantField(allow_null=True)
    next_reminder_at = InstantField(allow_null=True)


class LatestEscalation(RelatedOne):
    """The latest run; null where there was none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            EscalationRead(allow_null=True),
            queryset=_with_next_reminder,
            fk="incident_id",
            order=["-generation"],
            **kwargs,
        )


def _with_next_reminder() -> QuerySet[Any]:
    steps = Reminder.objects.pending().filter(kind="escalation_step").order_by()
    ahead = steps.filter(subject_id=OuterRef("incident_id")).values("subject_id")
    earliest = Subquery(ahead.annotate(at=Min("due_at")).values("at"))
    return Escalation.objects.annotate(next_reminder_at=earliest)


def counts(rows: QuerySet[Any]) -> dict[str, Any]:
    """Return how many incidents there are by status and severity, with one query."""
    by_status = dict.fromkeys(IncidentStatus.values, 0)
    by_severity = dict.fromkeys(Severity.words(), 0)
    unresolved_by_severity = dict.fromkeys(Severity.words(), 0)
    without_owner = 0
    grouped = rows.order_by().values_list("status", "severity")
    counted = grouped.annotate(all=Count("pk"), nobodys=Count("pk", filter=Q(owner=None)))
    for status, severity, number, nobodys in counted:
        by_status[status] += number
        by_severity[SEVERITIES[severity]] += number
        if status in UNRESOLVED:
            without_owner += nobodys
            unresolved_by_severity[SEVERITIES[severity]] += number
    return {
        "total": sum(by_status.values()),
        "by_status": by_status,
        "by_severity": by_severity,
        "unresolved": {
            "total": sum(unresolved_by_severity.values()),
            "without_owner": without_owner,
            "by_severity": unresolved_by_severity,
        },
    }
