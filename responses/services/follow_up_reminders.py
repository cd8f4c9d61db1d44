"""When a follow-up's people are reminded, and what falls due with it.

Before it is due and when it is due its owner is told; a day after that, and every day until it is
done, the managers of the team too. Actions wait for working hours; promises made in public don't.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from crisis_api.lib.actors import SYSTEM
from incidents import timeline
from incidents.escalation import reminders
from incidents.escalation.plan import Target
from incidents.escalation.subjects import Rows, SubjectRules
from incidents.models import Reminder
from incidents.models.escalation import ReminderKind
from responses.models import FollowUp

IGNORED_AFTER = timedelta(days=1)
UNFINISHED = (FollowUp.Status.OPEN, FollowUp.Status.IN_PROGRESS)


def lay_out(follow_up: FollowUp, *, now: datetime) -> None:
    """Schedule what is ahead of an unfinished follow-up, under its lock.

    Whoever gets one that is overdue already is told at once.
    """
    due_at = follow_up.due_at
    before = timedelta(seconds=follow_up.remind_before_seconds)
    if before and now < due_at:
        _schedule(follow_up, ReminderKind.FOLLOW_UP_DUE_SOON, max(now, due_at - before))
    _schedule(follow_up, ReminderKind.FOLLOW_UP_OVERDUE, max(now, due_at))
    _schedule(follow_up, ReminderKind.FOLLOW_UP_IGNORED, _next_ignored(follow_up, now))


def _next_ignored(follow_up: FollowUp, now: datetime) -> datetime:
    """Return the next whole number of days after the due date that is ahead.

    After a standstill of a week the managers are told once, not seven times.
    """
    days = max((now - follow_up.due_at) // IGNORED_AFTER, 0) + 1
    return follow_up.due_at + days * IGNORED_AFTER


def _schedule(follow_up: FollowUp, kind: ReminderKind, at: datetime) -> None:
    reminders.schedule(
        kind,
        follow_up,
        due_at=at,
        dedup_key=f"{kind}:{follow_up.pk.hex}:{follow_up.version}:{at.timestamp():.6f}",
        working_hours_only=follow_up.kind == FollowUp.Kind.ACTION,
        generation=follow_up.version,
    )


def wanted(rows: Rows, due: Sequence[Reminder]) -> set[UUID]:
    """Return the reminders whose follow-up is still unfinished."""
    return {each.pk for each in due if rows[each.subject_id].status in UNFINISHED}


def targets(follow_up: FollowUp, reminder: Reminder) -> list[Target]:
    """Return its owner, and the managers too once it is ignored."""
    owner = Target("person", id=str(follow_up.owner_id))
    if reminder.kind == ReminderKind.FOLLOW_UP_IGNORED:
        return [Target("role", role="manager"), owner]
    return [owner]


def act(follow_up: FollowUp, reminder: Reminder, now: datetime) -> bool:
    """Write on the timeline what fell due, and schedule the next; somebody is always told."""
    if reminder.person_id is not None:
        return True  # only put off until somebody's working hours: what fell due is written
    if reminder.kind == ReminderKind.FOLLOW_UP_OVERDUE and not _known(follow_up, reminder):
        _tell("overdue", follow_up, now)
    elif reminder.kind == ReminderKind.FOLLOW_UP_IGNORED:
        _tell("ignored", follow_up, now)
        _schedule(follow_up, ReminderKind.FOLLOW_UP_IGNORED, _next_ignored(follow_up, now))
    return True


def _known(follow_up: FollowUp, reminder: Reminder) -> bool:
    """Whether it was said already that this due date has passed, to an earlier owner."""
    same = Reminder.objects.filter(
        subject_id=follow_up.pk,
        kind=reminder.kind,
        status=Reminder.Status.FIRED,
        planned_at__gte=follow_up.due_at,
    )
    return bool(same.exclude(pk=reminder.pk).exists())


def _tell(what: str, follow_up: FollowUp, now: datetime) -> None:
    late = int((now - follow_up.due_at).total_seconds())
    timeline.record(
        f"follow_up.{what}",
        follow_up,
        incident=follow_up.incident,
        by=SYSTEM,
        data={"kind": follow_up.kind, "owner": str(follow_up.owner_id), "late_seconds": late},
        at=now,
    )


RULES = SubjectRules(model=FollowUp, wanted=wanted, targets=targets, act=act)
