"""What a notification says, put together from the rows it covers at the moment of sending."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from incidents.escalation import links, subjects, wording
from incidents.escalation.claims import Claim
from incidents.models import Incident, Reminder, Severity

# Less than this late is on time, for a person who reads it.
PUNCTUAL = timedelta(minutes=1)
# What the minutes of a reminder count to or from, where it isn't when its subject is due.
_COUNTED_FROM = {
    "approval_needed": "submitted_at",
    "promised_update": "next_update_at",
    "press_enquiry": "answer_by",
}


def compose(claimed: Claim) -> wording.Message:
    """Return the message in its person's language, or in English for a webhook of the team."""
    rows = claimed.rows
    incidents = _incidents(claimed.reminders, rows)
    owner = claimed.notification.owner
    answers = owner.pk if owner and claimed.may_acknowledge else None
    items = [
        item
        for reminder in claimed.reminders
        for item in _counted(reminder, rows)
        or [_item(reminder, incidents.get(reminder.incident_id), rows, answers, claimed.at)]
    ]
    return wording.compose(items, language=owner.language if owner else "en")


def _counted(reminder: Reminder, rows: Mapping[str, Mapping[UUID, Any]]) -> list[wording.Item]:
    """What a reminder of several things counts; nothing where it is of one."""
    says = subjects.rules_of(reminder.subject_type).says
    subject = rows.get(reminder.subject_type, {}).get(reminder.subject_id)
    if says is None or subject is None:
        return []
    return [wording.Item(said.kind, count=said.count, link=said.link) for said in says(subject)]


def _incidents(
    reminders: Sequence[Reminder], rows: Mapping[str, Mapping[UUID, Any]]
) -> dict[UUID | None, Incident]:
    """The incidents that the reminders are about; those that are no subject are read here."""
    known: dict[UUID | None, Incident] = {}
    known.update(rows.get("incident", {}).items())
    missing = {r.incident_id for r in reminders if r.incident_id and r.incident_id not in known}
    known |= Incident.objects.in_bulk([pk for pk in missing if pk])
    return known


def _item(
    reminder: Reminder,
    incident: Incident | None,
    rows: Mapping[str, Mapping[UUID, Any]],
    answers: UUID | None,
    now: datetime,
) -> wording.Item:
    """`answers` is the person who may acknowledge from the message, if there is one."""
    late = now - reminder.planned_at
    subject = rows.get(reminder.subject_type, {}).get(reminder.subject_id)
    return wording.Item(
        kind=reminder.kind,
        subject_kind=getattr(subject, "kind", "") if reminder.subject_type == "follow_up" else "",
        reference=incident.reference if incident else "",
        incident_id=str(incident.pk) if incident else "",
        severity=Severity(incident.severity).word if incident else "",
        mode="drill" if incident and incident.mode == "drill" else "standard",
        open_minutes=_minutes(now - incident.opened_at) if incident else None,
        due_minutes=_due_minutes(reminder.kind, subject, now),
        late_minutes=_minutes(late) if late >= PUNCTUAL else 0,
        round=reminder.round,
        step=reminder.step,
        alarm_code=_alarm_code(reminder),
        link=_link(reminder, incident),
        acknowledge_link=(
            links.acknowledge_link(answers, incident.pk, now)
            if answers
            and reminder.subject_type == "incident"
            and incident
            and incident.status == "open"
            else ""
        ),
    )


def _link(reminder: Reminder, incident: Incident | None) -> str:
    """Where the person should look: at the text to approve, say; of an alarm, at its incident."""
    if incident is not None and reminder.subject_type in ("incident", "team"):
        return links.incident_link(incident.pk)
    return links.subject_link(reminder.subject_type, reminder.subject_id)


def _minutes(passed: timedelta) -> int:
    return int(passed.total_seconds() // 60)


def _due_minutes(kind: str, subject: Any, now: datetime) -> int | None:
    """Minutes until what the subject has due, below zero after it.

    The nearest ones: sent a moment after the due time, it must not say that a minute has passed.
    """
    due = getattr(subject, _COUNTED_FROM.get(kind, "due_at"), None)
    return None if due is None else round((due - now) / timedelta(minutes=1))


def _alarm_code(reminder: Reminder) -> str:
    """The code of an alarm, which its key carries: `alarm:<code>:…`."""
    parts = reminder.dedup_key.split(":")
    return parts[1] if reminder.kind == "alarm" and len(parts) > 1 else ""
