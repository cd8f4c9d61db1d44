"""API keys as people make them: nobody gives a key more than they have themselves."""

from collections.abc import Iterable
from datetime import datetime

from crisis_api.access import keys
from crisis_api.access.callers import Caller
from crisis_api.access.models import ApiKey, Team
from crisis_api.access.permissions import PERMISSIONS
from crisis_api.lib import clock
from crisis_api.lib.errors import FieldError, Forbidden, Invalid, Refused


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
