"""Rules that say who answers for a new incident, and by which policy. The first that fits decides.

`incidents.services.responsibility.by_rule` is what applies them.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from crisis_api.access.models import Team
from crisis_api.access.services import changes, memberships
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Conflict, FieldError, Invalid, Refused
from crisis_api.lib.records import made_by
from incidents.models import AssignmentRule, EscalationPolicy, Rotation

MOST = 200


@transaction.atomic
def create(*, team: Team, by: Actor, values: Mapping[str, Any]) -> AssignmentRule:
    """Make a rule. `values`: position, category ("" for any), min_severity, and the ids `owner` or
    `rotation`, and `policy`.
    """
    if AssignmentRule.objects.filter(team=team).count() >= MOST:
        raise Conflict(f"There are {MOST} rules already.", code="too_many")
    columns = _columns(team, values)
    _check_names_somebody(columns)
    rule = AssignmentRule.objects.create(team=team, **columns, **made_by(by))
    changes.note("assignment_rule.created", rule, teams=[team], by=by)
    return rule


@transaction.atomic
def change(
    rule: AssignmentRule, *, by: Actor, version: int | None = None, values: Mapping[str, Any]
) -> AssignmentRule:
    """Change a rule; incidents that are open keep who they have."""
    row: AssignmentRule = AssignmentRule.objects.select_for_update(no_key=True).get(pk=rule.pk)
    columns = _columns(row.team, values, unchanged=row)
    now = {name: getattr(row, name) for name in ("owner_id", "rotation_id", "policy_id")}
    _check_names_somebody({**now, **columns})
    fields = changes.apply(row, columns, by=by, version=version)
    if fields:
        names = [name.removesuffix("_id") for name in fields]
        changes.note("assignment_rule.changed", row, teams=[row.team], by=by, fields=names)
    return row


@transaction.atomic
def delete(rule: AssignmentRule, *, by: Actor) -> None:
    """Take a rule away."""
    changes.note("assignment_rule.deleted", rule, teams=[rule.team], by=by)
    AssignmentRule.objects.filter(pk=rule.pk).delete()


def _columns(
    team: Team, values: Mapping[str, Any], *, unchanged: AssignmentRule | None = None
) -> dict[str, Any]:
    columns = {
        name: values[name] for name in ("position", "category", "min_severity") if name in values
    }
    for name in ("owner", "rotation", "policy"):
        if name in values:
            chosen: UUID | None = values[name]
            columns[f"{name}_id"] = chosen
            # One that was archived since may stay in the rule that names it.
            if chosen is not None and chosen != getattr(unchanged, f"{name}_id", None):
                _check_exists(team, name, chosen)
    return columns


def _check_exists(team: Team, name: str, chosen: UUID) -> None:
    if name == "owner":
        memberships.find_members(team, [chosen])
        return
    model = Rotation if name == "rotation" else EscalationPolicy
    if not model.objects.current().filter(team=team, pk=chosen).exists():
        detail = f"The team has no such {name}."
        raise Refused(errors=[FieldError(f"/{name}", f"unknown_{name}", detail)])


def _check_names_somebody(columns: Mapping[str, Any]) -> None:
    if columns.get("owner_id") and columns.get("rotation_id"):
        detail = "A rule names a person or a rotation, not both."
        raise Invalid(errors=[FieldError("/rotation", "owner_and_rotation", detail)])
    if not any(columns.get(name) for name in ("owner_id", "rotation_id", "policy_id")):
        detail = "A rule names a person, a rotation or a policy."
        raise Invalid(errors=[FieldError("/owner", "names_nothing", detail)])
