"""Teams, people and keys for tests: `a_team()`, `a_person(team, "manager")`, `a_key(team)`."""

from collections.abc import Iterable
from itertools import count
from typing import Any

from rest_framework.test import APIClient

from crisis_api.access import callers, keys
from crisis_api.access.callers import Caller
from crisis_api.access.models import ContactPoint, Membership, Owner, Team, User
from crisis_api.access.permissions import Scope
from crisis_api.lib.actors import SYSTEM, Actor

_number = count(1)


def a_team(**values: Any) -> Team:
    """Return a team with a name of its own and nobody in it."""
    n = next(_number)
    return Team.objects.create(**{"name": f"Team {n}", "slug": f"team-{n}", **values})


def a_person(team: Team | None = None, role: str = "responder", **values: Any) -> Owner:
    """Return somebody with that role in the team; of no team where none is given."""
    n = next(_number)
    user = User.objects.create_user(f"person{n}", password="pass", is_staff=True)
    owner = Owner.objects.create(**{"user": user, "name": f"Person {n}", **values})
    if team is not None:
        Membership.objects.create(team=team, owner=owner, role=role)
    return owner


def joins(owner: Owner, team: Team, role: str = "responder") -> Membership:
    """Make somebody a member of one more team."""
    return Membership.objects.create(team=team, owner=owner, role=role)


def a_contact_point(owner: Owner | None = None, **values: Any) -> ContactPoint:
    """Return a way to reach a person, on the console unless told otherwise.

    For a webhook of a team: `a_contact_point(team=team, kind="webhook", address="https://…")`.
    """
    return ContactPoint.objects.create(
        **{"owner": owner, "kind": "console", "address": "console", **values}
    )


def a_key(team: Team | None = None, scopes: Iterable[str] = tuple(Scope), **values: Any) -> str:
    """Return the text of a key of the team, or of a person: `a_key(owner=person)`."""
    _key, text = keys.issue(name="A key", scopes=scopes, team=team, by=SYSTEM, **values)
    return text


def an_api(key: str | Owner) -> APIClient:
    """Return a client that sends the key, or that a person has signed in with."""
    client = APIClient()
    if isinstance(key, str):
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    else:
        client.force_login(key.user)
    return client


def the_actor(owner: Owner) -> Actor:
    """Return the person as what is written on every record."""
    return Actor("user", owner.user_id)


def the_caller(owner: Owner) -> Caller:
    """Return the signed-in person as the one who calls."""
    return callers.for_user(owner.user)
