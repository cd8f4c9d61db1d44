"""What the auditor does about what it finds: under the lock, told of, and never without anybody."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from crisis_api.lib.actors import SYSTEM
from incidents.escalation import alarms, runs
from incidents.escalation.plan import Plan, Step
from incidents.models import Escalation, Incident, Reminder

ONE_ALARM_IN = timedelta(hours=1)
# A stored plan that cannot be read, and no policy: somebody must hear of it all the same.
LAST_RESORT = Plan(
    policy_id=None,
    policy_name="",
    steps=(Step(1, timedelta(0), (alarms.MANAGERS,), "urgent"),),
    rounds=20,
    round_pause=timedelta(minutes=10),
)


def alarm(code: str, subject: Any, now: datetime) -> None:
    """Tell the managers by the usual way too, once an hour for each subject."""
    about = f"alarm:{code}:{subject.pk.hex}:"
    same = Reminder.objects.filter(subject_id=subject.team_id, dedup_key__startswith=about)
    if not same.filter(planned_at__gt=now - ONE_ALARM_IN).exists():
        incident = subject if isinstance(subject, Incident) else subject.incident
        alarms.raise_alarm(code, subject, incident=incident)


def under_its_lock(
    find: Callable[[QuerySet[Incident], datetime], Iterable[UUID]],
) -> Callable[[Callable[[Incident, datetime], None]], Callable[[UUID, datetime], bool]]:
    """Have an incident driven under its lock, if it still looks overlooked there."""

    def decorate(drive: Callable[[Incident, datetime], None]) -> Callable[[UUID, datetime], bool]:
        @wraps(drive)
        @transaction.atomic
        def locked(pk: UUID, now: datetime) -> bool:
            rows = Incident.objects.filter(pk=pk)
            row = rows.select_for_update(no_key=True).first()
            if row is None or pk not in set(find(rows, now)):
                return False
            drive(row, now)
            alarm("overlooked", row, now)
            return True

        return locked

    return decorate


def last_resort(row: Incident, now: datetime) -> None:
    """The stored plan cannot be read: the policy as it is now, or the managers."""
    if row.policy is not None:
        runs.start(row, policy=row.policy, at=now, by=SYSTEM)
    elif Escalation.objects.filter(incident=row).exists():
        runs.start_plan(row, LAST_RESORT, at=now)
