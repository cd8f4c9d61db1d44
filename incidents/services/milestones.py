"""What an incident should reach by when: targets by severity, and when it was reached."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from crisis_api.lib.actors import SYSTEM, Actor
from incidents import timeline
from incidents.escalation import reminders
from incidents.escalation.incident_rules import KindRules, register_kind
from incidents.escalation.plan import Target
from incidents.escalation.subjects import Rows
from incidents.models import Incident, IncidentSettings, Milestone, Reminder, Severity
from incidents.models.settings import default_milestone_targets
from incidents.services.moves import hold, put

KIND = "milestone_missed"
NAMES: tuple[str, ...] = tuple(Milestone.Name.values)
# Undone by reopening; the first acknowledgement and the first response stay what they were.
UNDONE_BY_REOPENING = ("contained", "resolved", "closed")
_TARGETS = (Target("owner"), Target("role", role="manager"))
_MINUTE = timedelta(minutes=1)


def settings_of(team_id: UUID) -> IncidentSettings | None:
    """Return how the team handles its incidents; None where it has not said so."""
    found: IncidentSettings | None = (
        IncidentSettings.objects.filter(team_id=team_id).select_related("default_policy").first()
    )
    return found


def limits(settings: IncidentSettings | None, severity: int) -> dict[str, timedelta]:
    """Return how soon each milestone should be reached at that severity.

    A milestone that the team's settings don't name has no target.
    """
    stored: Any = settings.milestone_targets if settings else default_milestone_targets()
    of_severity: Any = stored.get(Severity(severity).word) if isinstance(stored, Mapping) else None
    minutes = of_severity if isinstance(of_severity, Mapping) else {}
    return {
        name: minutes[name] * _MINUTE
        for name in NAMES
        if isinstance(minutes.get(name), int) and minutes[name] > 0
    }


def lay_out(rows: Sequence[tuple[Incident, IncidentSettings | None]]) -> list[Reminder]:
    """Write the milestones of new incidents; return the reminders, not saved, of their targets."""
    laid_out: list[Milestone] = []
    ahead: list[Reminder] = []
    for row, settings in rows:
        wanted = limits(settings, row.severity)
        milestones = [
            Milestone(
                team_id=row.team_id,
                incident=row,
                name=name,
                target_at=row.opened_at + wanted[name] if name in wanted else None,
            )
            for name in NAMES
        ]
        laid_out += milestones
        ahead += _reminders(row, milestones)
    Milestone.objects.bulk_create(laid_out)
    return ahead


def remind_of(row: Incident, milestones: Iterable[Milestone]) -> None:
    """Lay out the reminders of milestones whose target is still ahead, with one statement."""
    Reminder.objects.bulk_create(_reminders(row, milestones))


def _reminders(row: Incident, milestones: Iterable[Milestone]) -> list[Reminder]:
    """Return the reminders, not saved, of milestones whose target is still ahead.

    Their subject is the incident, under whose lock milestones change.
    """
    return [
        Reminder(
            team_id=row.team_id,
            kind=KIND,
            subject_type="incident",
            subject_id=row.pk,
            incident_id=row.pk,
            generation=row.generation,
            targets=[reminders.targets_json(target) for target in _TARGETS],
            urgency="urgent" if row.severity >= Severity.HIGH else "normal",
            planned_at=milestone.target_at,
            due_at=milestone.target_at,
            # Each change of targets raises the incident's version.
            dedup_key=f"milestone:{milestone.name}:{milestone.pk.hex}:{row.version}",
        )
        for milestone in milestones
        if milestone.target_at is not None
    ]


def name_in(reminder: Reminder) -> str:
    """Return which milestone a reminder is of."""
    parts = reminder.dedup_key.split(":")
    return parts[1] if len(parts) == 4 and parts[0] == "milestone" else ""


@transaction.atomic
def reach(incident: Incident, name: str, *, at: datetime, by: Actor) -> bool:
    """Note that the incident has come so far; the second time nothing changes.

    Returns whether it was the first time. `first_public_response` is noted on the incident, too.
    """
    row = hold(incident)
    reached = mark(row, name, at=at, by=by)
    if reached and name == Milestone.Name.FIRST_PUBLIC_RESPONSE:
        put(row, first_public_response_at=at)
    return reached


def mark(row: Incident, name: str, *, at: datetime, by: Actor) -> bool:
    """The same for an incident that is held by a verb, which writes its own columns."""
    milestone = Milestone.objects.filter(incident=row, name=name, reached_at=None).first()
    if milestone is None:
        return False
    Milestone.objects.filter(pk=milestone.pk).change(reached_at=at)
    forget(row, [name])
    timeline.record(
        "milestone.reached",
        milestone,
        incident=row,
        by=by,
        data={
            "name": name,
            "minutes": minutes_between(row.opened_at, at),
            "target_minutes": minutes_between(row.opened_at, milestone.target_at),
            "missed": milestone.target_at is not None and at > milestone.target_at,
        },
    )
    return True


def forget(row: Incident, names: Iterable[str] | None = None) -> None:
    """Take back the pending reminders of milestones; without names all but that of the closing."""
    pending = Reminder.objects.pending().filter(subject_id=row.pk, kind=KIND)
    wanted = set(NAMES) - {"closed"} if names is None else set(names)
    ids = [reminder.pk for reminder in pending if name_in(reminder) in wanted]
    if ids:
        Reminder.objects.filter(pk__in=ids).change(status=Reminder.Status.CANCELLED)


def set_anew(row: Incident, *, at: datetime, raised: bool) -> None:
    """Give the milestones ahead the targets of the incident's new severity.

    When the severity rises the new time counts from now, and nothing gets more time than it had;
    when it falls, from the opening, and nothing gets less.
    """
    wanted = limits(settings_of(row.team_id), row.severity)
    changed = []
    for milestone in Milestone.objects.ahead().filter(incident=row):
        before = milestone.target_at
        target = None
        if milestone.name in wanted:
            target = (at if raised else row.opened_at) + wanted[milestone.name]
            if before is not None:
                target = min(before, target) if raised else max(before, target)
        if target != before:
            Milestone.objects.filter(pk=milestone.pk).change(target_at=target)
            milestone.target_at = target
            changed.append(milestone)
    _follow(row, changed, at)


def undo(row: Incident, *, at: datetime) -> None:
    """Put what a reopening undoes ahead again, with its time counted from the reopening.

    So it is for what was still ahead: while an incident was resolved nobody worked on it.
    """
    wanted = limits(settings_of(row.team_id), row.severity)
    again = Milestone.objects.filter(incident=row, name__in=UNDONE_BY_REOPENING)
    still_ahead = Milestone.objects.ahead().filter(incident=row)
    milestones = list(again | still_ahead)
    for milestone in milestones:
        milestone.target_at = at + wanted[milestone.name] if milestone.name in wanted else None
        Milestone.objects.filter(pk=milestone.pk).change(
            reached_at=None, target_at=milestone.target_at
        )
    _follow(row, milestones, at)


def _follow(row: Incident, changed: list[Milestone], at: datetime) -> None:
    if changed:
        forget(row, [milestone.name for milestone in changed])
        ahead = [each for each in changed if each.target_at is not None and each.target_at > at]
        remind_of(row, ahead)


def _wanted(rows: Rows, asked: Sequence[Reminder]) -> set[UUID]:
    """Those of milestones that are still ahead and still have the target they had."""
    targets = {
        (milestone.incident_id, milestone.name): milestone.target_at
        for milestone in Milestone.objects.ahead().filter(incident_id__in=rows)
    }
    return {
        reminder.pk
        for reminder in asked
        if targets.get((reminder.subject_id, name_in(reminder))) == reminder.planned_at
    }


def _miss(row: Incident, reminder: Reminder, now: datetime) -> bool:
    """Say on the timeline that a milestone was missed, and have people told of it."""
    milestone = Milestone.objects.get(incident=row, name=name_in(reminder))
    # The incident shows it, so its version rises.
    put(row)
    timeline.record(
        "milestone.missed",
        milestone,
        incident=row,
        by=SYSTEM,
        data={
            "name": milestone.name,
            "target_minutes": minutes_between(row.opened_at, milestone.target_at),
        },
        at=now,
    )
    return True


def register() -> None:
    """Answer for the reminders of missed milestones."""
    register_kind(KIND, KindRules(wanted=_wanted, act=_miss))


def minutes_between(start: datetime, end: datetime | None) -> int | None:
    """Return whole minutes, None where there is no end."""
    return None if end is None else (end - start) // _MINUTE
