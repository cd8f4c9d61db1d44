"""The life of an incident: every verb, from one place for all doors.

    open → acknowledged → contained → resolved → closed

`EDGES` is the table of what each status allows. A verb that was done already returns the incident
unchanged; one that is not allowed raises NotAllowedNow with those that are. Each holds the
incident's row, changes it by compare-and-swap, and writes its events in the same transaction.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from crisis_api.lib import clock, constraints
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Conflict, FieldError, Invalid
from incidents import timeline
from incidents.escalation import reminders, runs
from incidents.models import Incident, IncidentStatus
from incidents.services import milestones, notes, queue, severity
from incidents.services.assignment import assign, say_that_nobody_is
from incidents.services.attention import acknowledge, escalate, snooze
from incidents.services.editing import Changes, change
from incidents.services.moves import EDGES, check_guards, hold, put, register_guard
from incidents.services.opening import TWINS, OpenResult, open_all, open_incident

__all__ = [
    "EDGES",
    "Changes",
    "OpenResult",
    "acknowledge",
    "assign",
    "change",
    "close",
    "contain",
    "escalate",
    "open_all",
    "open_incident",
    "register_guard",
    "reopen",
    "resolve",
    "snooze",
]


@transaction.atomic
def contain(incident: Incident, *, by: Actor, version: int | None = None) -> Incident:
    """Say that the crisis does not grow any more; the acknowledgement does not expire any more."""
    row = hold(incident, version=version)
    return _end(row, "contain", "incident.contained", {}, by=by)


@transaction.atomic
def resolve(incident: Incident, *, note: str, by: Actor, version: int | None = None) -> Incident:
    """Say that the crisis is over, and what came of it.

    The note stays among the incident's notes, whatever another resolution says later.
    """
    if not note.strip():
        detail = "Say what came of it."
        raise Invalid(detail, errors=[FieldError("/resolution_note", "required", detail)])
    row = hold(incident, version=version)
    return _end(row, "resolve", "incident.resolved", {"resolution_note": note}, by=by, text=note)


@transaction.atomic
def close(incident: Incident, *, by: Actor, version: int | None = None) -> Incident:
    """Say that nothing is left to do; open commitments, for one, refuse it."""
    row = hold(incident, version=version)
    return _end(row, "close", "incident.closed", {}, by=by)


def _end(
    row: Incident,
    verb: str,
    kind: str,
    values: Mapping[str, Any],
    *,
    by: Actor,
    text: str = "",
) -> Incident:
    """Move an incident that is held one step towards its end, where nobody is reminded."""
    reached = kind.removeprefix("incident.")
    if row.status == reached:
        return row
    status = EDGES.follow(row.status, verb)
    check_guards(verb, row)
    now = clock.decisive_now()
    put(
        row,
        status=status,
        acknowledged_until=None,
        snoozed_until=None,
        generation=row.generation + 1,
        **{f"{reached}_at": now},
        **values,
    )
    note = notes.write(row, text, by=by) if text else None
    data = {"note": str(note.pk)} if note else {}
    timeline.record(kind, row, by=by, data=data)
    runs.stop(row, by=by, reason=reached)
    milestones.mark(row, reached, at=now, by=by)
    if status == IncidentStatus.RESOLVED:
        reminders.cancel(row, kinds=["no_owner"])
        milestones.forget(row)
        queue.settle(row.pk, now=now)
    return row


@transaction.atomic
def reopen(incident: Incident, *, reason: str, by: Actor, version: int | None = None) -> Incident:
    """Open an incident again, which starts its policy as it is now.

    Where another one with the same key has opened meanwhile, that one goes on: 409.
    """
    row = hold(incident, version=version)
    if row.status == IncidentStatus.OPEN:
        return row
    EDGES.follow(row.status, "reopen")
    check_guards("reopen", row)
    start_over(row, at=clock.decisive_now(), by=by, reason="by_hand")
    if reason.strip():
        note = notes.write(row, reason, by=by)
        timeline.record("incident.noted", note, incident=row, by=by)
    return row


def start_over(row: Incident, *, at: datetime, by: Actor, reason: str) -> None:
    """Open an incident that is held again, with its milestones ahead and its policy started."""
    try:
        with transaction.atomic():
            severity.open_again(row, by=by, reason=reason)
    except IntegrityError as error:
        if constraints.name_of(error) in TWINS:
            raise Conflict(
                "Another incident for the same thing has been opened meanwhile.",
                code="twin_is_open",
            ) from None
        raise
    milestones.undo(row, at=at)
    queue.bring_back(row.pk)
    severity.start_policy(row, at=at, by=by, reason="reopened")
    if row.owner_id is None:
        say_that_nobody_is(row, at=at, by=by)
