"""Whether somebody attends to an incident: acknowledge, snooze, escalate now."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Least

from crisis_api.access.models import Owner
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import FieldError, Invalid, Refused
from incidents import timeline
from incidents.escalation import reminders, runs
from incidents.models import Escalation, Incident, IncidentStatus, Milestone, Reminder
from incidents.models.escalation import ReminderQuerySet
from incidents.services import milestones
from incidents.services.assignment import check_member, take_over
from incidents.services.moves import EDGES, check_guards, hold, put

LONGEST_SNOOZE = timedelta(days=365)
# What an acknowledgement that has ended leaves behind.
NO_ACKNOWLEDGEMENT: Mapping[str, Any] = {
    "acknowledged_by": None,
    "acknowledged_at": None,
    "acknowledged_until": None,
}


@transaction.atomic
def acknowledge(
    incident: Incident,
    *,
    by: Actor,
    owner: Owner | None,
    expires_in: timedelta | None = None,
    now: datetime | None = None,
    version: int | None = None,
) -> Incident:
    """Take note of an incident on behalf of a person, which stops its escalation.

    The person becomes the owner where there is none. Doing it again changes nothing, except that
    a later end of an acknowledgement that expires is taken: `acknowledged_by` stays whoever was
    first. Ends a snooze.
    """
    if owner is None:
        raise Refused(
            "A team's key must name the person who acknowledges, as `owner`.", code="owner_needed"
        )
    now = now or clock.decisive_now()
    row = hold(incident, version=version)
    EDGES.follow(row.status, "acknowledge")
    check_member(owner, row.team_id)
    until = now + expires_in if expires_in is not None else None
    if row.status == IncidentStatus.ACKNOWLEDGED:
        _extend(row, until, by=by)
        return row
    check_guards("acknowledge", row)
    put(
        row,
        status=IncidentStatus.ACKNOWLEDGED,
        acknowledged_by=owner,
        acknowledged_at=now,
        acknowledged_until=until,
        snoozed_until=None,
        generation=row.generation + 1,
    )
    data = {"acknowledged_by": str(owner.pk), "acknowledged_until": _text(until)}
    timeline.record("incident.acknowledged", row, by=by, data=data)
    if row.owner_id is None:
        take_over(row, owner, by=by)
    runs.stop(row, by=by, reason="acknowledged")
    milestones.mark(row, Milestone.Name.ACKNOWLEDGED, at=now, by=by)
    _remind_of_expiry(row)
    return row


def _extend(row: Incident, until: datetime | None, *, by: Actor) -> None:
    """Let an acknowledgement end later; one that never ends, or ends later anyway, stays."""
    if until is None or row.acknowledged_until is None or until <= row.acknowledged_until:
        return
    put(row, acknowledged_until=until)
    data = {"acknowledged_until": _text(until)}
    timeline.record("incident.acknowledgement_extended", row, by=by, data=data)
    reminders.cancel(row, kinds=["acknowledgement_expiry"])
    _remind_of_expiry(row)


def _remind_of_expiry(row: Incident) -> None:
    if row.acknowledged_until is not None:
        reminders.schedule(
            "acknowledgement_expiry",
            row,
            due_at=row.acknowledged_until,
            dedup_key=f"expiry:{row.pk.hex}:{row.version}",
            urgency="urgent",
            generation=row.generation,
        )


def lapse(row: Incident, *, by: Actor, reason: str) -> None:
    """Open an acknowledged incident that is held again; the caller starts what follows."""
    before = row.acknowledged_by_id
    put(row, status=IncidentStatus.OPEN, **NO_ACKNOWLEDGEMENT)
    timeline.record(
        "incident.acknowledgement_expired",
        row,
        by=by,
        data={"reason": reason, "acknowledged_by": str(before) if before else None},
    )


@transaction.atomic
def snooze(
    incident: Incident, *, until: datetime, by: Actor, version: int | None = None
) -> Incident:
    """Leave everybody in peace until a time, a year away at most; then the plan starts anew.

    The same time again changes nothing; another one moves the end.
    """
    now = clock.decisive_now()
    if not now < until <= now + LONGEST_SNOOZE:
        detail = "A snooze ends in the future, and within a year."
        raise Invalid(detail, errors=[FieldError("/snoozed_until", "out_of_range", detail)])
    row = hold(incident, version=version)
    EDGES.follow(row.status, "snooze")
    if row.snoozed_until == until:
        return row
    check_guards("snooze", row)
    put(row, snoozed_until=until, generation=row.generation + 1)
    timeline.record("incident.snoozed", row, by=by, data={"snoozed_until": _text(until)})
    runs.stop(row, by=by, reason="snoozed")
    reminders.schedule(
        "snooze_end",
        row,
        due_at=until,
        dedup_key=f"snooze:{row.pk.hex}:{row.version}",
        urgency="urgent",
        generation=row.generation,
    )
    return row


@transaction.atomic
def escalate(incident: Incident, *, by: Actor, version: int | None = None) -> Incident:
    """Escalate now: the next step that waits goes at once, and the later ones keep their times.

    What was put off to somebody's working hours is such a step, too. Where none waits, because the
    incident is snoozed or acknowledged or every round is over, the plan starts anew. Outside
    working hours, too: somebody asked for it.
    """
    row = hold(incident, version=version)
    EDGES.follow(row.status, "escalate")
    check_guards("escalate", row)
    now = clock.decisive_now()
    following = _next_step(row) if row.status == IncidentStatus.OPEN else None
    if following is not None:
        # What it tells, its next reminder, is part of what the incident shows.
        put(row)
        data = {"restarted": False, "round": following.round, "step": following.step}
        timeline.record("incident.escalation_requested", row, by=by, data=data)
        of_the_step = _waiting(row).filter(round=following.round, step=following.step)
        of_the_step.change(due_at=Least("due_at", Value(now)), working_hours_only=False)
        return row
    _start_anew(row, now, by=by)
    return row


def _waiting(row: Incident) -> ReminderQuerySet:
    """The steps ahead, and those that wait for one person's working hours."""
    steps = Reminder.objects.pending().filter(kind="escalation_step", generation=row.generation)
    return steps.filter(subject_id=row.pk)


def _next_step(row: Incident) -> Reminder | None:
    first: Reminder | None = _waiting(row).order_by("round", "step").first()
    return first


def _start_anew(row: Incident, now: datetime, *, by: Actor) -> None:
    if row.policy_id is None and not Escalation.objects.filter(incident=row).exists():
        raise Refused("This incident has no escalation policy.", code="no_escalation_policy")
    if row.status == IncidentStatus.ACKNOWLEDGED:
        lapse(row, by=by, reason="escalated")
    put(row, snoozed_until=None, generation=row.generation + 1)
    timeline.record("incident.escalation_requested", row, by=by, data={"restarted": True})
    runs.stop(row, by=by, reason="escalated")
    runs.go_on(row, at=now, by=by)


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
