"""Runs of a policy for an incident: start, start again from the stored plan, stop.

Every function is called inside the transaction of a verb that holds the incident's row lock and has
raised its generation.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from incidents import timeline
from incidents.escalation import alarms, plans, reminders
from incidents.escalation.plan import BrokenPlan, Plan, lay_out
from incidents.models import Escalation, EscalationPolicy, Incident, Reminder, Severity


def start(
    incident: Incident, *, policy: EscalationPolicy | None, at: datetime, by: Actor
) -> Escalation | None:
    """Start a run of the policy as it is now; None where there is no policy to run."""
    if policy is None:
        return None
    return _run(incident, plans.to_plan(policy), policy.pk, at=at)


def begin(
    followed: Sequence[tuple[Incident, EscalationPolicy]],
    *,
    at: datetime,
    beside: Sequence[Reminder] = (),
) -> None:
    """Start the first runs of incidents that were written just now, in the same transaction.

    `beside` are reminders of other things, written in the same statement.
    """
    policies = {policy.pk: policy for _, policy in followed}
    plan_of = {pk: plans.to_plan(policy) for pk, policy in policies.items()}
    json_of = {pk: plan.to_json() for pk, plan in plan_of.items()}
    escalations = []
    laid_out = list(beside)
    for incident, policy in followed:
        escalation = _escalation(incident, json_of[policy.pk], policy.pk, at=at)
        escalations.append(escalation)
        laid_out += round_of(escalation, plan_of[policy.pk], incident, 1)
    Escalation.objects.bulk_create(escalations)
    Reminder.objects.bulk_create(laid_out)


def restart(incident: Incident, *, at: datetime, by: Actor) -> Escalation | None:
    """Start the latest stored plan anew as the incident's present generation."""
    latest = Escalation.objects.filter(incident=incident).order_by("generation").last()
    if latest is None:
        return None
    try:
        plan = Plan.from_json(latest.plan)
    except BrokenPlan as broken:
        alarms.raise_alarm("plan_broken", incident, by=by, data={"flaw": broken.code})
        return None
    return _run(incident, plan, latest.policy_id, at=at)


def go_on(incident: Incident, *, at: datetime, by: Actor) -> Escalation | None:
    """Start what is due after a pause: the stored plan, or the policy where another was chosen.

    An incident of which nobody would be reminded raises an alarm.
    """
    latest = Escalation.objects.filter(incident=incident).order_by("generation").last()
    if incident.policy_id and (latest is None or latest.policy_id != incident.policy_id):
        return start(incident, policy=incident.policy, at=at, by=by)
    if latest is None:
        alarms.raise_alarm("no_policy", incident, by=by)
        return None
    return restart(incident, at=at, by=by)


def start_plan(incident: Incident, plan: Plan, *, at: datetime) -> Escalation:
    """Start a plan that is no policy's: the last resort where a stored one cannot be read."""
    return _run(incident, plan, None, at=at)


def stop(incident: Incident, *, by: Actor, reason: str) -> None:
    """End the run of an earlier generation: nothing more of it starts to be sent."""
    ended = Escalation.objects.filter(
        incident=incident, status=Escalation.Status.RUNNING, generation__lt=incident.generation
    ).change(status=Escalation.Status.STOPPED, ended_at=clock.now())
    reminders.cancel_escalation(incident)
    if ended:
        timeline.record("incident.escalation_stopped", incident, by=by, data={"reason": reason})


def _run(incident: Incident, plan: Plan, policy_id: UUID | None, *, at: datetime) -> Escalation:
    # A run of this generation's past may still stand where the verb did not stop it.
    Escalation.objects.filter(incident=incident, status=Escalation.Status.RUNNING).change(
        status=Escalation.Status.STOPPED, ended_at=clock.now()
    )
    escalation = _escalation(incident, plan.to_json(), policy_id, at=at)
    Escalation.objects.bulk_create([escalation])
    Reminder.objects.bulk_create(round_of(escalation, plan, incident, 1))
    return escalation


def _escalation(
    incident: Incident, plan: Mapping[str, Any], policy_id: UUID | None, *, at: datetime
) -> Escalation:
    return Escalation(
        team_id=incident.team_id,
        incident=incident,
        generation=incident.generation,
        policy_id=policy_id,
        plan=plan,
        started_at=at,
    )


def round_of(escalation: Escalation, plan: Plan, incident: Incident, number: int) -> list[Reminder]:
    """Return the reminders of one round, not saved yet."""
    return [
        Reminder(
            team_id=incident.team_id,
            kind="escalation_step",
            subject_type="incident",
            subject_id=incident.pk,
            incident_id=incident.pk,
            escalation_id=escalation.pk,
            generation=escalation.generation,
            round=step.round,
            step=step.number,
            is_last_of_round=step.is_last_of_round,
            targets=[reminders.targets_json(target) for target in step.targets],
            urgency=step.urgency,
            critical=incident.severity == Severity.CRITICAL,
            working_hours_only=step.working_hours_only,
            planned_at=step.planned_at,
            due_at=step.planned_at,
            dedup_key=f"esc:{escalation.pk.hex}:{step.round}:{step.number}",
        )
        for step in lay_out(plan, escalation.started_at, number)
    ]
