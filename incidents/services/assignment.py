"""Who is responsible for an incident, and what is done where nobody is."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from crisis_api.access.models import Membership, Owner, Team
from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM, Actor
from crisis_api.lib.errors import Refused
from incidents import timeline
from incidents.escalation import reminders
from incidents.escalation.incident_rules import schedule_no_owner
from incidents.escalation.on_call import on_call
from incidents.models import (
    UNRESOLVED,
    AssignmentRule,
    EscalationPolicy,
    Incident,
    IncidentSettings,
    Severity,
)
from incidents.services.moves import EDGES, hold, put


@dataclass(frozen=True, slots=True)
class Responsible:
    """Who answers for a new incident, and by which policy."""

    owner: Owner | None
    policy: EscalationPolicy | None


def by_rule(
    team: Team,
    *,
    category: str,
    severity: int,
    at: datetime,
    settings: IncidentSettings | None,
    policy: EscalationPolicy | None = None,
) -> Responsible:
    """Return whom the first rule that fits names, or who is on call in its rotation at that time.

    The policy given goes before the rule's, and that before the team's own; an archived one is
    passed over. Where the rule's person has left, nobody is responsible: that is said loudly
    rather than handed to whoever another rule happens to name.
    """
    rule = (
        AssignmentRule.objects.filter(team=team, category__in=["", category])
        .filter(min_severity__lte=severity)
        .select_related("owner", "rotation", "policy")
        .order_by("position", "id")
        .first()
    )
    default = settings.default_policy if settings else None
    candidates = [policy, rule.policy if rule else None, default]
    usable = [each for each in candidates if each is not None and each.archived_at is None]
    return Responsible(_named_by(rule, at) if rule else None, usable[0] if usable else None)


def _named_by(rule: AssignmentRule, at: datetime) -> Owner | None:
    if rule.rotation is not None:
        return on_call(rule.rotation, at)
    if rule.owner is not None and is_member(rule.owner.pk, rule.team_id):
        return rule.owner
    return None


def is_member(owner_id: UUID, team_id: UUID) -> bool:
    """Whether the person is still active and in the team."""
    return Owner.objects.of_team(team_id).filter(pk=owner_id).exists()


def check_member(owner: Owner, team_id: UUID) -> None:
    """Refuse somebody who cannot answer for an incident of the team."""
    if not is_member(owner.pk, team_id):
        raise Refused("This person is not an active member of the team.", code="not_a_member")


@transaction.atomic
def assign(incident: Incident, *, owner: Owner, by: Actor, version: int | None = None) -> Incident:
    """Make somebody responsible for the incident, and tell them unless they did it themselves.

    Reminders that already run mean the new owner from now on.
    """
    row = hold(incident, version=version)
    EDGES.follow(row.status, "assign")
    if row.owner_id == owner.pk:
        return row
    check_member(owner, row.team_id)
    take_over(row, owner, by=by)
    if row.status in UNRESOLVED and by != Actor("user", owner.user_id):
        reminders.schedule(
            "assigned",
            row,
            due_at=clock.decisive_now(),
            dedup_key=f"assigned:{row.pk.hex}:{row.version}",
            urgency="urgent" if row.severity >= Severity.HIGH else "normal",
        )
    return row


def take_over(row: Incident, owner: Owner, *, by: Actor) -> None:
    """Write the owner to an incident that is held; nobody is told any more that it has none."""
    before = row.owner_id
    put(row, owner=owner)
    timeline.record(
        "incident.assigned",
        row,
        by=by,
        data={"owner": str(owner.pk), "previous_owner": str(before) if before else None},
    )
    if before is None:
        reminders.cancel(row, kinds=["no_owner"])


def say_that_nobody_is(row: Incident, *, at: datetime, by: Actor) -> None:
    """Have the managers told, urgently and at once, that nobody is responsible, and told again."""
    timeline.record("incident.left_without_owner", row, by=by)
    if row.version > 1:
        # One that still asks from before would ask beside the new one for ever.
        reminders.cancel(row, kinds=["no_owner"])
    schedule_no_owner(row, at)


def release_those_who_left(limit: int = 100) -> int:
    """Take unresolved incidents from owners who have left, and say loudly that nobody has them.

    A sweep of the engine: whoever deactivates a person need not know of incidents.
    """
    still_here = Membership.objects.filter(
        team_id=OuterRef("team_id"), owner_id=OuterRef("owner_id"), owner__deactivated_at=None
    )
    owned = Incident.objects.unresolved().exclude(owner=None)
    left = list(owned.exclude(Exists(still_here)).order_by("pk")[:limit])
    for incident in left:
        _release(incident)
    return len(left)


@transaction.atomic
def _release(incident: Incident) -> None:
    row = hold(incident)
    if row.status not in UNRESOLVED or row.owner_id != incident.owner_id:
        return
    put(row, owner=None)
    say_that_nobody_is(row, at=clock.decisive_now(), by=SYSTEM)
