"""Editing what an incident says of itself, and how grave it is."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

from django.db import transaction

from crisis_api.access import refs
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import NotAllowedNow, Refused
from incidents import timeline
from incidents.models import (
    UNRESOLVED,
    Account,
    EscalationPolicy,
    Incident,
    IncidentStatus,
)
from incidents.services import severity as severities
from incidents.services.beginning import Link, search_text
from incidents.services.moves import EDGES, hold, put

# What decides anew whom to remind.
WEIGHTY = frozenset({"severity", "policy"})


class Changes(TypedDict, total=False):
    """What can be changed; what is left out stays."""

    title: str
    summary: str
    category: str
    severity: int
    policy: EscalationPolicy
    account: Account | None
    links: Sequence[Link]
    external_refs: Sequence[Mapping[str, Any]]


@transaction.atomic
def change(
    incident: Incident, changes: Changes, *, by: Actor, version: int | None = None
) -> Incident:
    """Edit an incident. A merged one stays as it is; severity and policy stay once it is resolved.

    Another severity or policy starts a new generation from the policy as it is then. A raise ends
    an acknowledgement or a snooze, and opens what was contained. What is the same changes nothing.
    """
    row = hold(incident, version=version)
    wanted: dict[str, Any] = dict(changes)
    given_refs = wanted.pop("external_refs", None)
    wanted = {name: value for name, value in wanted.items() if getattr(row, name) != value}
    if not wanted and given_refs is None:
        return row
    _check(row, wanted)
    renamed = given_refs is not None and refs.replace(row, given_refs, by=by)
    now = clock.decisive_now()
    words = {name: value for name, value in wanted.items() if name not in WEIGHTY}
    _edit(row, words, ["external_refs"] if renamed else [], by=by)
    _decide_anew(row, wanted, now, by=by)
    return row


def _check(row: Incident, wanted: Mapping[str, Any]) -> None:
    weighty = WEIGHTY & set(wanted)
    if row.status == IncidentStatus.MERGED or (weighty and row.status not in UNRESOLVED):
        what = "severity and policy" if weighty else "this"
        raise NotAllowedNow(
            f"Changing {what} is not possible while the status is '{row.status}'.",
            allowed=EDGES.allowed(row.status),
        )
    for name in ("policy", "account"):
        thing = wanted.get(name)
        if thing is not None and thing.team_id != row.team_id:
            raise Refused(f"The {name} belongs to another team.", code="other_team")
    policy = wanted.get("policy")
    if policy is not None and policy.archived_at is not None:
        raise Refused("This escalation policy is archived.", code="policy_archived")


def _edit(row: Incident, wanted: dict[str, Any], further: list[str], *, by: Actor) -> None:
    if not wanted and not further:
        return
    before = row.category
    if "links" in wanted:
        wanted["links"] = [dict(link) for link in wanted["links"]]
    title, summary = wanted.get("title", row.title), wanted.get("summary", row.summary)
    put(row, search_text=search_text(title, summary), **wanted)
    if "category" in wanted:
        data = {"from": before, "to": row.category}
        timeline.record("incident.category_changed", row, by=by, data=data)
    rest = sorted({*wanted, *further} - {"category"})
    if rest:
        timeline.record("incident.edited", row, by=by, data={"fields": rest})


def _decide_anew(row: Incident, wanted: Mapping[str, Any], now: datetime, *, by: Actor) -> None:
    reason = ""
    if "policy" in wanted:
        before, policy = row.policy_id, wanted["policy"]
        put(row, policy=policy)
        data = {"from": str(before) if before else None, "to": str(policy.pk)}
        timeline.record("incident.policy_changed", row, by=by, data=data)
        reason = "policy_changed"
    if "severity" in wanted:
        severities.change(row, wanted["severity"], at=now, by=by)
        reason = "severity_changed"
    if reason:
        severities.start_policy(row, at=now, by=by, reason=reason)
