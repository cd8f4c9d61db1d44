"""How a team handles its incidents: its policy, and within how many minutes what should be done."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from crisis_api.access.models import Team
from crisis_api.access.services import changes
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import FieldError, Invalid, Refused
from crisis_api.lib.records import made_by
from incidents.models import EscalationPolicy, IncidentSettings, Milestone, Severity

LONGEST_MINUTES = 366 * 24 * 60


@transaction.atomic
def of_team(team: Team, *, by: Actor) -> IncidentSettings:
    """Return the team's settings, made with their defaults where there are none."""
    found: IncidentSettings
    found, created = IncidentSettings.objects.get_or_create(team=team, defaults=made_by(by))
    if created:
        changes.note("incident_settings.created", found, teams=[team], by=by)
    return found


@transaction.atomic
def change(
    settings: IncidentSettings, *, by: Actor, version: int | None = None, values: Mapping[str, Any]
) -> IncidentSettings:
    """Change the `default_policy` (an id or None) or the `milestone_target_minutes`.

    Targets are minutes from the opening by severity and milestone; a severity that is not named
    keeps its targets, a milestone that is not named in one has none. Incidents that are open keep
    theirs.
    """
    row: IncidentSettings = IncidentSettings.objects.select_for_update(no_key=True).get(
        pk=settings.pk
    )
    columns: dict[str, Any] = {}
    if "default_policy" in values:
        columns["default_policy_id"] = values["default_policy"]
        _check_policy(row, values["default_policy"])
    if "milestone_target_minutes" in values:
        targets = values["milestone_target_minutes"]
        _check_targets(targets)
        columns["milestone_targets"] = {**row.milestone_targets, **targets}
    fields = changes.apply(row, columns, by=by, version=version)
    if fields:
        names = [name.removesuffix("_id") for name in fields]
        changes.note("incident_settings.changed", row, teams=[row.team], by=by, fields=names)
    return row


def _check_policy(settings: IncidentSettings, policy_id: UUID | None) -> None:
    if policy_id is None or policy_id == settings.default_policy_id:
        return
    policies = EscalationPolicy.objects.current().filter(team_id=settings.team_id)
    if not policies.filter(pk=policy_id).exists():
        detail = "The team has no such policy."
        raise Refused(errors=[FieldError("/default_policy", "unknown_policy", detail)])


def _check_targets(targets: Mapping[str, Mapping[str, object]]) -> None:
    errors = []
    for word, minutes in targets.items():
        place = f"/milestone_target_minutes/{word}"
        if word not in Severity.words():
            detail = f"Severities are: {', '.join(Severity.words())}."
            errors.append(FieldError(place, "unknown_severity", detail))
            continue
        for name, value in minutes.items():
            pointer = f"{place}/{name}"
            if name not in Milestone.Name.values:
                detail = f"Milestones are: {', '.join(Milestone.Name.values)}."
                errors.append(FieldError(pointer, "unknown_milestone", detail))
            elif not isinstance(value, int) or not 1 <= value <= LONGEST_MINUTES:
                detail = f"From 1 to {LONGEST_MINUTES} minutes."
                errors.append(FieldError(pointer, "minutes_out_of_range", detail))
    if errors:
        raise Invalid(errors=errors)
