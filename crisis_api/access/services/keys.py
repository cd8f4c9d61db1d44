"""API keys as people make them: nobody gives a key more than they have themselves."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from crisis_api.access import keys
from crisis_api.access.callers import Caller
from crisis_api.access.models import ApiKey, Membership, Team
from crisis_api.access.permissions import PERMISSIONS
from crisis_api.lib import clock
from crisis_api.lib.errors import FieldError, Forbidden, Invalid, Refused


def seen_by(caller: Caller) -> QuerySet[ApiKey]:
    """Return the keys that act in teams whose keys the caller may see, and the caller's own.

    A team's key acts in it; a personal key acts in every team of its person.
    """
    teams = caller.teams_for("api_keys.view")
    members = Membership.objects.filter(team_id__in=teams).values("owner_id")
    seen = Q(team_id__in=teams) | Q(owner_id__in=members)
    if caller.owner is not None:
        seen |= Q(owner=caller.owner)
    elif caller.key is not None:
        seen |= Q(pk=caller.key.pk)
    return ApiKey.objects.filter(seen)


def may(caller: Caller, name: str, key: ApiKey) -> bool:
    """Whether the caller may do this with the key in any of the teams in which it acts.

    In one of them is enough, unlike with changes of the person: a key that leaked is a danger to
    each team, cannot be ended in one of them only, and its person can make another at once.
    """
    return any(caller.may(name, team) for team in _teams_of(key))


def require(caller: Caller, name: str, key: ApiKey) -> None:
    """Raise Forbidden where the caller may do this with the key in none of its teams."""
    if not may(caller, name, key):
        shared = [team for team in _teams_of(key) if team in caller.roles]
        caller.require(name, shared[0] if shared else key.team_id)


def _teams_of(key: ApiKey) -> list[UUID]:
    """Return the teams in which the key acts."""
    if key.team_id is not None:
        return [key.team_id]
    return list(Membership.objects.filter(owner=key.owner_id).values_list("team_id", flat=True))


def issue_for_team(
    team: Team, *, name: str, scopes: Iterable[str], expires_at: datetime | None, by: Caller
) -> tuple[ApiKey, str]:
    """Make a key that acts as itself in the team, and return it with its text, shown once.

    What is written with it counts as written by whoever made it.
    """
    by.require("api_keys.manage", team.pk)
    wanted = list(scopes)
    _check(by, wanted, expires_at)
    return keys.issue(
        name=name,
        scopes=wanted,
        team=team,
        created_by=by.author,
        expires_at=expires_at,
        by=by.actor,
    )


def issue_for_self(
    *, name: str, scopes: Iterable[str], expires_at: datetime | None, by: Caller
) -> tuple[ApiKey, str]:
    """Make a key that acts as its person, and return it with its text, shown once."""
    if by.owner is None:
        raise Forbidden("Only people have keys of their own.", code="people_only")
    wanted = list(scopes)
    _check(by, wanted, expires_at)
    useless = sorted(set(wanted) - {row.scope for row in PERMISSIONS.values() if by.may(row.name)})
    if useless:
        detail = f"Your roles give you nothing of: {', '.join(useless)}."
        raise Refused(errors=[FieldError("/scopes", "scope_beyond_yours", detail)])
    return keys.issue(
        name=name,
        scopes=wanted,
        owner=by.owner,
        created_by=by.owner,
        expires_at=expires_at,
        by=by.actor,
    )


def _check(by: Caller, scopes: Iterable[str], expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= clock.now():
        raise Invalid(errors=[FieldError("/expires_at", "in_the_past", "This time is over.")])
    if by.key is None:
        return
    beyond = sorted(set(scopes) - set(by.key.scopes))
    if beyond:
        detail = f"Your own key does not have: {', '.join(beyond)}."
        raise Refused(errors=[FieldError("/scopes", "scope_beyond_yours", detail)])
    # Else a key that leaks could live for ever in the keys that it makes.
    if by.key.expires_at is not None and (expires_at is None or expires_at > by.key.expires_at):
        detail = "A key must not outlive the key that makes it."
        raise Refused(errors=[FieldError("/expires_at", "outlives_yours", detail)])
