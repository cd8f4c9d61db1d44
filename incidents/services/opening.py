"""An incident opens, or takes a new signal in while one for the same thing is unresolved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from crisis_api.access import refs
from crisis_api.access.models import Owner, Team
from crisis_api.lib import clock, constraints
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Conflict, Refused
from crisis_api.lib.folding import fold
from crisis_api.lib.records import made_by
from incidents import timeline
from incidents.escalation import alarms, runs
from incidents.models import (
    UNRESOLVED,
    Account,
    EscalationPolicy,
    Incident,
    IncidentStatus,
    Mode,
    Severity,
)
from incidents.services import milestones
from incidents.services.assignment import Responsible, by_rule, check_member, say_that_nobody_is
from incidents.services.moves import hold, put, root_of
from incidents.services.references import next_reference

Link = Mapping[str, str]
TWINS = ("one_unresolved_incident_per_dedup_key", "one_unresolved_incident_per_storm")
_TRIES = 10


@dataclass(frozen=True, slots=True)
class OpenResult:
    """The incident, and whether it was opened just now rather than joined."""

    incident: Incident
    created: bool


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known of an incident when it opens. `told` goes into the event: no texts."""

    team: Team
    category: str
    severity: int
    title: str
    summary: str = ""
    mode: str = Mode.STANDARD
    account: Account | None = None
    owner: Owner | None = None
    policy: EscalationPolicy | None = None
    dedup_key: str | None = None
    storm_key: str | None = None
    detected_at: datetime | None = None
    links: Sequence[Link] = ()
    external_refs: Sequence[Mapping[str, Any]] = ()
    told: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
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
    """Open an incident, or join the unresolved one that has the same key.

    Writes, in one transaction, the incident with its reference, its owner and policy by rule, its
    milestones, its escalation with the reminders of the first round, and the events. Of two that
    open the same at once the database lets one through, and the other joins it. A key whose
    incident was merged leads to where that went. A graver signal does not raise the severity:
    people may have lowered it knowingly.
    """
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
    for _ in range(_TRIES):
        standing = _standing(opening)
        if standing is not None:
            joined = _join(standing, opening, by=by)
            if joined is not None:
                return OpenResult(joined, created=False)
            # It ended, or went into another one, meanwhile: look again for where to join.
            continue
        opened = _opened(opening, by=by)
        if opened is not None:
            return OpenResult(opened, created=True)
    # Each time another one opened it and resolved it in the same instant.
    raise Conflict("This incident is being opened and ended elsewhere.", code="opened_elsewhere")


def _opened(opening: Opening, *, by: Actor) -> Incident | None:
    """Open it; None where a twin was first."""
    if not (opening.dedup_key or opening.storm_key):
        return begin(opening, by=by)
    try:
        # A savepoint, so that the transaction is still good for joining the twin.
        with transaction.atomic():
            return begin(opening, by=by)
    except IntegrityError as error:
        if constraints.name_of(error) not in TWINS:
            raise
        return None


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


def begin(opening: Opening, *, by: Actor) -> Incident:
    """Write a new incident and all that starts with it; called inside a transaction."""
    team, now = opening.team, clock.decisive_now()
    for thing in (opening.account, opening.policy):
        if thing is not None and thing.team_id != team.pk:
            raise Refused("The account and the policy must be of the team.", code="other_team")
    if opening.policy is not None and opening.policy.archived_at is not None:
        raise Refused("This escalation policy is archived.", code="policy_archived")
    if opening.owner is not None:
        check_member(opening.owner, team.pk)
    settings = milestones.settings_of(team.pk)
    found = Responsible(opening.owner, opening.policy)
    if found.owner is None or found.policy is None:
        found = by_rule(
            team,
            category=opening.category,
            severity=opening.severity,
            at=now,
            settings=settings,
            policy=opening.policy,
        )
    owner = opening.owner or found.owner
    incident = _insert(opening, owner, found.policy, now, by=by)
    if opening.external_refs:
        refs.replace(incident, opening.external_refs, by=by)
    ahead = milestones.lay_out(incident, settings)
    timeline.record_opening(incident, by=by, data=_data(incident, opening), at=now)
    if runs.begin(incident, policy=found.policy, at=now, beside=ahead) is None:
        alarms.raise_alarm("no_policy", incident, by=by)
    if owner is None:
        say_that_nobody_is(incident, at=now, by=by)
    return incident


def _insert(
    opening: Opening,
    owner: Owner | None,
    policy: EscalationPolicy | None,
    now: datetime,
    *,
    by: Actor,
) -> Incident:
    incident: Incident = Incident.objects.create(
        team=opening.team,
        reference=next_reference(opening.team, now),
        category=opening.category,
        severity=opening.severity,
        mode=opening.mode,
        title=opening.title,
        summary=opening.summary,
        search_text=search_text(opening.title, opening.summary),
        links=[dict(link) for link in opening.links],
        owner=owner,
        policy=policy,
        account=opening.account,
        dedup_key=opening.dedup_key,
        storm_key=opening.storm_key,
        # A platform's clock may be ahead of ours.
        detected_at=min(opening.detected_at or now, now),
        opened_at=now,
        # That of its opening.
        last_sequence=1,
        **made_by(by),
    )
    return incident


def search_text(title: str, summary: str) -> str:
    """Return what a search looks through."""
    return fold(f"{title} {summary}")


def _data(incident: Incident, opening: Opening) -> dict[str, Any]:
    return {
        "reference": incident.reference,
        "category": incident.category,
        "severity": Severity(incident.severity).word,
        "mode": incident.mode,
        "owner": str(incident.owner_id) if incident.owner_id else None,
        "policy": str(incident.policy_id) if incident.policy_id else None,
        "account": str(incident.account_id) if incident.account_id else None,
        "by_storm": opening.storm_key is not None,
        **opening.told,
    }
