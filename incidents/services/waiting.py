"""Reminding a team of what nobody has answered, even when nothing burns.

When the oldest risky mention of no incident has waited longer than the team's settings allow, who
is on duty is told how many wait, and again after the same time while they do.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings as django_settings
from django.db import transaction
from django.db.models import QuerySet

from crisis_api.access.models import Team
from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM
from incidents.escalation import reminders
from incidents.escalation.plan import Target
from incidents.escalation.subjects import Rows, Said, SubjectRules, register
from incidents.models import InboxSettings, Mention, Reminder, ReminderKind
from incidents.services import duty, inbox

KIND: Final = ReminderKind.MENTIONS_WAITING
_USUAL: Final = InboxSettings()


def lay_out(limit: int = 100) -> int:
    """Schedule a reminder for each team in which somebody has waited too long; a sweep."""
    now = clock.decisive_now()
    known = InboxSettings.objects.in_bulk(field_name="team_id")
    done = 0
    for team in Team.objects.order_by("pk"):
        if overdue(known.get(team.pk, _USUAL), team.pk, now).exists():
            done += _schedule(team, now)
        if done >= limit:
            break
    return done


def overdue(settings: InboxSettings, team_id: UUID, now: datetime) -> QuerySet[Mention]:
    """Return the risky mentions of no incident that have waited too long."""
    if settings.remind_after_minutes is None:
        return Mention.objects.none()
    rows: QuerySet[Mention] = Mention.objects.filter(
        team_id=team_id,
        priority__gt=0,
        incident=None,
        risk__gte=settings.remind_risk,
        written_at__lte=now - timedelta(minutes=settings.remind_after_minutes),
    )
    # Those have reminders of their own.
    return rows.exclude(kind=Mention.Kind.PRESS_ENQUIRY)


@transaction.atomic
def _schedule(team: Team, now: datetime) -> bool:
    row = inbox.settings_of(team, by=SYSTEM)
    again = timedelta(minutes=row.remind_after_minutes or 0)
    mine = Reminder.objects.filter(kind=KIND, subject_id=row.pk)
    lately = mine.filter(status=Reminder.Status.FIRED, fired_at__gt=now - again)
    if mine.pending().exists() or lately.exists():
        return False
    key = f"{KIND}:{row.pk.hex}:{now.timestamp():.6f}"
    reminders.schedule(KIND, row, due_at=now, dedup_key=key)
    return True


def register_rules() -> None:
    """Tell the engine of it; called once, at start."""
    rules = SubjectRules(InboxSettings, wanted=_wanted, targets=_targets, says=_says)
    register("inbox_settings", rules)


def _wanted(rows: Rows, asked: Sequence[Reminder]) -> set[UUID]:
    return {each.pk for each in asked if _waiting(rows[each.subject_id]).exists()}


def _waiting(row: Any) -> QuerySet[Mention]:
    return overdue(row, row.team_id, clock.now())


def _targets(settings: InboxSettings, _reminder: Reminder) -> list[Target]:
    return duty.on_duty(settings.team_id)


def _says(settings: InboxSettings) -> list[Said]:
    link = f"{django_settings.PUBLIC_URL}/admin/incidents/mention/?unanswered=yes"
    return [Said("unanswered_mentions", _waiting(settings).count(), link)]
