"""Mentions that somebody else looks after: injuries, at customer care. Reminded until closed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from crisis_api.access.models import Owner
from crisis_api.access.services import memberships
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Conflict, FieldError, Invalid
from crisis_api.lib.records import made_by
from incidents import timeline
from incidents.escalation import reminders
from incidents.escalation.plan import Target
from incidents.escalation.subjects import Rows, SubjectRules, register
from incidents.models import HandOff, InboxSettings, Incident, Mention, Reminder, ReminderKind
from incidents.services import duty, handling, leases

KIND: Final = ReminderKind.HAND_OFF
USUAL: Final = InboxSettings._meta.get_field("hand_off_remind_minutes").default
_TRIES: Final = 5


@transaction.atomic
def hand_off(
    mention: Mention,
    *,
    reason: str,
    to: UUID | None = None,
    desk: str = "",
    owner: Owner | None,
    by: Actor,
    version: int | None = None,
) -> HandOff:
    """Give a mention to a person of the team or to a desk, who are reminded until it is closed.

    It leaves the queue. One at a time, never in a batch: somebody is hurt.
    """
    if to is None and not desk.strip():
        detail = "Say to whom: a person of the team, or a desk."
        raise Invalid(detail, errors=[FieldError("/owner", "required", detail)])
    for _ in range(_TRIES):
        incident = _incident_of(mention)
        row = leases.hold(mention, version=version)
        if row.incident_id == (incident.pk if incident else None):
            break
    else:
        raise Conflict("This mention is being moved elsewhere.", code="moved_elsewhere")
    now = clock.decisive_now()
    handling.refuse(row, owner, now)
    person = memberships.find_members(row.team, [to])[0] if to else None
    made = HandOff.objects.create(
        team_id=row.team_id, mention=row, owner=person, desk=desk, reason=reason, **made_by(by)
    )
    handling.finish([row], outcome=Mention.Outcome.HANDED_OFF, owner=owner, by=by, now=now)
    data = {"hand_off": str(made.pk), "owner": str(person.pk) if person else None}
    timeline.record("mention.handed_off", row, incident=incident, by=by, data=data)
    _remind(made, now)
    return made


@transaction.atomic
def close(hand_off: HandOff, *, owner: Owner | None, by: Actor) -> HandOff:
    """Say that it is taken care of; nobody is reminded any more. Again changes nothing."""
    row: HandOff = HandOff.objects.select_for_update(no_key=True).get(pk=hand_off.pk)
    if row.status == HandOff.Status.CLOSED:
        return row
    now = clock.decisive_now()
    values = {"status": HandOff.Status.CLOSED, "closed_at": now, "closed_by": owner}
    HandOff.objects.filter(pk=row.pk).change(**values)
    row.refresh_from_db()
    reminders.cancel(row)
    data = {"open_seconds": int((now - row.created_at).total_seconds())}
    timeline.record("hand_off.closed", row, by=by, data=data)
    return row


def _incident_of(mention: Mention) -> Incident | None:
    """Lock the incident that a mention belongs to, which comes before the mention's own lock."""
    pk = Mention.objects.values_list("incident_id", flat=True).get(pk=mention.pk)
    rows = Incident.objects.select_for_update(no_key=True)
    return rows.get(pk=pk) if pk else None


def register_rules() -> None:
    """Tell the engine of hand-offs; called once, at start."""
    register("hand_off", SubjectRules(HandOff, wanted=_wanted, targets=_targets, act=_act))


def _remind(row: HandOff, at: datetime) -> None:
    key = f"{KIND}:{row.pk.hex}:{at.timestamp():.6f}"
    reminders.schedule(KIND, row, due_at=at, dedup_key=key, urgency="urgent")


def _wanted(rows: Rows, asked: Sequence[Reminder]) -> set[UUID]:
    return {each.pk for each in asked if rows[each.subject_id].status == HandOff.Status.OPEN}


def _targets(row: HandOff, _reminder: Reminder) -> list[Target]:
    """Return the person; for a desk outside the team, who is on duty sees to it."""
    return [Target("person", id=str(row.owner_id))] if row.owner_id else duty.on_duty(row.team_id)


def _act(row: HandOff, reminder: Reminder, now: datetime) -> bool:
    """Schedule the next reminder; somebody is always told."""
    if reminder.person_id is None:
        rows = InboxSettings.objects.filter(team_id=row.team_id)
        minutes = rows.values_list("hand_off_remind_minutes", flat=True).first()
        _remind(row, now + timedelta(minutes=USUAL if minutes is None else minutes))
    return True
