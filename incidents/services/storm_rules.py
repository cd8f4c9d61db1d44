"""Rules that say what a storm is: so many negative mentions in so short a time."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from crisis_api.access.models import Team
from crisis_api.access.services import changes
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Conflict, FieldError, Invalid, Refused
from crisis_api.lib.records import made_by
from incidents.models import Account, StormRule

MOST = 50


@transaction.atomic
def create(*, team: Team, by: Actor, values: Mapping[str, Any]) -> StormRule:
    """Make a rule. `values`: name, account (an id, None for each account of the team by itself),
    window_seconds, min_negative, factor, baseline_seconds, category, severity, is_active.
    """
    if StormRule.objects.filter(team=team).count() >= MOST:
        raise Conflict(f"There are {MOST} rules already.", code="too_many")
    columns = _columns(team, values)
    rule = StormRule(team=team, **columns, **made_by(by))
    _check(rule)
    rule.save(force_insert=True)
    changes.note("storm_rule.created", rule, teams=[team], by=by)
    return rule


@transaction.atomic
def change(
    rule: StormRule, *, by: Actor, version: int | None = None, values: Mapping[str, Any]
) -> StormRule:
    """Change a rule; the incident that it opened goes on as it is."""
    row: StormRule = StormRule.objects.select_for_update(no_key=True).get(pk=rule.pk)
    columns = _columns(row.team, values)
    wanted = StormRule.objects.get(pk=rule.pk)
    for name, value in columns.items():
        setattr(wanted, name, value)
    _check(wanted)
    fields = changes.apply(row, columns, by=by, version=version)
    if fields:
        names = [name.removesuffix("_id") for name in fields]
        changes.note("storm_rule.changed", row, teams=[row.team], by=by, fields=names)
    return row


@transaction.atomic
def delete(rule: StormRule, *, by: Actor) -> None:
    """Take a rule away. An incident that it opened stays, and nothing joins it by itself."""
    changes.note("storm_rule.deleted", rule, teams=[rule.team], by=by)
    StormRule.objects.filter(pk=rule.pk).delete()


def _columns(team: Team, values: Mapping[str, Any]) -> dict[str, Any]:
    columns = dict(values)
    if "account" in columns:
        chosen: UUID | None = columns.pop("account")
        columns["account_id"] = chosen
        if chosen and not Account.objects.filter(team=team, pk=chosen).exists():
            detail = _("The team has no such account.")
            raise Refused(errors=[FieldError("/account", "unknown_account", detail)])
    return columns


def _check(rule: StormRule) -> None:
    """Refuse what the arithmetic makes no sense of."""
    errors = []
    if rule.factor <= 1:
        errors.append(FieldError("/factor", "out_of_range", _("Greater than 1.")))
    if rule.baseline_seconds < rule.window_seconds:
        detail = _("The usual rate needs a longer time than the window.")
        errors.append(FieldError("/baseline_seconds", "shorter_than_window", detail))
    if errors:
        raise Invalid(errors=errors)
