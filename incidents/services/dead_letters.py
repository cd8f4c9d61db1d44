"""What the machine gave up on, and a person wants tried again."""

from django.db import transaction

from crisis_api.access.models import ContactPoint
from crisis_api.lib import clock, nudge
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import NotAllowedNow, Refused
from incidents import timeline
from incidents.escalation.outbox import DELIVER
from incidents.models import Incident, Notification, PendingEvent, Reminder


@transaction.atomic
def send_again(notification: Notification, *, by: Actor) -> Notification:
    """Try a message that reached nobody once more, at the first contact point that is usable now.

    It is claimed like any other, so what its reminders no longer want is still not said.
    """
    about = Incident.objects.filter(reminders__covered_by__notification=notification)
    incidents = {row.pk: row for row in about}
    locked = Incident.objects.filter(pk__in=incidents).order_by("pk")
    list(locked.select_for_update(no_key=True).values_list("pk"))
    row: Notification = Notification.objects.select_for_update(no_key=True, of=("self",)).get(
        pk=notification.pk
    )
    if row.status in (Notification.Status.PENDING, Notification.Status.SENDING):
        return row
    if row.status != Notification.Status.DEAD:
        raise NotAllowedNow("Only a message that reached nobody is sent again.", allowed=[])
    now = clock.now()
    Notification.objects.filter(pk=row.pk).change(
        status=Notification.Status.PENDING,
        contact_point=_usable_point(row),
        due_at=now,
        # Not 0: that is the message which others may still join.
        attempts=1,
        fallback_at=None,
        lease_until=None,
        last_error="",
    )
    entries = [
        timeline.Entry(
            kind="notification.retried",
            team_id=row.team_id,
            subject_type="notification",
            subject_id=row.pk,
            incident_id=incident_id,
            by=by,
        )
        for incident_id in sorted(incidents) or [None]
    ]
    timeline.record_many(entries)
    nudge.hint(DELIVER, [row.pk], queue="critical" if row.critical else "normal")
    row.refresh_from_db()
    return row


def _usable_point(row: Notification) -> ContactPoint:
    point: ContactPoint | None = row.contact_point
    if point is not None and point.disabled_at is None:
        return point
    points = ContactPoint.objects.usable().filter(owner=row.owner) if row.owner else None
    chain = list(points) if points is not None else []
    mine = [point for point in chain if point.urgency == row.urgency] or chain
    if not mine:
        raise Refused("There is no contact point left to send it to.", code="no_contact_point")
    first: ContactPoint = mine[0]
    return first


@transaction.atomic
def fire_again(reminder: Reminder, *, by: Actor) -> Reminder:
    """Have the engine try a reminder once more that failed five times and was parked."""
    incident = reminder.incident
    if incident is not None:
        Incident.objects.select_for_update(no_key=True).get(pk=incident.pk)
    row: Reminder = Reminder.objects.select_for_update(no_key=True, of=("self",)).get(
        pk=reminder.pk
    )
    if row.status == Reminder.Status.PENDING:
        return row
    if row.status != Reminder.Status.PARKED:
        raise NotAllowedNow("Only a parked reminder is tried again.", allowed=[])
    Reminder.objects.filter(pk=row.pk).change(
        status=Reminder.Status.PENDING, due_at=clock.now(), attempts=0, last_error=""
    )
    timeline.record("reminder.retried", row, incident=incident, by=by, data={"kind": row.kind})
    row.refresh_from_db()
    return row


@transaction.atomic
def react_again(pending: PendingEvent, *, by: Actor) -> PendingEvent:
    """Have what follows from an event tried once more, which failed five times and was parked."""
    event = pending.event
    if event.incident_id is not None:
        Incident.objects.select_for_update(no_key=True).get(pk=event.incident_id)
    # Whoever draws the consequences deletes the row: then there is nothing left to try.
    row: PendingEvent | None = (
        PendingEvent.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk=pending.pk)
        .first()
    )
    if row is None or row.parked_at is None:
        return pending
    PendingEvent.objects.filter(pk=row.pk).update(
        parked_at=None, attempts=0, due_at=clock.now(), last_error=""
    )
    timeline.record(
        "reaction.retried", event, incident=event.incident, by=by, data={"kind": event.kind}
    )
    row.refresh_from_db()
    return row
