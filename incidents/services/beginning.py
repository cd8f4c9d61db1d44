"""Writing new incidents and all that starts with them: any number with the statements of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from crisis_api.access import refs
from crisis_api.access.models import Owner, Team
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Refused
from crisis_api.lib.folding import fold
from crisis_api.lib.records import made_by
from incidents import timeline
from incidents.escalation import alarms, runs
from incidents.models import (
    Account,
    EscalationPolicy,
    Incident,
    IncidentSettings,
    Mode,
    Severity,
)
from incidents.services import milestones
from incidents.services.assignment import Responsible, by_rule, check_member, say_that_nobody_is
from incidents.services.references import next_references

Link = Mapping[str, str]


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

    def check(self) -> None:
        """Refuse what is of another team or not to be used any more, and what stands twice."""
        for thing in (self.account, self.policy):
            if thing is not None and thing.team_id != self.team.pk:
                raise Refused("The account and the policy must be of the team.", code="other_team")
        if self.policy is not None and self.policy.archived_at is not None:
            raise Refused("This escalation policy is archived.", code="policy_archived")
        refs.refuse_twins(self.external_refs)


@dataclass(slots=True)
class _Found:
    """What was looked up for one of a set, and serves the others."""

    at: datetime
    settings: dict[UUID, IncidentSettings | None] = field(default_factory=dict)
    members: set[tuple[UUID, UUID]] = field(default_factory=set)
    by_rule: dict[object, Responsible] = field(default_factory=dict)

    def settings_of(self, team: Team) -> IncidentSettings | None:
        if team.pk not in self.settings:
            self.settings[team.pk] = milestones.settings_of(team.pk)
        return self.settings[team.pk]

    def check(self, opening: Opening) -> None:
        """Refuse what its team cannot open."""
        opening.check()
        team, owner = opening.team, opening.owner
        if owner is not None and (owner.pk, team.pk) not in self.members:
            check_member(owner, team.pk)
            self.members.add((owner.pk, team.pk))

    def responsible(self, opening: Opening) -> Responsible:
        """Return who answers for it, and by which policy."""
        team, policy = opening.team, opening.policy
        if opening.owner is not None and policy is not None:
            return Responsible(opening.owner, policy)
        key = (team.pk, opening.category, opening.severity, policy and policy.pk)
        if key not in self.by_rule:
            self.by_rule[key] = by_rule(
                team,
                category=opening.category,
                severity=opening.severity,
                at=self.at,
                settings=self.settings_of(team),
                policy=policy,
            )
        found = self.by_rule[key]
        return Responsible(opening.owner or found.owner, found.policy)


def begin(openings: Sequence[Opening], *, by: Actor) -> list[Incident]:
    """Write new incidents and all that starts with them; called inside a transaction."""
    now = clock.decisive_now()
    found = _Found(now)
    for opening in openings:
        found.check(opening)
    responsible = [found.responsible(opening) for opening in openings]
    rows = _insert(openings, responsible, now, by=by)
    opened = list(zip(rows, openings, responsible, strict=True))
    for row, opening, _ in opened:
        if opening.external_refs:
            refs.replace(row, opening.external_refs, by=by)
    ahead = milestones.lay_out([(row, found.settings_of(o.team)) for row, o, _ in opened])
    told = [(row, _data(row, opening)) for row, opening, _ in opened]
    timeline.record_openings(told, by=by, at=now)
    followed = [(row, who.policy) for row, _, who in opened if who.policy is not None]
    runs.begin(followed, at=now, beside=ahead)
    for row, _, who in opened:
        if who.policy is None:
            alarms.raise_alarm("no_policy", row, by=by)
        if who.owner is None:
            say_that_nobody_is(row, at=now, by=by)
    return rows


def _insert(
    openings: Sequence[Opening], responsible: Sequence[Responsible], now: datetime, *, by: Actor
) -> list[Incident]:
    references = _references(openings, now)
    rows = [
        Incident(
            team=opening.team,
            reference=reference,
            category=opening.category,
            severity=opening.severity,
            mode=opening.mode,
            title=opening.title,
            summary=opening.summary,
            search_text=search_text(opening.title, opening.summary),
            links=[dict(link) for link in opening.links],
            owner=who.owner,
            policy=who.policy,
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
        for opening, who, reference in zip(openings, responsible, references, strict=True)
    ]
    # Two who open the same ones wait for each other in one order.
    Incident.objects.bulk_create(sorted(rows, key=lambda row: (row.dedup_key or "", row.pk)))
    return rows


def _references(openings: Sequence[Opening], now: datetime) -> list[str]:
    """Return a reference for each, in their order; the counters are locked in one order."""
    teams = {opening.team.pk: opening.team for opening in openings}
    wanted = [opening.team.pk for opening in openings]
    numbers = {
        pk: iter(next_references(teams[pk], now, count=wanted.count(pk))) for pk in sorted(teams)
    }
    return [next(numbers[pk]) for pk in wanted]


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
