"""Who is looking, and which rows exist for them, in the admin."""

from typing import Any
from uuid import UUID

from django.contrib.admin import AdminSite
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from crisis_api.access import callers
from crisis_api.access.callers import Caller
from crisis_api.access.models import Team, User
from crisis_api.lib.actors import Actor

# The page to sign in shows the menu too, of which a stranger sees nothing.
_STRANGER = Caller(Actor("user", None), {})


def caller_of(request: HttpRequest) -> Caller:
    """Return who is signed in, with their roles, read once per request; else one without teams."""
    found: Caller | None = getattr(request, "_crisis_caller", None)
    if found is None:
        user = request.user
        found = callers.for_user(user) if isinstance(user, User) else _STRANGER
        request._crisis_caller = found  # type: ignore[attr-defined]
    return found


def is_superuser(request: HttpRequest) -> bool:
    """Whether this is somebody who runs the installation: they add people and teams."""
    return isinstance(request.user, User) and request.user.is_superuser


def rows_for(site: AdminSite, model: type[Model], request: HttpRequest) -> QuerySet[Any]:
    """Return the rows of a noun that the person may choose from: those its own list shows."""
    rows: QuerySet[Any] = site.get_model_admin(model).get_queryset(request)
    return rows


def teams_for(request: HttpRequest, permission: str) -> QuerySet[Team]:
    """Return the person's teams in which they may do this, whatever else they are."""
    return Team.objects.filter(pk__in=caller_of(request).teams_for(permission))


def team_id_of(row: Any) -> UUID:
    """Return the team that a row belongs to."""
    found: UUID = row.pk if isinstance(row, Team) else row.team_id
    return found
