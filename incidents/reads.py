"""What is read of incidents: the parts of a detail that no column of theirs holds.

Fields of ReadSerializers, each of which costs one query however many rows are read.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery
from rest_framework import serializers

from crisis_api.lib import clock
from crisis_api.lib.drf.columns import Computed, Related
from crisis_api.lib.drf.serializers import InstantField, ReadSerializer, WordField
from incidents.models import (
    UNRESOLVED,
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


class Milestones(Related):
    """All milestones of each incident in their order, the detection and the opening first."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(MilestoneRead, queryset=Milestone.objects.all, fk="incident_id", **kwargs)

    def fetch(self, keys: Sequence[Any]) -> dict[Any, list[Any]]:
        """Return the milestones of the incidents, in one query."""
        now = clock.now()
        found: dict[Any, list[Any]] = {}
        rows = (
            self.queryset()
            .filter(incident_id__in=keys)
            .values_list(
                "incident_id",
                "name",
                "target_at",
                "reached_at",
                "incident__detected_at",
                "incident__opened_at",
            )
        )
        for incident_id, name, target_at, reached_at, detected_at, opened_at in rows:
            mine = found.setdefault(incident_id, _beginning(detected_at, opened_at))
            mine.append(_milestone(name, opened_at, reached_at, target_at, now))
        for mine in found.values():
            mine.sort(key=lambda row: _PLACES[row["name"]])
        return found


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


class RelatedIncidents(Related):
    """The incidents that each incident is related to."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(IncidentBrief, queryset=Incident.objects.all, fk="id", **kwargs)

    def fetch(self, keys: Sequence[Any]) -> dict[Any, list[Any]]:
        """Return the related incidents, in two queries."""
        wanted = set(keys)
        rows = IncidentRelation.objects.filter(Q(first_id__in=wanted) | Q(second_id__in=wanted))
        pairs: list[tuple[UUID, UUID]] = []
        for first, second in rows.order_by("id").values_list("first_id", "second_id"):
            pairs += [(one, other) for one, other in ((first, second), (second, first))]
        others = self.queryset().filter(pk__in={other for one, other in pairs if one in wanted})
        known = {row["id"]: row for row in IncidentBrief.rows(others)}
        found: dict[Any, list[Any]] = {}
        for one, other in pairs:
            if one in wanted:
                found.setdefault(one, []).append(known[other])
        return found


class EscalationRead(ReadSerializer):
    """The latest run of a policy, and when it reminds next."""

    generation = serializers.IntegerField()
    status = serializers.ChoiceField(choices=Escalation.Status.values)
    round = serializers.IntegerField()
    started_at = InstantField()
    ended_at = InstantField(allow_null=True)
    next_reminder_at = InstantField(allow_null=True)


_OF_ESCALATION = ("generation", "status", "round", "started_at", "ended_at")


class LatestEscalation(Computed):
    """The latest run; null where there was none. Needs `with_escalation`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            columns=[*(f"escalation_{name}" for name in _OF_ESCALATION), "next_reminder_at"],
            make=_escalation,
            child=EscalationRead(allow_null=True),
            **kwargs,
        )


def _escalation(*values: Any) -> dict[str, Any] | None:
    names = (*_OF_ESCALATION, "next_reminder_at")
    return dict(zip(names, values, strict=True)) if values[0] is not None else None


def with_escalation(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Let incidents be read together with their latest run and its next reminder."""
    latest = Escalation.objects.filter(incident=OuterRef("pk")).order_by("-generation")
    ahead = (
        Reminder.objects.pending()
        .filter(subject_id=OuterRef("pk"), kind="escalation_step")
        .order_by()
        .values("subject_id")
    )
    columns = {f"escalation_{name}": Subquery(latest.values(name)[:1]) for name in _OF_ESCALATION}
    earliest = Subquery(ahead.annotate(at=Min("due_at")).values("at"))
    return rows.annotate(**columns, next_reminder_at=earliest)


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
