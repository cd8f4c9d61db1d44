"""What an account says of the reminders about it, such as that it must be authorised again."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from incidents.escalation.alarms import MANAGERS
from incidents.escalation.plan import Target
from incidents.escalation.subjects import Rows, SubjectRules, register
from incidents.models import Account, Connection, Reminder
from incidents.models.escalation import ReminderKind
from incidents.services import own_words, tokens

AGAIN: Final = timedelta(days=1)


def register_rules() -> None:
    """Tell the engine of accounts; called once, at start."""
    register("account", SubjectRules(Account, wanted=_wanted, targets=_targets, act=_act))


def _wanted(rows: Rows, asked: Sequence[Reminder]) -> set[UUID]:
    """To authorise again while that is needed; what was posted, always."""
    lost = Connection.objects.filter(
        account__in=rows, status=Connection.Status.REAUTHORIZATION_REQUIRED
    )
    waiting = set(lost.values_list("account_id", flat=True))
    return {
        each.pk
        for each in asked
        if each.kind != ReminderKind.REAUTHORIZATION_REQUIRED or each.subject_id in waiting
    }


def _targets(_account: Account, _reminder: Reminder) -> list[Target]:
    return [MANAGERS]


def _act(account: Account, reminder: Reminder, now: datetime) -> bool:
    """Say it again every day until somebody has authorised it; look whether it explains itself."""
    if reminder.kind == ReminderKind.POSTED_OUTSIDE:
        return own_words.act(account, reminder)
    if reminder.kind == ReminderKind.REAUTHORIZATION_REQUIRED:
        missed = max((now - reminder.planned_at) // AGAIN, 0)
        tokens.remind(account, reminder.planned_at + (missed + 1) * AGAIN)
    return True
