"""What incidents and teams say of the reminders about them, and what falls due on an incident."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from crisis_api.access.models import Team
from crisis_api.lib.actors import SYSTEM
from incidents import timeline
from incidents.escalation import reminders, runs
from incidents.escalation.plan import Target
from incidents.escalation.subjects import Rows, SubjectRules, register
from incidents.models import UNRESOLVED, Incident, IncidentStatus, Reminder

NO_OWNER_AGAIN = timedelta(minutes=10)
MANAGERS = [Target("role", role="manager")]


@dataclass(frozen=True, slots=True)
class KindRules:
    """How a service answers for its own kind of reminder about incidents; as in SubjectRules."""

    wanted: Callable[[Rows, Sequence[Reminder]], set[UUID]]
    act: Callable[[Incident, Reminder, datetime], bool]


_kinds: dict[str, KindRules] = {}


def register_kind(kind: str, rules: KindRules) -> None:
    """Let a service answer for a kind of reminder about incidents; called once, at start."""
    _kinds[kind] = rules


def wanted(rows: Rows, asked: Sequence[Reminder]) -> set[UUID]:
    """Reminders of the present generation of an unresolved incident, and only while they apply."""
    still = {reminder.pk for reminder in asked if _wanted(rows[reminder.subject_id], reminder)}
    for kind, rules in _kinds.items():
        mine = [reminder for reminder in asked if reminder.kind == kind]
        if mine:
            still -= {reminder.pk for reminder in mine} - rules.wanted(rows, mine)
    return still


def _wanted(incident: Incident, reminder: Reminder) -> bool:
    if incident.status not in UNRESOLVED:
        return False
    match reminder.kind:
        case "escalation_step":
            return reminder.generation == incident.generation
        case "snooze_end":
            return reminder.generation == incident.generation and incident.snoozed_until is not None
        case "acknowledgement_expiry":
            return (
                reminder.generation == incident.generation
                and incident.status == IncidentStatus.ACKNOWLEDGED
            )
        case "no_owner":
            return incident.owner_id is None
        case "assigned":
            return incident.owner_id is not None
        case _:
            return True


def targets(incident: Incident, reminder: Reminder) -> list[Target]:
    """Whom a reminder without targets of its own means."""
    return MANAGERS if reminder.kind == "no_owner" else [Target("owner")]


def act(incident: Incident, reminder: Reminder, now: datetime) -> bool:
    """Do what falls due: end a snooze or an acknowledgement, ask again for an owner."""
    match reminder.kind:
        case "snooze_end":
            _start_over(incident, reminder, "incident.snooze_ended", now)
            return False
        case "acknowledgement_expiry":
            _start_over(incident, reminder, "incident.acknowledgement_expired", now)
            return False
        case "no_owner":
            _ask_again(incident, reminder, now)
        case kind if kind in _kinds:
            return _kinds[kind].act(incident, reminder, now)
    return True


def _start_over(incident: Incident, reminder: Reminder, kind: str, now: datetime) -> None:
    """Open the incident again and start its stored plan at the time that was planned."""
    incident.generation += 1
    incident.version += 1
    incident.status = IncidentStatus.OPEN
    incident.snoozed_until = incident.acknowledged_until = None
    Incident.objects.filter(pk=incident.pk).change(
        status=IncidentStatus.OPEN,
        generation=incident.generation,
        snoozed_until=None,
        acknowledged_by=None,
        acknowledged_at=None,
        acknowledged_until=None,
    )
    # It is being fired and must not be taken back with the rest of its generation.
    Reminder.objects.filter(pk=reminder.pk).update(status=Reminder.Status.FIRED)
    runs.stop(incident, by=SYSTEM, reason=reminder.kind)
    timeline.record(kind, incident, by=SYSTEM, data={"generation": incident.generation}, at=now)
    runs.go_on(incident, at=reminder.planned_at, by=SYSTEM)


def _ask_again(incident: Incident, reminder: Reminder, now: datetime) -> None:
    """Every ten minutes until somebody has it, without making up for a standstill."""
    missed = max((now - reminder.planned_at) // NO_OWNER_AGAIN, 0)
    schedule_no_owner(incident, reminder.planned_at + (missed + 1) * NO_OWNER_AGAIN)


def schedule_no_owner(incident: Incident, at: datetime) -> None:
    """Have the team's managers told at a time that nobody is responsible, if so it still is.

    The key names the version too: a time may come again after the reminder of it was taken back.
    """
    reminders.schedule(
        "no_owner",
        incident,
        due_at=at,
        dedup_key=f"no_owner:{incident.pk.hex}:{incident.version}:{at.isoformat()}",
        targets=MANAGERS,
        urgency="urgent",
    )


def register_rules() -> None:
    """Tell the engine of incidents, and of teams, which alarms are about."""
    register("incident", SubjectRules(Incident, wanted=wanted, targets=targets, act=act))
    register(
        "team",
        SubjectRules(
            Team,
            wanted=lambda _rows, asked: {reminder.pk for reminder in asked},
            targets=lambda _row, _reminder: MANAGERS,
        ),
    )
