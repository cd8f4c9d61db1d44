"""Whom a statement has reminded: approvers while it waits for them, and the promise of an update.

Approvers are told at once and twice more, then the managers. Nobody is asked who may not approve
because the words are their own.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef

from crisis_api.access.models import Membership, Role
from crisis_api.access.permissions import permission
from incidents.escalation import reminders
from incidents.escalation.plan import Target
from incidents.escalation.subjects import Rows, SubjectRules
from incidents.models import Incident, Reminder, Severity
from incidents.models.escalation import ReminderKind
from incidents.services.moves import root_of
from responses.models import Statement
from responses.services.statements import authors_of

APPROVERS_AFTER = (timedelta(0), timedelta(minutes=15), timedelta(minutes=60))
MANAGERS_AFTER = timedelta(minutes=75)
# A text must still be written and approved before it can be published on time.
PROMISE_BEFORE = timedelta(minutes=15)

_FOR_MANAGERS = "managers"


def ask_for_approval(row: Statement, *, now: datetime) -> None:
    """Lay out the reminders of a review that begins now, under the statement's lock."""
    urgency = "urgent" if row.incident.severity >= Severity.HIGH else "normal"
    for number, after in enumerate((*APPROVERS_AFTER, MANAGERS_AFTER), start=1):
        last = after == MANAGERS_AFTER
        reminders.schedule(
            ReminderKind.APPROVAL_NEEDED,
            row,
            due_at=now + after,
            dedup_key=_key(row, _FOR_MANAGERS if last else str(number)),
            urgency="urgent" if last else urgency,
            generation=row.review_round,
        )


def remind_of_promise(row: Statement, *, now: datetime) -> None:
    """Lay out the reminders of the update that a statement published now promises."""
    if row.next_update_at is None:
        return
    for name, at in (("soon", row.next_update_at - PROMISE_BEFORE), ("due", row.next_update_at)):
        if at > now:
            reminders.schedule(
                ReminderKind.PROMISED_UPDATE,
                row,
                due_at=at,
                dedup_key=f"{ReminderKind.PROMISED_UPDATE}:{row.pk.hex}:{name}",
                urgency="urgent",
            )


def _key(row: Statement, name: str) -> str:
    return f"{ReminderKind.APPROVAL_NEEDED}:{row.pk.hex}:{row.review_round}:{name}"


def family_of(incident_id: UUID) -> set[UUID]:
    """Return the incident and all that were merged into it, on however many ways."""
    found: set[UUID] = set()
    fresh = {incident_id}
    while fresh:
        found |= fresh
        merged = Incident.objects.filter(merged_into__in=fresh).values_list("pk", flat=True)
        fresh = set(merged) - found
    return found


def wanted(rows: Rows, due: Sequence[Reminder]) -> set[UUID]:
    """Return those of a review that still runs, and of promises that nobody has kept yet."""
    promising = {
        reminder.subject_id for reminder in due if reminder.kind == ReminderKind.PROMISED_UPDATE
    }
    unkept = _unkept(promising)
    still: set[UUID] = set()
    for reminder in due:
        row: Statement = rows[reminder.subject_id]
        if reminder.kind == ReminderKind.PROMISED_UPDATE:
            if row.pk in unkept:
                still.add(reminder.pk)
        elif row.status == "in_review" and row.review_round == reminder.generation:
            still.add(reminder.pk)
    return still


def _unkept(ids: Iterable[UUID]) -> set[UUID]:
    later = Statement.objects.filter(
        incident=OuterRef("incident"), published_at__gt=OuterRef("published_at")
    )
    promises = Statement.objects.filter(~Exists(later), pk__in=ids, status="published")
    return set(promises.values_list("pk", flat=True))


def targets(row: Statement, reminder: Reminder) -> list[Target]:
    """Return who is meant now: who may approve, or who answers for the promised update."""
    if reminder.kind == ReminderKind.PROMISED_UPDATE:
        responsible = _responsible_for(row)
        if responsible is not None:
            return [Target("person", id=str(responsible))]
        return [Target("role", role=Role.MANAGER)]
    if reminder.dedup_key == _key(row, _FOR_MANAGERS):
        return _people(row, [Role.MANAGER]) or [Target("role", role=Role.MANAGER)]
    return (
        _people(row, permission("statements.approve").roles - {Role.MANAGER})
        or _people(row, [Role.MANAGER])
        # Nobody but the authors is left: their managers must hear that this cannot go on.
        or [Target("role", role=Role.MANAGER)]
    )


def _responsible_for(row: Statement) -> UUID | None:
    """Who owns the incident now; of a merged one, who owns the one it went into."""
    if row.incident.merged_into_id is None:
        return row.incident.owner_id
    return Incident.objects.get(pk=root_of(row.incident_id)).owner_id


def _people(row: Statement, roles: Iterable[str]) -> list[Target]:
    members = Membership.objects.filter(
        team_id=row.team_id, role__in=list(roles), owner__deactivated_at=None
    ).exclude(owner_id__in=authors_of(row))
    ids = members.order_by("owner_id").values_list("owner_id", flat=True)
    return [Target("person", id=str(owner_id)) for owner_id in ids]


RULES = SubjectRules(model=Statement, wanted=wanted, targets=targets)
