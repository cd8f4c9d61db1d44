"""Escalation policies: what should happen when nobody reacts, made, changed and put away.

Whatever already runs keeps its own copy of the plan, so changing or archiving a policy touches only
what starts later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from crisis_api.access import refs
from crisis_api.access.models import ContactPoint, Owner, Team
from crisis_api.access.services import changes
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Conflict, FieldError, Refused
from crisis_api.lib.records import made_by
from incidents.escalation.plan import MAX_FALLBACKS, Step, Target, validate
from incidents.escalation.plans import to_plan
from incidents.models import (
    AssignmentRule,
    EscalationPolicy,
    EscalationStep,
    IncidentSettings,
    Rotation,
)
from incidents.services import flaws

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Named:
    """The rows that the targets of some steps name, all of the team."""

    people: Mapping[str, Owner]
    rotations: Mapping[str, Rotation]
    webhooks: Mapping[str, ContactPoint]

    def of(self, kind: str) -> Mapping[str, Any]:
        return {"person": self.people, "rotation": self.rotations, "webhook": self.webhooks}[kind]


@transaction.atomic
def create(*, team: Team, by: Actor, values: Mapping[str, Any]) -> EscalationPolicy:
    """Make a policy with its steps, in order. Raises Invalid or Refused where they cannot work.

    `values`: name, steps, description, rounds, round_pause (a timedelta), external_refs, and
    `fallback`, the id of the policy that goes on when nobody has reacted to the last round.
    """
    steps: Sequence[Step] = values["steps"]
    columns = {**_columns(values), **_fallback(team, values)}
    policy = EscalationPolicy(team=team, **columns, **made_by(by))
    pause = policy.round_pause_seconds * _SECOND
    hands_over = policy.fallback_id is not None
    flaws.refuse(validate(steps, rounds=policy.rounds, round_pause=pause, hands_over=hands_over))
    named = _find(team, steps)
    _refuse_twin(team.pk, policy.name)
    policy.save(force_insert=True)
    _write(policy, steps, named)
    refs.replace(policy, values.get("external_refs", []), by=by)
    changes.note("policy.created", policy, teams=[team], by=by)
    return policy


@transaction.atomic
def change(
    policy: EscalationPolicy,
    *,
    by: Actor,
    version: int | None = None,
    values: Mapping[str, Any],
) -> EscalationPolicy:
    """Change a policy; `steps` replaces all of them. What runs goes on as it was planned.

    `values`: as for `create`; what is not named stays.
    """
    fallback = _fallback(policy.team, values, of=policy)
    row = _locked(policy)
    if row.archived_at is not None:
        raise Conflict("This policy is archived.", code="archived")
    columns = {**_columns(values), **fallback}
    before = list(to_plan(row).steps)
    steps: Sequence[Step] = values.get("steps", before)
    pause = columns.get("round_pause_seconds", row.round_pause_seconds) * _SECOND
    rounds = columns.get("rounds", row.rounds)
    hands_over = columns.get("fallback_id", row.fallback_id) is not None
    flaws.refuse(validate(steps, rounds=rounds, round_pause=pause, hands_over=hands_over))
    _refuse_twin(row.team_id, columns.get("name", row.name), but=row)
    given = {name: values[name] for name in ("external_refs",) if name in values}
    fields = changes.apply(row, {**columns, **given}, by=by, version=version)
    if "steps" in values and _as_stored(steps) != _as_stored(before):
        named = _find(row.team, steps)
        EscalationStep.objects.filter(policy=row).delete()
        _write(row, steps, named)
        if not fields:
            EscalationPolicy.objects.filter(pk=row.pk).change()
        fields.append("steps")
    fields = [name.removesuffix("_id") for name in fields]
    if fields:
        changes.note("policy.changed", row, teams=[row.team], by=by, fields=fields)
    row.refresh_from_db()
    return row


@transaction.atomic
def archive(policy: EscalationPolicy, *, by: Actor) -> EscalationPolicy:
    """Put a policy away: nothing new starts by it.

    Refused while rules, settings or another policy's fallback name it.
    """
    row = _locked(policy)
    if row.archived_at is not None:
        return row
    rules = AssignmentRule.objects.filter(policy=row).values_list("pk", flat=True)
    is_default = IncidentSettings.objects.filter(default_policy=row).exists()
    others = row.falls_back_here.filter(archived_at=None).values_list("pk", flat=True)
    if is_default or rules or others:
        raise Conflict(
            "Rules, the team's settings or other policies still name this policy.",
            code="in_use",
            used_by=[
                *map(str, [*rules, *others]),
                *(["incident_settings"] if is_default else []),
            ],
        )
    EscalationPolicy.objects.filter(pk=row.pk).change(archived_at=clock.now())
    changes.note("policy.archived", row, teams=[row.team], by=by)
    row.refresh_from_db()
    return row


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    columns = {name: values[name] for name in ("name", "description", "rounds") if name in values}
    if "round_pause" in values:
        columns["round_pause_seconds"] = values["round_pause"] // _SECOND
    return columns


def _fallback(
    team: Team, values: Mapping[str, Any], *, of: EscalationPolicy | None = None
) -> dict[str, Any]:
    """Return the column of the fallback that was given; refused where it would go in a circle.

    Locks all current policies of the team, in order and before any single one: two people who make
    two ends meet must not both find the circle open.
    """
    if "fallback" not in values:
        return {}
    wanted: UUID | None = values["fallback"]
    if wanted is None:
        return {"fallback_id": None}
    rows = EscalationPolicy.objects.current().filter(team=team).order_by("pk")
    following = {
        row.pk: row.fallback_id for row in rows.select_for_update(no_key=True).only("fallback_id")
    }
    if wanted not in following:
        raise _refused_fallback("unknown_policy", "The team has no such current policy.")
    chain: list[UUID | None] = [wanted]
    while (after := following.get(chain[-1])) is not None and after not in chain:
        chain.append(after)
    if of is not None and of.pk in chain:
        raise _refused_fallback("goes_in_a_circle", "That policy falls back on this one.")
    if _longest_way_to(of.pk if of else None, following) + len(chain) > MAX_FALLBACKS:
        raise _refused_fallback(
            "too_many_fallbacks", f"At most {MAX_FALLBACKS} policies may follow one."
        )
    return {"fallback_id": wanted}


def _longest_way_to(policy_id: UUID | None, following: Mapping[UUID, UUID | None]) -> int:
    """Return how many policies lie before this one on the longest way that leads to it."""
    before = [pk for pk, after in following.items() if policy_id is not None and after == policy_id]
    return max((1 + _longest_way_to(pk, following) for pk in before), default=0)


def _refused_fallback(code: str, detail: str) -> Refused:
    return Refused(detail, code=code, errors=[FieldError("/fallback", code, detail)])


def _find(team: Team, steps: Sequence[Step]) -> _Named:
    """Find what the targets name, or raise Refused for what the team does not have."""
    ids = {
        kind: {t.id for step in steps for t in step.targets if t.kind == kind and t.id}
        for kind in ("person", "rotation", "webhook")
    }
    webhooks = ContactPoint.objects.filter(team=team, kind="webhook")
    named = _Named(
        _by_id(Owner.objects.of_team(team.pk), ids["person"]),
        _by_id(Rotation.objects.current().filter(team=team), ids["rotation"]),
        _by_id(webhooks, ids["webhook"]),
    )
    errors = [
        FieldError(
            f"/steps/{step.number - 1}/targets/{place}/id",
            f"unknown_{target.kind}",
            f"The team has no such {target.kind}.",
        )
        for step in steps
        for place, target in enumerate(step.targets)
        if target.id and target.id not in named.of(target.kind)
    ]
    if errors:
        raise Refused("A step names what the team does not have.", errors=errors)
    return named


def _by_id(rows: Any, ids: set[str]) -> dict[str, Any]:
    return {str(row.pk): row for row in rows.filter(pk__in=ids)}


def _write(policy: EscalationPolicy, steps: Sequence[Step], named: _Named) -> None:
    for step in steps:
        row = EscalationStep.objects.create(
            policy=policy,
            number=step.number,
            delay_seconds=step.delay // _SECOND,
            urgency=step.urgency,
            working_hours_only=step.working_hours_only,
            notify_owner=Target("owner") in step.targets,
            roles=[target.role for target in step.targets if target.kind == "role"],
        )
        row.people.set(_chosen(step, "person", named))
        row.rotations.set(_chosen(step, "rotation", named))
        row.webhooks.set(_chosen(step, "webhook", named))


def _chosen(step: Step, kind: str, named: _Named) -> list[Any]:
    rows = named.of(kind)
    return [rows[target.id] for target in step.targets if target.kind == kind and target.id]


def _as_stored(steps: Sequence[Step]) -> list[tuple[Any, ...]]:
    """Return steps so that those that are stored alike are equal: targets have no order."""
    return [
        (step.delay, frozenset(step.targets), step.urgency, step.working_hours_only)
        for step in steps
    ]


def _refuse_twin(team_id: UUID, name: str, *, but: EscalationPolicy | None = None) -> None:
    others = EscalationPolicy.objects.current().filter(team_id=team_id, name=name)
    if others.exclude(pk=but.pk if but else None).exists():
        raise Conflict("The team has a policy of this name.", code="name_taken")


def _locked(policy: EscalationPolicy) -> EscalationPolicy:
    row: EscalationPolicy = EscalationPolicy.objects.select_for_update(no_key=True).get(
        pk=policy.pk
    )
    return row
