"""Mentions: which incident they belong to, by hand and in sets, and until when to answer."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from crisis_api.access.services import changes
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Conflict, Refused, Stale
from incidents import timeline
from incidents.escalation import reminders
from incidents.models import Incident, IncidentStatus, Mention, ReminderKind
from incidents.services import queue
from incidents.services.moves import put, root_of

_TRIES = 5


def join(row: Incident, found: Collection[Mention]) -> int:
    """Let mentions that belong to no incident join one that is held; return how many did.

    A statement or two for all of them, and one for the incident's counts. The timeline gets no line
    for it: in a storm that would be all there is to read.
    """
    negative = _join([mention.pk for mention in found if mention.is_negative], row)
    joined = negative + _join([mention.pk for mention in found if not mention.is_negative], row)
    if joined:
        put(
            row,
            mention_count=row.mention_count + joined,
            negative_count=row.negative_count + negative,
        )
    return joined


def _join(ids: Collection[UUID], row: Incident) -> int:
    if not ids:
        return 0
    joined: int = Mention.objects.filter(pk__in=ids, incident=None).change(incident=row)
    return joined


@transaction.atomic
def attach(
    mention: Mention, *, incident: Incident, by: Actor, version: int | None = None
) -> Mention:
    """Say by hand that a mention belongs to an incident, whichever it belonged to before.

    Where that one was merged, the mention goes where it went. Doing it again changes nothing.
    """
    if incident.team_id != mention.team_id:
        raise Refused("The two belong to different teams.", code="different_teams")
    for _ in range(_TRIES):
        try:
            with transaction.atomic():
                return _move(mention, root_of(incident.pk), by=by, version=version)
        except _MovedOn:
            continue
    raise Conflict("This mention is being moved elsewhere.", code="moved_elsewhere")


@transaction.atomic
def detach(mention: Mention, *, by: Actor, version: int | None = None) -> Mention:
    """Say by hand that a mention belongs to no incident; doing it again changes nothing.

    A storm that goes on does not take it back.
    """
    for _ in range(_TRIES):
        try:
            with transaction.atomic():
                return _move(mention, None, by=by, version=version)
        except _MovedOn:
            continue
    raise Conflict("This mention is being moved elsewhere.", code="moved_elsewhere")


@transaction.atomic
def change(
    mention: Mention, *, by: Actor, version: int | None = None, values: Mapping[str, Any]
) -> Mention:
    """Change until when it should be answered, or its references. What it says stays."""
    row: Mention = Mention.objects.select_for_update(no_key=True).get(pk=mention.pk)
    fields = changes.apply(row, values, by=by, version=version)
    if fields:
        queue.replace([row], now=clock.now())
        if row.kind == Mention.Kind.PRESS_ENQUIRY:
            reminders.cancel(row, kinds=[ReminderKind.PRESS_ENQUIRY])
        changes.note("mention.changed", row, teams=[row.team], by=by, fields=fields)
    return row


class _MovedOn(Exception):
    """An incident was merged, or the mention moved, before the rows could be locked."""


def _move(mention: Mention, into: UUID | None, *, by: Actor, version: int | None) -> Mention:
    """Lock the incidents in the order of their ids, then the mention, and move it."""
    out_of = Mention.objects.values_list("incident_id", flat=True).get(pk=mention.pk)
    held = {
        row.pk: row
        for row in Incident.objects.filter(pk__in=[pk for pk in (out_of, into) if pk])
        .order_by("pk")
        .select_for_update(no_key=True)
    }
    row: Mention = Mention.objects.select_for_update(no_key=True).get(pk=mention.pk)
    if row.incident_id != out_of:
        raise _MovedOn
    if into is not None and held[into].status == IncidentStatus.MERGED:
        raise _MovedOn
    if version is not None and row.version != version:
        raise Stale
    if out_of == into:
        return row
    negative = int(row.is_negative)
    Mention.objects.filter(pk=row.pk).change(incident_id=into)
    if out_of is not None:
        left = held[out_of]
        put(
            left,
            mention_count=max(left.mention_count - 1, 0),
            negative_count=max(left.negative_count - negative, 0),
        )
        data = {"into": str(into) if into else None}
        timeline.record("mention.detached", row, incident=left, by=by, data=data)
    if into is not None:
        taken = held[into]
        put(
            taken,
            mention_count=taken.mention_count + 1,
            negative_count=taken.negative_count + negative,
        )
        data = {"out_of": str(out_of) if out_of else None}
        timeline.record("mention.attached", row, incident=taken, by=by, data=data)
    row.refresh_from_db()
    queue.replace([row], now=clock.now())
    return row
