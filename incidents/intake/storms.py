"""Negative mentions join the incident of the storm they belong to, or open it.

Leaked personal data joins an open one whatever its tone, and neither opens one nor makes it graver.

A rule and an account have one incident until it is resolved. Mentions that belong to an incident
already do not count towards a new storm: one that was resolved opens again when enough new ones
have come, and not because the old ones are still there.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from crisis_api.lib.actors import SYSTEM
from incidents import timeline
from incidents.intake import tallies
from incidents.intake.storm import Storm
from incidents.models import (
    UNRESOLVED,
    Account,
    Category,
    Event,
    Incident,
    IncidentStatus,
    Mention,
    Mode,
    Severity,
    StormRule,
)
from incidents.services import lifecycle, mentions
from incidents.services.moves import put, root_of

DETECTED: Final = "storm.detected"
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Gathered:
    """An incident that took mentions of a batch in, and whether that opened it."""

    incident_id: UUID
    reference: str
    category: str
    severity: int
    opened: bool
    joined: int


def together(parts: Sequence[Gathered]) -> tuple[Gathered, ...]:
    """Return one line for each incident, with all that it took in."""
    lines: dict[UUID, Gathered] = {}
    for part in parts:
        before = lines.get(part.incident_id)
        if before is not None:
            part = Gathered(
                part.incident_id,
                part.reference,
                part.category,
                part.severity,
                before.opened or part.opened,
                before.joined + part.joined,
            )
        lines[part.incident_id] = part
    return tuple(lines.values())


def storm_key(rule: StormRule, account: Account) -> str:
    """Return what makes a storm's incident one of its kind."""
    return _key(rule.pk, account)


def _key(rule_id: UUID, account: Account) -> str:
    return f"{rule_id}:{account.pk}"


@dataclass(slots=True)
class Watch:
    """The storm rules of one account, and their incidents, which are held.

    `began` says when a storm began whose incident was merged into one of a later time.
    """

    account: Account
    rules: list[StormRule]
    standing: dict[UUID, Incident]
    began: dict[UUID, datetime] = field(default_factory=dict)
    held: dict[UUID, Incident] = field(default_factory=dict)

    def gather(self, fresh: list[Mention], *, now: datetime) -> tuple[Gathered, ...]:
        """Let new mentions join, or negative ones open, the incident of the first fitting rule."""
        gathered = []
        for rule in self.rules:
            if not fresh:
                break
            incident = self.standing.get(rule.pk)
            if incident is None:
                part = self._open(rule, fresh, now=now)
            else:
                part = self._join(rule, incident, fresh, now=now)
            if part is not None:
                gathered.append(part)
                since = self._since(rule, self.standing[rule.pk])
                fresh = [mention for mention in fresh if mention.written_at < since]
        return tuple(gathered)

    def _since(self, rule: StormRule, row: Incident) -> datetime:
        return min(row.detected_at, self.began.get(rule.pk, row.detected_at))

    def _join(
        self, rule: StormRule, row: Incident, fresh: list[Mention], *, now: datetime
    ) -> Gathered | None:
        """Take in what was written since the storm began, and grow graver with it."""
        since = self._since(rule, row)
        mine = [each for each in fresh if each.written_at >= since]
        joined = mentions.join(row, mine)
        if not joined:
            return None
        negative = [mention.written_at for mention in mine if mention.is_negative]
        if negative:
            row = self._grow(rule, row, min(now, max(negative)))
        return _gathered(row, opened=False, joined=joined)

    def _open(self, rule: StormRule, fresh: list[Mention], *, now: datetime) -> Gathered | None:
        negative = [mention for mention in fresh if mention.is_negative]
        storm = tallies.first_storm(self.account, rule, negative, now=now)
        if storm is None:
            return None
        category = rule.category or storm.category
        severity = rule.severity or Severity.words()[storm.severity]
        result = lifecycle.open_incident(
            team=self.account.team,
            category=category,
            severity=severity,
            title=title_of(self.account, category),
            by=SYSTEM,
            account=self.account,
            storm_key=storm_key(rule, self.account),
            detected_at=storm.since,
        )
        row = self.standing[rule.pk] = result.incident
        _record(rule, row, storm, severity)
        since = tallies.unclaimed(self.account).filter(written_at__gte=storm.since)
        angry = list(since.only("pk", "is_negative"))
        joined = mentions.join(row, [*angry, *tallies.leaked(self.account, storm.since)])
        at = min(now, max(mention.written_at for mention in negative))
        row = self._grow(rule, row, at)
        return _gathered(row, opened=result.created, joined=joined)

    def _grow(self, rule: StormRule, row: Incident, at: datetime) -> Incident:
        """Raise the incident's severity when the storm suggests more than it ever did.

        Once per step: where people have lowered the severity since, they knew what was suggested.
        """
        if rule.severity is not None or row.severity >= Severity.CRITICAL:
            return row
        storm = tallies.graver_storm(self.account, rule, row, at=at)
        if storm is None:
            return row
        suggested = Severity.words()[storm.severity]
        if suggested <= _suggested_before(row):
            return row
        _record(rule, row, storm, suggested)
        row = lifecycle.change(row, {"severity": suggested}, by=SYSTEM)
        self.standing[rule.pk] = row
        return row


def watch(account: Account, incidents: Collection[UUID]) -> Watch:
    """Return the account's rules with their unresolved incidents, all locked by their ids.

    `incidents` are others whose counts will change in this transaction.
    """
    rules = [
        rule
        for rule in StormRule.objects.filter(team_id=account.team_id, is_active=True).order_by("pk")
        if rule.account_id in (None, account.pk)
    ]
    keys = {storm_key(rule, account): rule.pk for rule in rules}
    for _try in range(_TRIES):
        found = _standing(account, keys)
        wanted = {*found.values(), *incidents}
        try:
            # Left by an exception, the savepoint gives the locks back, and they are taken anew in
            # the right order.
            with transaction.atomic():
                held = _lock(wanted)
                if any(held[pk].status not in UNRESOLVED for pk in found.values()):
                    raise _EndedMeanwhile
        except _EndedMeanwhile:
            continue
        standing = {rule: held[pk] for rule, pk in found.items()}
        return Watch(account, rules, standing, _began(account, standing), held)
    return Watch(account, rules, {}, held=_lock(set(incidents)))


def recount(turned: Mapping[UUID, int], watch: Watch | None) -> None:
    """Let edits that made mentions negative, or took that back, show in incidents' counts."""
    held = watch.held if watch is not None else {}
    # Mostly held already, unless a mention was moved there in this instant.
    held |= _lock({*turned} - {*held})
    for pk, by in turned.items():
        put(held[pk], negative_count=max(held[pk].negative_count + by, 0))


class _EndedMeanwhile(Exception):
    """A storm's incident was resolved or merged before it could be locked."""


def _lock(ids: set[UUID]) -> dict[UUID, Incident]:
    if not ids:
        return {}
    rows = Incident.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
    return {row.pk: row for row in rows}


def _standing(account: Account, keys: dict[str, UUID]) -> dict[UUID, UUID]:
    """Return the unresolved incident of each rule that has one, or what that was merged into."""
    if not keys:
        return {}
    mine = Incident.objects.filter(
        team_id=account.team_id, mode=Mode.STANDARD, storm_key__in=keys
    ).order_by("pk")
    unresolved = mine.filter(status__in=UNRESOLVED).values_list("storm_key", "pk")
    found = {keys[key]: pk for key, pk in unresolved}
    if len(found) < len(keys):
        merged = mine.filter(status=IncidentStatus.MERGED).values_list("storm_key", "pk")
        roots = {keys[key]: root_of(pk) for key, pk in merged if keys[key] not in found}
        open_now = Incident.objects.unresolved().filter(pk__in=roots.values())
        still = set(open_now.values_list("pk", flat=True))
        found |= {rule: root for rule, root in roots.items() if root in still}
    return found


def _began(account: Account, standing: Mapping[UUID, Incident]) -> dict[UUID, datetime]:
    """Return when the storms began whose latest incident was merged into the one that stands."""
    keys = {
        _key(rule, account): rule
        for rule, row in standing.items()
        if row.storm_key != _key(rule, account)
    }
    if not keys:
        return {}
    merged = Incident.objects.filter(
        team_id=account.team_id,
        mode=Mode.STANDARD,
        storm_key__in=keys,
        status=IncidentStatus.MERGED,
    ).order_by("pk")
    return {keys[key]: at for key, at in merged.values_list("storm_key", "detected_at")}


def title_of(account: Account, category: str) -> str:
    """Return a title in the team's language that repeats no word of any mention."""
    with translation.override(account.team.language):
        words = {"category": capfirst(str(Category(category).label)), "account": account.handle}
        return (_("%(category)s: %(account)s") % words)[:200]


def _suggested_before(row: Incident) -> int:
    """Return the gravest severity that a storm has suggested for the incident, or that it has."""
    told = Event.objects.filter(incident=row, kind=DETECTED).values_list("data", flat=True)
    words = Severity.words()
    return max((words.get(data.get("severity"), 0) for data in told), default=row.severity)


def _record(rule: StormRule, row: Incident, storm: Storm, severity: int) -> None:
    data: dict[str, Any] = {
        "rule": str(rule.pk),
        "account": str(row.account_id) if row.account_id else None,
        "count": storm.count,
        "usual": round(storm.usual, 2),
        "times_usual": round(storm.times_usual, 1),
        "per_minute": round(storm.per_minute, 1),
        "window_seconds": rule.window_seconds,
        "since": storm.since.isoformat(),
        "category": storm.category,
        "severity": Severity(severity).word,
    }
    timeline.record(DETECTED, rule, incident=row, by=SYSTEM, data=data)


def _gathered(row: Incident, *, opened: bool, joined: int) -> Gathered:
    return Gathered(row.pk, row.reference, row.category, row.severity, opened, joined)
