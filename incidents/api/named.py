"""What the body of a request names by id: rows of the same team, or 422."""

from collections.abc import Mapping, Sequence
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
    (errors,) = replaced([values], team_id)
    if errors:
        raise Refused(errors=errors)
    return values


def replaced(items: Sequence[dict[str, Any]], team_id: UUID) -> list[list[FieldError]]:
    """Put a row in the place of each id, with one query for each field; return what is unknown.

    For each item, in its place, the errors of its fields.
    """
    errors: list[list[FieldError]] = [[] for _ in items]
    for field, rows in rows_of(team_id).items():
        named = {item[field] for item in items if item.get(field) is not None}
        found = rows.in_bulk(list(named)) if named else {}
        for item, wrong in zip(items, errors, strict=True):
            if item.get(field) is None:
                continue
            if item[field] not in found:
                detail = _("The team has no such row.")
                wrong.append(FieldError(f"/{field}", f"unknown_{field}", detail))
            item[field] = found.get(item[field])
    return errors


def incident(field: str, incident_id: UUID, rows: QuerySet[Incident]) -> Incident:
    """Return the other incident that a body names, of those that exist for the caller."""
    found: Incident | None = rows.filter(pk=incident_id).first()
    if found is None:
        detail = _("There is no such incident.")
        raise Refused(errors=[FieldError(f"/{field}", "unknown_incident", detail)])
    return found
