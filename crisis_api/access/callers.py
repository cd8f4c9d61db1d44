"""Who is calling, and what that caller may do in which team."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import DateTimeField, Q, UUIDField

from crisis_api.access.models import ApiKey, Membership, Owner, User
from crisis_api.access.permissions import permission
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Forbidden
from crisis_api.lib.prepared import Argument, Prepared


@dataclass(frozen=True, slots=True)
class Caller:
    """A person, a team's key, or a person's key, with the teams it belongs to.

    `roles` maps each of its teams to the person's role there, or to None for a team's key, which
    acts by its scopes alone.
    """

    actor: Actor
    roles: Mapping[UUID, str | None]
    owner: Owner | None = None
    key: ApiKey | None = None
    approving_key_teams: frozenset[UUID] = field(default_factory=frozenset)

    def team_ids(self) -> list[UUID]:
        """Return the teams whose rows exist for this caller."""
        return list(self.roles)

    def may(self, name: str, team_id: UUID | None = None) -> bool:
        """Whether the caller may do this in the team, or in any of its teams when none is named."""
        if team_id is None:
            return any(self.may(name, team) for team in self.roles)
        if team_id not in self.roles:
            return False
        row = permission(name)
        if self.key is not None and row.scope not in self.key.scopes:
            return False
        role = self.roles[team_id]
        if role is None:
            return not row.people_only
        if self.key is not None and row.people_only and team_id not in self.approving_key_teams:
            return False
        return role in row.roles

    def require(self, name: str, team_id: UUID | None = None) -> None:
        """Raise Forbidden where the caller may not do this."""
        if not self.may(name, team_id):
            raise Forbidden(self._why_not(name), permission=name)

    def _why_not(self, name: str) -> str:
        row = permission(name)
        if self.key is None or not row.people_only or row.scope not in self.key.scopes:
            return f"This needs the permission {name}."
        if self.owner is None:
            return f"Only people may do this, not a team's key ({name})."
        if row.roles.isdisjoint(self.roles.values()):
            return f"This needs the permission {name}."
        return f"Sign in for this, or let the team allow it to its people's keys ({name})."

    def teams_for(self, name: str) -> list[UUID]:
        """Return the teams in which the caller may do this."""
        return [team for team in self.roles if self.may(name, team)]

    @property
    def author(self) -> Owner | None:
        """The person who counts as the author of what this caller writes."""
        if self.owner is not None:
            return self.owner
        return self.key.created_by if self.key else None


def for_user(user: User) -> Caller:
    """Return the caller that a signed-in account is; without an Owner it sees no team."""
    owner = Owner.objects.filter(user=user, deactivated_at=None).first()
    return Caller(Actor("user", user.pk), _roles(owner), owner=owner)


def for_key(key: ApiKey) -> Caller:
    """Return the caller that a good key is."""
    if key.owner is None:
        teams = {key.team_id: None} if key.team_id else {}
        return Caller(Actor("api_key", key.pk), teams, key=key)
    memberships = _MEMBERSHIPS.rows(owner=key.owner.pk, now=clock.now())
    roles = {team: role for team, role, _ in memberships}
    approving = frozenset(team for team, _, may in memberships if may)
    return Caller(
        Actor("user", key.owner.user_id),
        roles if key.owner.deactivated_at is None else {},
        owner=key.owner,
        key=key,
        approving_key_teams=approving,
    )


_MEMBERSHIPS = Prepared(
    lambda: (
        Membership.objects.filter(
            Q(expires_at=None) | Q(expires_at__gt=Argument("now", DateTimeField())),
            owner_id=Argument("owner", UUIDField()),
        )
        .order_by()
        .values_list("team_id", "role", "team__personal_keys_may_approve")
    )
)


def _roles(owner: Owner | None) -> dict[UUID, str | None]:
    if owner is None:
        return {}
    return {team: role for team, role, _ in _MEMBERSHIPS.rows(owner=owner.pk, now=clock.now())}
