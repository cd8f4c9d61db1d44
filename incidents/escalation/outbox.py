"""Writing notifications: who is told of which reminders, through which contact point first.

A critical escalation makes one message per person and incident, at once. Everything else joins the
one message that waits for the person, so that nobody gets more than one a minute.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Max

from crisis_api.access.models import ContactPoint, Owner
from crisis_api.lib import nudge
from incidents.models import Notification, NotificationReminder, Reminder

DELIVER = "incidents.deliver_notifications"
ONE_MESSAGE_A = timedelta(minutes=1)

Waiting = tuple[UUID, UUID, str]


@dataclass(slots=True)
class Message:
    """What one person, or one webhook of a team, is to be told."""

    team_id: UUID
    point: ContactPoint
    owner: Owner | None
    urgency: str
    critical: bool
    reminders: list[Reminder] = field(default_factory=list)

    @property
    def incident_id(self) -> UUID | None:
        """The one incident it is about; None where it is about several or none."""
        ids = {reminder.incident_id for reminder in self.reminders}
        return ids.pop() if len(ids) == 1 else None

    @property
    def planned_at(self) -> datetime:
        """When the earliest of what it tells of was planned."""
        return min(reminder.planned_at for reminder in self.reminders)


def louder(one: ContactPoint, other: ContactPoint) -> ContactPoint:
    """Return which of two points one message goes to: the one that is for what is graver."""
    return other if other.from_severity > one.from_severity else one


def write(messages: Sequence[Message], now: datetime) -> list[UUID]:
    """Write the messages in a few statements and return the ids of those that are due now."""
    alone = [m for m in messages if m.critical or m.owner is None]
    bundled = [m for m in messages if not (m.critical or m.owner is None)]
    written = _write_alone(alone, now) + _write_bundled(bundled, now)
    for critical, queue in ((True, "critical"), (False, "normal")):
        due = [n.pk for n in written if n.critical is critical and n.due_at <= now]
        if due:
            nudge.hint(DELIVER, due, queue=queue)
    return [n.pk for n in written if n.due_at <= now]


def _row(message: Message, due_at: datetime, dedup_key: str) -> Notification:
    return Notification(
        team_id=message.team_id,
        owner=message.owner,
        contact_point=message.point,
        incident_id=message.incident_id,
        urgency=message.urgency,
        critical=message.critical,
        planned_at=message.planned_at,
        due_at=due_at,
        dedup_key=dedup_key,
    )


def _write_alone(messages: Sequence[Message], now: datetime) -> list[Notification]:
    rows = [
        _row(message, now, f"one:{message.reminders[0].pk.hex}:{message.point.pk.hex}")
        for message in messages
    ]
    Notification.objects.bulk_create(rows)
    _cover(zip(rows, messages, strict=True))
    return rows


def _write_bundled(messages: Sequence[Message], now: datetime) -> list[Notification]:
    """Join the message that waits for each person, or write one that waits its minute."""
    left = {(m.team_id, m.owner.pk, m.urgency): m for m in messages if m.owner}
    done: list[Notification] = []
    # Another engine may claim the waiting message between the insert and the lock: then write anew.
    for _ in range(5):
        if not left:
            return done
        waiting, older = _waiting(list(left.values()), now)
        joined = [(row, left.pop(key)) for key, row in waiting.items()]
        _cover(joined)
        _widen(joined)
        _turn_louder(joined)
        # A sender that read what it covers a moment ago must read again.
        Notification.objects.filter(pk__in=older).change()
        done += [row for row, _ in joined]
    raise RuntimeError("the waiting messages were taken five times over")


def _waiting(
    messages: Sequence[Message], now: datetime
) -> tuple[dict[Waiting, Notification], list[UUID]]:
    """Return, locked, the message that waits for each person, written where there was none.

    Also returns the ids of those that waited already.
    """
    people = [m.owner.pk for m in messages if m.owner]
    last = dict(
        Notification.objects.filter(owner_id__in=people, sending_at__gt=now - ONE_MESSAGE_A)
        .values_list("owner_id")
        .annotate(Max("sending_at"))
        .order_by()
    )
    rows = []
    for message in messages:
        previous = last.get(message.owner.pk if message.owner else None)
        due_at = max(now, previous + ONE_MESSAGE_A) if previous else now
        first = message.reminders[0]
        rows.append(_row(message, due_at, f"many:{first.pk.hex}:{message.point.pk.hex}"))
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    found = (
        Notification.objects.filter(
            owner_id__in=people, status="pending", critical=False, attempts=0, chain_position=0
        )
        .order_by("pk")
        .select_for_update(no_key=True)
    )
    wanted = {(m.team_id, m.owner.pk, m.urgency) for m in messages if m.owner}
    keyed = {(row.team_id, row.owner_id, row.urgency): row for row in found}
    mine = {key: row for key, row in keyed.items() if key in wanted}
    fresh = {row.pk for row in rows}
    return mine, [row.pk for row in mine.values() if row.pk not in fresh]


def _widen(joined: Sequence[tuple[Notification, Message]]) -> None:
    """A message that now tells of several incidents names none of them."""
    several = [row.pk for row, message in joined if row.incident_id != message.incident_id]
    if several:
        Notification.objects.filter(pk__in=several).update(incident=None)


def _turn_louder(joined: Sequence[tuple[Notification, Message]]) -> None:
    """Let a message that now tells of something graver go where that is wanted."""
    elsewhere = [(row, m) for row, m in joined if row.contact_point_id != m.point.pk]
    points = ContactPoint.objects.in_bulk([row.contact_point_id for row, _ in elsewhere])
    for row, message in elsewhere:
        now = points.get(row.contact_point_id)
        if now is None or louder(now, message.point) is message.point:
            Notification.objects.filter(pk=row.pk).update(contact_point=message.point)


def _cover(pairs: Iterable[tuple[Notification, Message]]) -> None:
    NotificationReminder.objects.bulk_create(
        [
            NotificationReminder(notification_id=row.pk, reminder_id=reminder.pk)
            for row, message in pairs
            for reminder in message.reminders
        ],
        ignore_conflicts=True,
    )


def next_in_chain(notification: Any, point: ContactPoint, now: datetime) -> Notification:
    """Write the same message again for the person's next contact point; once per place."""
    row, created = Notification.objects.get_or_create(
        dedup_key=f"next:{notification.pk.hex}",
        defaults={
            "team_id": notification.team_id,
            "owner_id": notification.owner_id,
            "contact_point": point,
            "incident_id": notification.incident_id,
            "urgency": notification.urgency,
            "critical": notification.critical,
            "chain_position": notification.chain_position + 1,
            "planned_at": notification.planned_at,
            "due_at": now,
        },
    )
    if created:
        covered = NotificationReminder.objects.filter(notification_id=notification.pk)
        NotificationReminder.objects.bulk_create(
            [
                NotificationReminder(notification_id=row.pk, reminder_id=reminder_id)
                for reminder_id in covered.values_list("reminder_id", flat=True)
            ]
        )
        nudge.hint(DELIVER, [row.pk], queue="critical" if row.critical else "normal")
    return row
