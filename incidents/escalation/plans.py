"""A policy as it is now, read into the plan that an escalation keeps by value."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, cast

from django.db.models import CharField, QuerySet, Value

from incidents.escalation.plan import MAX_FALLBACKS, Plan, Step, Target, TargetKind, Urgency
from incidents.models import EscalationPolicy, EscalationStep

# A step whose people, rotations and webhooks are all gone still reminds somebody.
_NOBODY_NAMED = (Target("role", role="manager"),)
_SHORTEST_ROUND = timedelta(minutes=1)


def to_plan(policy: EscalationPolicy) -> Plan:
    """Return the policy by value, with those that it falls back on; two queries for each.

    A circle, which no service lets anybody make, ends where it would begin again.
    """
    chain = [policy]
    while chain[-1].fallback_id and len(chain) <= MAX_FALLBACKS:
        following = EscalationPolicy.objects.get(pk=chain[-1].fallback_id)
        if following in chain:
            break
        chain.append(following)
    plan = _plan_of(chain.pop(), then=None)
    while chain:
        plan = _plan_of(chain.pop(), then=plan)
    return plan


def _plan_of(policy: EscalationPolicy, *, then: Plan | None) -> Plan:
    """Return one policy's steps, rounds and pause by value, with two queries.

    It always makes a plan that can be followed: steps are numbered anew from 1, a step that names
    nobody any more reminds the team's managers, as does a policy without steps, and rounds that
    would take no time are a minute apart.
    """
    rows = list(EscalationStep.objects.filter(policy=policy).order_by("number"))
    named = _named_by(rows)
    steps = tuple(
        Step(
            number=number,
            delay=timedelta(seconds=row.delay_seconds),
            targets=_targets(row, named[row.pk]) or _NOBODY_NAMED,
            urgency=cast(Urgency, row.urgency),
            working_hours_only=row.working_hours_only,
        )
        for number, row in enumerate(rows, 1)
    ) or (Step(1, timedelta(0), _NOBODY_NAMED, "urgent"),)
    pause = timedelta(seconds=policy.round_pause_seconds)
    repeats = policy.rounds > 1 or then is not None
    takes_time = pause or any(step.delay for step in steps)
    return Plan(
        policy_id=str(policy.pk),
        policy_name=policy.name,
        steps=steps,
        rounds=policy.rounds,
        round_pause=pause if takes_time or not repeats else _SHORTEST_ROUND,
        then=then,
    )


def _targets(step: EscalationStep, named: Iterable[Target]) -> tuple[Target, ...]:
    owner = (Target("owner"),) if step.notify_owner else ()
    roles = tuple(Target("role", role=str(role)) for role in step.roles)
    return (*owner, *named, *roles)


def _named_by(steps: Sequence[EscalationStep]) -> dict[int, list[Target]]:
    """Return the people, rotations and webhooks of each step, in the order they were created."""
    ids = [step.pk for step in steps]
    links = _links("person", EscalationStep.people.through, "owner_id", ids).union(
        _links("rotation", EscalationStep.rotations.through, "rotation_id", ids),
        _links("webhook", EscalationStep.webhooks.through, "contactpoint_id", ids),
        all=True,
    )
    named: dict[int, list[Target]] = defaultdict(list)
    for kind, step_id, target_id in sorted(links, key=lambda link: (link[0], str(link[2]))):
        named[step_id].append(Target(cast(TargetKind, kind), id=str(target_id)))
    return named


def _links(kind: str, through: Any, column: str, step_ids: list[int]) -> QuerySet[Any, Any]:
    rows: QuerySet[Any, Any] = through.objects.filter(escalationstep_id__in=step_ids).values_list(
        Value(kind, output_field=CharField()), "escalationstep_id", column
    )
    return rows
