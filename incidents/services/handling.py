"""What a moderator does with a mention: it is answered, needs no answer, was hidden.

What is dealt with leaves the queue. Each of it is an event, of the team and not of an incident: in
a storm that would be all there is to read of it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from django.db import transaction

from crisis_api.access.models import Owner
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Conflict, Problem, Refused
from incidents import priority, timeline
from incidents.escalation import reminders
from incidents.models import HandOff, Mention, ReminderKind
from incidents.services import leases, queue

AT_ONCE: Final = 500
# What people say of it; the others follow from their own verbs.
BY_HAND: Final = (
    Mention.Outcome.ANSWERED,
    Mention.Outcome.NO_ANSWER_NEEDED,
    Mention.Outcome.HIDDEN,
)

Result = Literal["done", "unchanged", "error"]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one mention of several; `problem` says why nothing did."""

    mention_id: UUID
    result: Result
    problem: Problem | None = None


@transaction.atomic
def handle(
    mention: Mention, *, outcome: str, owner: Owner | None, by: Actor, version: int | None = None
) -> Mention:
    """Say what was done with a mention; nobody need look at it any more.

    The same again changes nothing. Another outcome is refused, with who said what, until it is
    reopened; so is what another person has taken.
    """
    now = clock.decisive_now()
    row = leases.hold(mention, version=version)
    if row.outcome == outcome:
        return row
    refuse(row, owner, now)
    finish([row], outcome=outcome, owner=owner, by=by, now=now)
    return row


@transaction.atomic
def reopen(mention: Mention, *, by: Actor, version: int | None = None) -> Mention:
    """Put a mention back into the queue, as if nobody had dealt with it."""
    now = clock.decisive_now()
    row = leases.hold(mention, version=version)
    if row.handled_at is None:
        return row
    if HandOff.objects.filter(mention=row, status=HandOff.Status.OPEN).exists():
        raise Conflict("Somebody else looks after it; close that first.", code="open_hand_off")
    before = row.outcome
    leases.put(row, outcome="", handled_at=None, handled_by=None)
    queue.replace([row], now=now)
    timeline.record("mention.reopened", row, by=by, data={"before": before})
    return row


@transaction.atomic
def answered(
    mention_ids: Collection[UUID], *, owner: Owner | None, by: Actor, at: datetime | None = None
) -> int:
    """Say that mentions were answered, whatever was said of them before; return how many were new.

    For replies that were sent: those are facts, whoever has taken the mention meanwhile.
    """
    now = at or clock.decisive_now()
    same = Mention.objects.filter(pk__in=mention_ids).order_by("pk")
    rows = list(same.select_for_update(no_key=True))
    fresh = [row for row in rows if row.outcome != Mention.Outcome.ANSWERED]
    finish(fresh, outcome=Mention.Outcome.ANSWERED, owner=owner, by=by, now=now)
    return len(fresh)


@transaction.atomic
def handle_all(
    mentions: Sequence[Mention], *, outcome: str, owner: Owner | None, by: Actor
) -> list[Done]:
    """Say of up to 500 mentions what was done with them, and return what became of each.

    Good ones are done whatever is wrong with others. Injuries are never dealt with in a batch.
    """
    now = clock.decisive_now()
    same = Mention.objects.filter(pk__in=[row.pk for row in mentions]).order_by("pk")
    held = same.select_for_update(no_key=True)
    results: dict[UUID, Done] = {}
    good = []
    for row in held:
        result = _result(row, outcome, owner, now)
        results[row.pk] = result
        if result.result == "done":
            good.append(row)
    finish(good, outcome=outcome, owner=owner, by=by, now=now)
    return [results[row.pk] for row in mentions]


def _result(row: Mention, outcome: str, owner: Owner | None, now: datetime) -> Done:
    if row.outcome == outcome:
        return Done(row.pk, "unchanged")
    try:
        if is_injury(row):
            raise Refused("An injury is never dealt with in a batch.", code="injury_not_in_a_batch")
        refuse(row, owner, now)
    except Problem as problem:
        return Done(row.pk, "error", problem)
    return Done(row.pk, "done")


def is_injury(row: Mention) -> bool:
    """Whether it tells of somebody being hurt."""
    return any(reason.get("code") == "injury" for reason in row.reasons if isinstance(reason, dict))


def refuse(row: Mention, owner: Owner | None, now: datetime) -> None:
    """Raise Conflict where a mention is dealt with, or another person has taken it."""
    if row.handled_at is not None:
        raise leases.already_handled(row)
    leases.refuse_anothers(row, owner, now)


def finish(
    rows: Sequence[Mention], *, outcome: str, owner: Owner | None, by: Actor, now: datetime
) -> None:
    """Write an outcome to mentions that are held, in a statement, with an event for each."""
    if not rows:
        return
    entries = [_entry(row, outcome, by, now) for row in rows]
    values: dict[str, Any] = {
        "outcome": outcome,
        "handled_at": now,
        "handled_by": owner,
        "priority": priority.NOT_WAITING,
        "ages_at": None,
        **leases.FREE,
    }
    Mention.objects.filter(pk__in=[row.pk for row in rows]).change(updated_at=now, **values)
    for row in rows:
        if row.kind == Mention.Kind.PRESS_ENQUIRY:
            reminders.cancel(row, kinds=[ReminderKind.PRESS_ENQUIRY])
        for name, value in values.items():
            setattr(row, name, value)
        row.version += 1
        row.updated_at = now
    timeline.record_many(entries)


def _entry(row: Mention, outcome: str, by: Actor, now: datetime) -> timeline.Entry:
    data: dict[str, Any] = {
        "outcome": outcome,
        "waited_seconds": max(int((now - row.written_at).total_seconds()), 0),
        "of": str(row.incident_id) if row.incident_id else None,
    }
    if row.outcome:
        data["before"] = row.outcome
    return timeline.Entry(
        kind="mention.handled",
        team_id=row.team_id,
        subject_type="mention",
        subject_id=row.pk,
        by=by,
        data=data,
        at=now,
    )
