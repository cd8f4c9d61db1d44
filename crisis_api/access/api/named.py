"""What doors of several resources ask of a request."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from crisis_api.access.callers import Caller
from crisis_api.access.models import Team
from crisis_api.access.permissions import Scope
from crisis_api.lib.drf.views import ResourceViewSet
from crisis_api.lib.errors import FieldError, Forbidden, Invalid


def team_of(view: ResourceViewSet, named: UUID | None) -> Team:
    """Return the team in which something is made, once the caller may make it there.

    Nobody need name the only team there is.
    """
    if named is None:
        teams = list(view.caller.team_ids())
        if len(teams) != 1:
            error = FieldError("/team", "required", _("Say in which of your teams."))
            raise Invalid(errors=[error])
        named = teams[0]
    view.require_in(named)
    return Team.objects.get(pk=named)


def version_read(view: ResourceViewSet, row: Any) -> int | None:
    """Return the version that the change must find, None where the caller didn't say one."""
    return row.version if view.request.headers.get("If-Match") else None


def require_scope(caller: Caller, scope: Scope) -> None:
    """Raise Forbidden for a key without the scope, where people may do it by being themselves."""
    if caller.key is not None and scope not in caller.key.scopes:
        raise Forbidden(_("This needs a key with the scope %s.") % scope, scope=scope.value)
