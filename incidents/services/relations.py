"""Incidents that have to do with each other."""

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Refused
from crisis_api.lib.records import made_by
from incidents import timeline
from incidents.models import Incident, IncidentRelation
from incidents.services.moves import hold_both, put
from incidents.timeline import Entry


@transaction.atomic
def relate(incident: Incident, other: Incident, *, by: Actor) -> bool:
    """Note that two incidents of one team belong together; doing it again changes nothing.

    Returns whether they were not related before.
    """
    _check_pair(incident, other)
    first, second = sorted((incident, other), key=lambda each: each.pk)
    rows = hold_both(incident.pk, other.pk)
    if _between(incident, other).exists():
        return False
    IncidentRelation.objects.create(
        team_id=incident.team_id, first=first, second=second, **made_by(by)
    )
    _record("incident.related", rows, by=by)
    return True


@transaction.atomic
def unrelate(incident: Incident, other: Incident, *, by: Actor) -> bool:
    """Take a relation back; where there is none nothing changes. Returns whether there was one."""
    _check_pair(incident, other)
    rows = hold_both(incident.pk, other.pk)
    deleted, _ = _between(incident, other).delete()
    if deleted:
        _record("incident.unrelated", rows, by=by)
    return bool(deleted)


def _check_pair(incident: Incident, other: Incident) -> None:
    if incident.pk == other.pk:
        raise Refused("An incident is not related to itself.", code="same_incident")
    if incident.team_id != other.team_id:
        raise Refused("The two incidents belong to different teams.", code="different_teams")


def _between(incident: Incident, other: Incident) -> "QuerySet[IncidentRelation]":
    first, second = sorted((incident.pk, other.pk))
    return IncidentRelation.objects.filter(first_id=first, second_id=second)


def _record(kind: str, rows: Mapping[UUID, Incident], *, by: Actor) -> None:
    first, second = rows.values()
    pair = ((first, second), (second, first))
    for row in rows.values():
        # Each shows the other, so the versions rise.
        put(row)
    timeline.record_many(
        [
            Entry(
                kind=kind,
                team_id=one.team_id,
                subject_type="incident",
                subject_id=one.pk,
                incident_id=one.pk,
                by=by,
                data={"other": str(another.pk)},
            )
            for one, another in pair
        ]
    )
