"""Incidents open, or take a new signal in while one for the same thing is unresolved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from crisis_api.access.models import Owner, Team
from crisis_api.lib import constraints
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Conflict
from incidents import timeline
from incidents.models import (
    UNRESOLVED,
    Account,
    EscalationPolicy,
    Incident,
    IncidentStatus,
    Mode,
    Severity,
)
from incidents.services.beginning import Link, Opening, begin
from incidents.services.moves import hold, put, root_of

TWINS = ("one_unresolved_incident_per_dedup_key", "one_unresolved_incident_per_storm")
_TRIES = 10


@dataclass(frozen=True, slots=True)
class OpenResult:
    """The incident, and whether it was opened just now rather than joined."""

    incident: Incident
    created: bool


def open_incident(
    *,
    team: Team,
    category: str,
    severity: int,
    title: str,
    by: Actor,
    summary: str = "",
    mode: str = Mode.STANDARD,
    account: Account | None = None,
    owner: Owner | None = None,
    policy: EscalationPolicy | None = None,
    dedup_key: str | None = None,
    storm_key: str | None = None,
    detected_at: datetime | None = None,
    links: Sequence[Link] = (),
    external_refs: Sequence[Mapping[str, Any]] = (),
) -> OpenResult:
    """Open an incident, or join the unresolved one that has the same key: `open_all` for one."""
    opening = Opening(
        team=team,
        category=category,
        severity=severity,
        title=title,
        summary=summary,
        mode=mode,
        account=account,
        owner=owner,
        policy=policy,
        dedup_key=dedup_key or None,
        storm_key=storm_key or None,
        detected_at=detected_at,
        links=links,
        external_refs=external_refs,
    )
    return open_all([opening], by=by)[0]


@transaction.atomic
def open_all(openings: Sequence[Opening], *, by: Actor) -> list[OpenResult]:
    """Open incidents, or join the unresolved ones that have the same keys; all or none.

    Writes, in one transaction, the incidents with their references, their owners and policies by
    rule, their milestones, their escalations with the reminders of the first rounds, and the
    events. Of two that open the same at once the database lets one through, and the other joins
    it; so does the second of two of one set. A key whose incident was merged leads to where that
    went. A graver signal does not raise the severity: people may have lowered it knowingly.
    """
    results: dict[int, OpenResult] = {}
    for _ in range(_TRIES):
        left = [place for place in range(len(openings)) if place not in results]
        standing = {place: _standing(openings[place]) for place in left}
        # In the order in which everybody locks incidents.
        joining = [(pk, place) for place, pk in standing.items() if pk is not None]
        for pk, place in sorted(joining):
            row = _join(pk, openings[place], by=by)
            # Where it ended, or went into another one, meanwhile: look again for where to join.
            if row is not None:
                results[place] = OpenResult(row, created=False)
        fresh = _firsts(openings, [place for place in left if standing[place] is None])
        for place, row in zip(fresh, _opened([openings[p] for p in fresh], by=by), strict=False):
            results[place] = OpenResult(row, created=True)
        if len(results) == len(openings):
            return [results[place] for place in range(len(openings))]
    # Each time another one opened it and resolved it in the same instant.
    raise Conflict("This incident is being opened and ended elsewhere.", code="opened_elsewhere")


def _firsts(openings: Sequence[Opening], places: Sequence[int]) -> list[int]:
    """Leave out those of which an earlier one has a key, too: they join it once it is there."""
    seen: set[object] = set()
    firsts = []
    for place in places:
        opening = openings[place]
        names = (("dedup", opening.dedup_key), ("storm", opening.storm_key))
        keys = {(opening.team.pk, opening.mode, *key) for key in names if key[1]}
        if not keys & seen:
            firsts.append(place)
        seen |= keys
    return firsts


def _opened(openings: Sequence[Opening], *, by: Actor) -> list[Incident]:
    """Open them; none where a twin of any was first."""
    if not any(opening.dedup_key or opening.storm_key for opening in openings):
        return begin(openings, by=by) if openings else []
    try:
        # A savepoint, so that the transaction is still good for joining the twin.
        with transaction.atomic():
            return begin(openings, by=by)
    except IntegrityError as error:
        if constraints.name_of(error) not in TWINS:
            raise
        return []


def _standing(opening: Opening) -> UUID | None:
    """Return the unresolved incident that has one of the keys, or took in the one that had."""
    mine = Incident.objects.filter(team=opening.team, mode=opening.mode)
    for name in ("dedup_key", "storm_key"):
        key = getattr(opening, name)
        if key is None:
            continue
        same = mine.filter(**{name: key}).order_by("-id").values_list("pk", flat=True)
        open_now: UUID | None = same.filter(status__in=UNRESOLVED).first()
        if open_now is not None:
            return open_now
        merged: UUID | None = same.filter(status=IncidentStatus.MERGED).first()
        if merged is not None:
            root = root_of(merged)
            if Incident.objects.filter(pk=root, status__in=UNRESOLVED).exists():
                return root
    return None


class _EndedMeanwhile(Exception):
    """The incident to be joined was resolved or merged before it could be locked."""


def _join(incident_id: UUID, opening: Opening, *, by: Actor) -> Incident | None:
    """Take the signal in; None where the incident has ended or was merged meanwhile."""
    try:
        # Left by an exception, the savepoint gives the lock back: what is locked next may have a
        # smaller id.
        with transaction.atomic():
            row = hold(Incident(pk=incident_id))
            if row.status not in UNRESOLVED:
                raise _EndedMeanwhile
    except _EndedMeanwhile:
        return None
    put(row, signal_count=row.signal_count + 1)
    timeline.record(
        "incident.signalled",
        row,
        by=by,
        data={"signal_count": row.signal_count, "severity": Severity(opening.severity).word},
    )
    return row
