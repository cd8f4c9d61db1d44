"""What the auditor checks of incidents: that the plan runs, and that every pause has an end.

Each check is two functions: what looks overlooked in a window of rows, in one query, and what is
done about one of them, under its lock and after looking again.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from crisis_api.lib.actors import SYSTEM
from incidents.escalation import incident_rules, reminders, runs
from incidents.escalation.auditor.driving import last_resort, under_its_lock
from incidents.escalation.auditor.walks import Check, register_check, register_walk
from incidents.models import UNRESOLVED, Escalation, Incident, IncidentStatus, Reminder

INCIDENTS = "incidents"
WAITING = ("pending", "parked")


def _reminder(kind: str, *, incident: str = "pk", **values: Any) -> QuerySet[Reminder]:
    """A reminder of that kind about the incident of the row outside that still waits."""
    rows: QuerySet[Reminder] = Reminder.objects.filter(
        subject_id=OuterRef(incident), kind=kind, status__in=WAITING, **values
    )
    return rows


def without_run(window: QuerySet[Incident], now: datetime) -> Iterable[UUID]:
    """Open incidents for whose present generation no plan was ever started."""
    mine = Escalation.objects.filter(incident=OuterRef("pk"))
    told = Reminder.objects.filter(incident=OuterRef("pk"), kind="alarm")
    return window.filter(
        # Without any policy there is nothing to start; whoever was told of that, was told.
        Q(policy__isnull=False) | Exists(mine) | ~Exists(told),
        ~Exists(mine.filter(generation=OuterRef("generation"))),
        status=IncidentStatus.OPEN,
        snoozed_until=None,
    ).values_list("pk", flat=True)


@under_its_lock(without_run)
def start_run(row: Incident, now: datetime) -> None:
    """Start what ought to be running, from now."""
    if runs.go_on(row, at=now, by=SYSTEM) is None:
        last_resort(row, now)


def without_end_of_snooze(window: QuerySet[Incident], now: datetime) -> Iterable[UUID]:
    """Snoozed incidents of whose snooze nothing will ever tell the end."""
    end = _reminder("snooze_end", generation=OuterRef("generation"))
    rows = window.filter(status=IncidentStatus.OPEN, snoozed_until__isnull=False)
    return rows.filter(~Exists(end)).values_list("pk", flat=True)


@under_its_lock(without_end_of_snooze)
def end_snooze(row: Incident, now: datetime) -> None:
    """Lay out the end of the snooze, at once where it has passed."""
    _end_of_pause(row, "snooze_end", row.snoozed_until)


def without_end_of_acknowledgement(window: QuerySet[Incident], now: datetime) -> Iterable[UUID]:
    """Acknowledged incidents whose acknowledgement expires and will never be told to."""
    end = _reminder("acknowledgement_expiry", generation=OuterRef("generation"))
    rows = window.filter(status=IncidentStatus.ACKNOWLEDGED, acknowledged_until__isnull=False)
    return rows.filter(~Exists(end)).values_list("pk", flat=True)


@under_its_lock(without_end_of_acknowledgement)
def end_acknowledgement(row: Incident, now: datetime) -> None:
    """Lay out the end of the acknowledgement, at once where it has passed."""
    _end_of_pause(row, "acknowledgement_expiry", row.acknowledged_until)


def _end_of_pause(row: Incident, kind: str, at: datetime | None) -> None:
    if at is None:
        return
    lost = Reminder.objects.filter(subject_id=row.pk, kind=kind).count()
    reminders.schedule(
        kind,
        row,
        due_at=at,
        dedup_key=f"auditor:{kind}:{row.pk.hex}:{row.version}:{lost}",
        urgency="urgent",
        generation=row.generation,
    )


def without_anybody(window: QuerySet[Incident], now: datetime) -> Iterable[UUID]:
    """Incidents without an owner of which the managers are no longer told."""
    rows = window.filter(owner=None, status__in=UNRESOLVED)
    return rows.filter(~Exists(_reminder("no_owner"))).values_list("pk", flat=True)


@under_its_lock(without_anybody)
def say_that_nobody_is(row: Incident, now: datetime) -> None:
    """Tell the managers now, and every ten minutes from here."""
    incident_rules.schedule_no_owner(row, now)


def register() -> None:
    """Say what is walked through on the incidents' side; called once, at start."""
    register_walk(INCIDENTS, lambda now: Incident.objects.unresolved())
    register_check(INCIDENTS, Check("incident_without_run", without_run, start_run))
    register_check(INCIDENTS, Check("snooze_without_end", without_end_of_snooze, end_snooze))
    register_check(
        INCIDENTS,
        Check("acknowledgement_without_end", without_end_of_acknowledgement, end_acknowledgement),
    )
    register_check(INCIDENTS, Check("nobody_responsible", without_anybody, say_that_nobody_is))
