"""How grave an incident is, and what a change of that sets in motion."""

from datetime import datetime

from crisis_api.lib.actors import Actor
from incidents import timeline
from incidents.escalation import runs
from incidents.models import Incident, IncidentStatus, Severity
from incidents.services import attention, milestones
from incidents.services.moves import put


def change(row: Incident, severity: int, *, at: datetime, by: Actor) -> None:
    """Write another severity to an unresolved incident that is held.

    A raise wakes everybody: it ends an acknowledgement and a snooze, opens what was contained, and
    starts the policy as it is now. A fall starts the policy anew where one is running.
    """
    before, raised = row.severity, severity > row.severity
    put(row, severity=severity)
    timeline.record(
        "incident.severity_changed",
        row,
        by=by,
        data={"from": Severity(before).word, "to": Severity(severity).word},
    )
    if raised and row.status == IncidentStatus.ACKNOWLEDGED:
        attention.lapse(row, by=by, reason="severity_raised")
    elif raised and row.status == IncidentStatus.CONTAINED:
        open_again(row, by=by, reason="severity_raised")
    milestones.set_anew(row, at=at, raised=raised)
    if row.snoozed_until is not None and raised:
        put(row, snoozed_until=None)
        timeline.record("incident.snooze_ended", row, by=by, data={"reason": "severity_raised"})


def open_again(row: Incident, *, by: Actor, reason: str) -> None:
    """Open an incident that is held and had got further; the caller starts what follows."""
    put(
        row,
        status=IncidentStatus.OPEN,
        contained_at=None,
        resolved_at=None,
        closed_at=None,
        snoozed_until=None,
        **attention.NO_ACKNOWLEDGEMENT,
    )
    timeline.record("incident.reopened", row, by=by, data={"reason": reason})


def start_policy(row: Incident, *, at: datetime, by: Actor, reason: str) -> None:
    """Start the policy as it is now, as a new generation, where the incident waits for somebody.

    While it is acknowledged, contained or snoozed nothing runs and nothing starts: the end of that
    starts the policy which stands then.
    """
    if row.status != IncidentStatus.OPEN or row.snoozed_until is not None:
        return
    put(row, generation=row.generation + 1)
    runs.stop(row, by=by, reason=reason)
    if row.policy is None:
        runs.go_on(row, at=at, by=by)
    else:
        runs.start(row, policy=row.policy, at=at, by=by)
