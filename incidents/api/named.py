"""What the body of a request names by id: rows of the same team, or 422."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from crisis_api.access.models import Owner
from crisis_api.lib.errors import FieldError, Refused
from incidents.models import Account, EscalationPolicy, Incident


def rows_of(team_id: UUID) -> Mapping[str, QuerySet[Any]]:
    """Return, by the name of the field, the rows that a body may name in a team."""
    return {
        "account": Account.objects.filter(team_id=team_id),
        "owner": Owner.objects.of_team(team_id),
        "policy": EscalationPolicy.objects.filter(team_id=team_id),
    }


def resolve(values: dict[str, Any], team_id: UUID) -> dict[str, Any]:
    """Return the values with a row in the place of each id; raise Refused where there is none."""
    errors = []
    for field, rows in rows_of(team_id).items():
        if values.get(field) is not None:
            row = rows.filter(pk=values[field]).first()
            if row is None:
                detail = _("The team has no such row.")
                errors.append(FieldError(f"/{field}", f"unknown_{field}", detail))
            values[field] = row
    if errors:
        raise Refused(errors=errors)
    return values


def incident(field: str, incident_id: UUID, rows: QuerySet[Incident]) -> Incident:
    """Return the other incident that a body names, of those that exist for the caller."""
    found: Incident | None = rows.filter(pk=incident_id).first()
    if found is None:
        detail = _("There is no such incident.")
        raise Refused(errors=[FieldError(f"/{field}", "unknown_incident", detail)])
    return found
