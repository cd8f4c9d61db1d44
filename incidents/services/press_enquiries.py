"""Press enquiries: by when they are answered, and who is reminded until they are.

One that says nothing itself gets the team's time. Its people are reminded an hour before, at the
time, and every hour after that: the owner of its incident, or who is on duty; the managers too once
it is late.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from crisis_api.lib import clock
from incidents.escalation import reminders
from incidents.escalation.plan import Target
from incidents.escalation.subjects import Rows, SubjectRules, register
from incidents.models import InboxSettings, Incident, Mention, Reminder, ReminderKind
from incidents.services import duty, leases

KIND: Final = ReminderKind.PRESS_ENQUIRY
BEFORE: Final = timedelta(hours=1)
AGAIN: Final = timedelta(hours=1)
USUAL: Final = InboxSettings._meta.get_field("press_answer_minutes").default


def lay_out(limit: int = 100) -> int:
    """Give each enquiry that waits its time and its next reminder; a sweep of the engine."""
    ahead = Reminder.objects.pending().filter(kind=KIND, subject_id=OuterRef("pk"))
    waiting = Mention.objects.filter(kind="press_enquiry", priority__gt=0)
    rows = waiting.filter(~Exists(ahead)).order_by("answer_by")
    done = 0
    for pk in list(rows.values_list("pk", flat=True)[:limit]):
        done += _remind(pk)
    return done


@transaction.atomic
def _remind(pk: UUID) -> bool:
    now = clock.decisive_now()
    row = leases.hold(Mention(pk=pk))
    if row.priority <= 0:
        return False
    answer_by = row.answer_by or row.received_at + timedelta(minutes=_minutes(row.team_id))
    if row.answer_by is None:
        leases.put(row, answer_by=answer_by)
    told = Reminder.objects.filter(kind=KIND, subject_id=pk, status=Reminder.Status.FIRED)
    last = told.order_by("-planned_at").values_list("planned_at", flat=True).first()
    at = _next(row.received_at, answer_by, last, now)
    key = f"{KIND}:{pk.hex}:{row.version}:{at.timestamp():.0f}"
    reminder = reminders.schedule(KIND, row, due_at=at, dedup_key=key, urgency="urgent")
    return reminder.status == Reminder.Status.PENDING


def _minutes(team_id: UUID) -> int:
    rows = InboxSettings.objects.filter(team_id=team_id)
    found: int | None = rows.values_list("press_answer_minutes", flat=True).first()
    return USUAL if found is None else found


def _next(since: datetime, answer_by: datetime, last: datetime | None, now: datetime) -> datetime:
    """Return when people are reminded next; after a standstill once, not once for each hour."""
    soon = max(answer_by - BEFORE, since + (answer_by - since) / 2)
    for at in (soon, answer_by):
        if at > now or last is None or last < at:
            return max(at, now) if last is None else max(at, last)
    return answer_by + ((now - answer_by) // AGAIN + 1) * AGAIN


def register_rules() -> None:
    """Tell the engine of press enquiries; called once, at start."""
    register("mention", SubjectRules(Mention, wanted=_wanted, targets=_targets))


def _wanted(rows: Rows, asked: Sequence[Reminder]) -> set[UUID]:
    """Those of enquiries that nobody has dealt with."""
    return {each.pk for each in asked if rows[each.subject_id].handled_at is None}


def _targets(mention: Mention, _reminder: Reminder) -> list[Target]:
    of_its_incident = Incident.objects.filter(mentions=mention, owner__isnull=False)
    owner = of_its_incident.values_list("owner_id", flat=True).first()
    targets = [Target("person", id=str(owner))] if owner else duty.on_duty(mention.team_id)
    late = mention.answer_by is not None and mention.answer_by <= clock.now()
    return [*targets, duty.MANAGERS] if late else targets
