"""Whom a target means now: the owner, a person, who is on call, everybody with a role, a webhook.

One `Directory` serves a whole tick, so that a thousand reminders cost as many queries as one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from crisis_api.access.models import ContactPoint, Membership, Owner
from incidents.escalation import preferences
from incidents.escalation.hours import BrokenHours, WorkingHours
from incidents.escalation.on_call import people_on_call
from incidents.escalation.plan import Target
from incidents.escalation.wall_clock import UnknownZone


@dataclass(frozen=True, slots=True)
class Question:
    """Whom does this target of this team mean, where the incident's owner is `owner_id`?"""

    team_id: UUID
    target: Target
    owner_id: UUID | None = None


@dataclass(slots=True)
class Directory:
    """Everybody a set of questions can mean, loaded with a handful of queries."""

    members: dict[UUID, set[UUID]] = field(default_factory=dict)
    by_role: dict[tuple[UUID, str], list[UUID]] = field(default_factory=dict)
    owners: dict[UUID, Owner] = field(default_factory=dict)
    chains: dict[UUID, list[ContactPoint]] = field(default_factory=dict)
    webhooks: dict[UUID, ContactPoint] = field(default_factory=dict)
    on_call: dict[UUID, UUID] = field(default_factory=dict)

    def people(self, question: Question) -> list[Owner]:
        """Return the active members of the team whom the target means."""
        ids: Sequence[UUID | None]
        target = question.target
        match target.kind:
            case "owner":
                ids = [question.owner_id]
            case "person":
                ids = [_uuid(target.id)]
            case "role":
                ids = self.by_role.get((question.team_id, target.role or ""), [])
            case "rotation":
                ids = [self.on_call.get(_uuid(target.id) or question.team_id)]
            case _:
                ids = []
        here = self.members.get(question.team_id, set())
        return [self.owners[pk] for pk in ids if pk in here and pk in self.owners]

    def webhook(self, question: Question) -> ContactPoint | None:
        """Return the usable webhook of the team that the target names."""
        point = self.webhooks.get(_uuid(question.target.id) or question.team_id)
        return point if point is not None and point.team_id == question.team_id else None

    def chain(
        self, owner: Owner, urgency: str, *, severity: int, at: datetime
    ) -> list[ContactPoint]:
        """Return a person's usable contact points in order, as the person wants them used."""
        points = self.chains.get(owner.pk, [])
        return preferences.chain(
            points, urgency=urgency, severity=severity, at=at, zone=owner.time_zone
        )

    def next_wanted(self, owner: Owner, *, severity: int, at: datetime) -> datetime | None:
        """Return when the person wants to be told of something so grave; None for never."""
        points = self.chains.get(owner.pk, [])
        return preferences.next_wanted(points, severity=severity, at=at, zone=owner.time_zone)

    def next_working(self, owner: Owner, at: datetime) -> datetime | None:
        """Return when the person is next at work: `at` itself while they are, None for never.

        Hours that cannot be read count as always: a damaged field must not silence anybody.
        """
        try:
            return WorkingHours.from_json(owner.working_hours, zone=owner.time_zone).next_working(
                at
            )
        except (BrokenHours, UnknownZone):
            return at


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def directory(questions: Iterable[Question], at: datetime) -> Directory:
    """Load everybody whom the questions can mean at that time."""
    asked = list(questions)
    found = Directory()
    teams = {question.team_id for question in asked}
    members = Membership.objects.filter(team_id__in=teams, owner__deactivated_at=None)
    for membership in members.select_related("owner").order_by("id"):
        found.members.setdefault(membership.team_id, set()).add(membership.owner_id)
        found.by_role.setdefault((membership.team_id, membership.role), []).append(
            membership.owner_id
        )
        found.owners[membership.owner_id] = membership.owner
    rotation_ids = {_uuid(q.target.id) for q in asked if q.target.kind == "rotation"}
    found.on_call = people_on_call([pk for pk in rotation_ids if pk], at)
    for point in ContactPoint.objects.usable().filter(owner_id__in=found.owners):
        found.chains.setdefault(point.owner_id, []).append(point)
    hooks = {_uuid(q.target.id) for q in asked if q.target.kind == "webhook"} - {None}
    found.webhooks = ContactPoint.objects.usable().filter(team_id__in=teams).in_bulk(list(hooks))
    return found
