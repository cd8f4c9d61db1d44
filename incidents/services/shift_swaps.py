"""Requests to swap a shift: asked, and accepted, declined, withdrawn, or expired.

One that is accepted becomes an override, so everything that reads a rotation knows of it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from crisis_api.access.models import Owner
from crisis_api.access.services import changes, memberships
from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM, Actor
from crisis_api.lib.errors import Conflict, FieldError, Forbidden, Refused
from crisis_api.lib.records import made_by
from crisis_api.lib.states import Edges
from incidents.escalation import coverage, on_call, reminders
from incidents.escalation import rotations as pure
from incidents.escalation.plan import Target
from incidents.escalation.subjects import Rows, SubjectRules, register
from incidents.models import Reminder, Rotation, ShiftSwap
from incidents.models.escalation import ReminderKind
from incidents.services import rotations

EDGES = Edges(
    {
        "pending": {
            "accept": "accepted",
            "decline": "declined",
            "withdraw": "withdrawn",
            "expire": "expired",
        },
        "accepted": {},
        "declined": {},
        "withdrawn": {},
        "expired": {},
    }
)
MOST_PENDING = 50
FURTHEST = timedelta(days=366)
Status = ShiftSwap.Status


@transaction.atomic
def ask(
    rotation: Rotation,
    *,
    asked_by: Owner,
    asked_of_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    expires_at: datetime | None = None,
    by: Actor,
) -> ShiftSwap:
    """Ask another person to take over a shift, or a part of it, and tell them at once.

    They are reminded half-way to `expires_at`, which is the start of the shift unless it says
    otherwise. Until somebody accepts, the shift stays whose it is.
    """
    row: Rotation = Rotation.objects.select_for_update(no_key=True).get(pk=rotation.pk)
    if row.archived_at is not None:
        raise Conflict("This rotation is archived.", code="archived")
    now = clock.decisive_now()
    expires_at = expires_at or starts_at
    _check_times(starts_at, ends_at, expires_at, now)
    (asked_of,) = memberships.find_members(row.team, [asked_of_id], pointer="/asked_of")
    if asked_of == asked_by:
        raise _refused("/asked_of", "yourself", "Ask somebody else.")
    if not _is_theirs(row, asked_by, starts_at, ends_at):
        raise _refused("/starts_at", "not_your_shift", "You are not on call through that time.")
    pending = ShiftSwap.objects.filter(rotation=row, status=Status.PENDING)
    if pending.count() >= MOST_PENDING:
        raise Conflict(f"There are {MOST_PENDING} requests already.", code="too_many")
    if pending.filter(asked_by=asked_by, asked_of=asked_of, starts_at=starts_at).exists():
        raise Conflict("This person has been asked already.", code="already_asked")
    swap = ShiftSwap.objects.create(
        team=row.team,
        rotation=row,
        asked_by=asked_by,
        asked_of=asked_of,
        starts_at=starts_at,
        ends_at=ends_at,
        expires_at=expires_at,
        **made_by(by),
    )
    _remind(swap, ReminderKind.SHIFT_SWAP_ASKED, now)
    _remind(swap, ReminderKind.SHIFT_SWAP_ASKED, now + (expires_at - now) / 2)
    _remind(swap, ReminderKind.SHIFT_SWAP_EXPIRED, expires_at)
    _note("asked", swap, by)
    return swap


@transaction.atomic
def accept(swap: ShiftSwap, *, owner: Owner | None, by: Actor) -> ShiftSwap:
    """Take the shift over: whoever was asked is on call then. The other one is told."""
    row = _held(swap)
    _only(owner, row.asked_of_id)
    if row.status == Status.ACCEPTED:
        return row
    EDGES.follow(row.status, "accept")
    memberships.find_members(row.team, [row.asked_of_id], pointer="/asked_of")
    if not _is_theirs(row.rotation, row.asked_by, row.starts_at, row.ends_at):
        raise Conflict("The shift is not theirs any more.", code="not_their_shift")
    override = rotations.add_override(
        row.rotation,
        owner_id=row.asked_of_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        by=by,
    )
    return _end(row, "accept", by, override=override)


@transaction.atomic
def decline(swap: ShiftSwap, *, owner: Owner | None, by: Actor) -> ShiftSwap:
    """Leave the shift whose it is. The other one is told."""
    row = _held(swap)
    _only(owner, row.asked_of_id)
    return row if row.status == Status.DECLINED else _end(row, "decline", by)


@transaction.atomic
def withdraw(swap: ShiftSwap, *, by: Actor) -> ShiftSwap:
    """Take the request back; nobody is reminded of it any more."""
    row = _held(swap)
    return row if row.status == Status.WITHDRAWN else _end(row, "withdraw", by)


def register_rules() -> None:
    """Tell the engine of swaps; called once, at start."""
    register("shift_swap", SubjectRules(ShiftSwap, wanted=_wanted, targets=_targets, act=_act))


def _wanted(rows: Rows, asked: Sequence[Reminder]) -> set[UUID]:
    """What is asked while it is pending; what came of it while that is how it stands."""
    wanted_in: dict[str, set[str]] = {
        ReminderKind.SHIFT_SWAP_ASKED: {Status.PENDING},
        ReminderKind.SHIFT_SWAP_ANSWERED: {Status.ACCEPTED, Status.DECLINED},
        ReminderKind.SHIFT_SWAP_EXPIRED: {Status.PENDING, Status.EXPIRED},
    }
    return {each.pk for each in asked if rows[each.subject_id].status in wanted_in[each.kind]}


def _targets(swap: ShiftSwap, reminder: Reminder) -> list[Target]:
    asked = reminder.kind == ReminderKind.SHIFT_SWAP_ASKED
    return [Target("person", id=str(swap.asked_of_id if asked else swap.asked_by_id))]


def _act(swap: ShiftSwap, reminder: Reminder, now: datetime) -> bool:
    """Let a request expire that nobody has answered; whoever asked is told."""
    if reminder.kind == ReminderKind.SHIFT_SWAP_EXPIRED and swap.status == Status.PENDING:
        swap.status = EDGES.follow(swap.status, "expire")
        ShiftSwap.objects.filter(pk=swap.pk).change(status=swap.status, ended_at=now)
        _note("expired", swap, SYSTEM)
    return True


def _check_times(
    starts_at: datetime, ends_at: datetime, expires_at: datetime, now: datetime
) -> None:
    if ends_at <= starts_at:
        raise _refused("/ends_at", "ends_before_it_starts", "It must end after it starts.")
    if starts_at <= now:
        raise _refused("/starts_at", "already_started", "It must be ahead.")
    if ends_at > now + FURTHEST:
        raise _refused("/ends_at", "too_far_ahead", "At most 366 days ahead.")
    if not now < expires_at <= starts_at:
        detail = "It must be ahead, and not after the shift begins."
        raise _refused("/expires_at", "bad_expiry", detail)


def _is_theirs(rotation: Rotation, owner: Owner, start: datetime, end: datetime) -> bool:
    """Whether the person is on call through all of that time."""
    schedule = on_call.schedule_of(rotation, start)
    found = pure.shifts(schedule.shape, schedule.overrides, start, end)
    mine = [(shift.start, shift.end) for shift in found if shift.person == str(owner.pk)]
    return not coverage.gaps(mine, start, end)


def _held(swap: ShiftSwap) -> ShiftSwap:
    # With what it is about: a swap is locked before the rotation, as every subject is.
    rows = ShiftSwap.objects.select_related("team", "rotation", "asked_by", "asked_of")
    row: ShiftSwap = rows.select_for_update(of=("self",), no_key=True).get(pk=swap.pk)
    return row


def _only(owner: Owner | None, person_id: UUID) -> None:
    if owner is None or owner.pk != person_id:
        raise Forbidden("Only the person who is asked answers.", code="not_asked")


def _end(row: ShiftSwap, verb: str, by: Actor, **values: Any) -> ShiftSwap:
    after, now = EDGES.follow(row.status, verb), clock.decisive_now()
    ShiftSwap.objects.filter(pk=row.pk).change(status=after, ended_at=now, **values)
    row.refresh_from_db()
    reminders.cancel(row)
    if after in (Status.ACCEPTED, Status.DECLINED):
        _remind(row, ReminderKind.SHIFT_SWAP_ANSWERED, now)
    _note(after, row, by)
    return row


def _remind(swap: ShiftSwap, kind: ReminderKind, at: datetime) -> None:
    key = f"{kind}:{swap.pk.hex}:{at.timestamp():.6f}"
    reminders.schedule(kind, swap, due_at=at, dedup_key=key)


def _refused(pointer: str, code: str, detail: str) -> Refused:
    return Refused(detail, code=code, errors=[FieldError(pointer, code, detail)])


def _note(what: str, swap: ShiftSwap, by: Actor) -> None:
    changes.note(
        f"shift_swap.{what}",
        swap,
        teams=[swap.team],
        by=by,
        rotation=str(swap.rotation_id),
        asked_by=str(swap.asked_by_id),
        asked_of=str(swap.asked_of_id),
    )
