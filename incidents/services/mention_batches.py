"""Many mentions put into an incident, or taken out of theirs, with a handful of statements."""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db import transaction

from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Conflict, Refused
from incidents import timeline
from incidents.models import Incident, IncidentStatus, Mention
from incidents.services import queue
from incidents.services.handling import Done
from incidents.services.moves import put, root_of

_TRIES = 5


@transaction.atomic
def attach_all(mentions: Sequence[Mention], *, incident: Incident, by: Actor) -> list[Done]:
    """Say of up to 500 mentions that they belong to an incident; return what became of each.

    An incident gets one line on its timeline, however many come or go.
    """
    return _move_all(mentions, incident, by=by)


@transaction.atomic
def detach_all(mentions: Sequence[Mention], *, by: Actor) -> list[Done]:
    """Say of up to 500 mentions that they belong to no incident; a storm takes none back."""
    return _move_all(mentions, None, by=by)


class _MovedOn(Exception):
    """An incident was merged, or a mention moved, before the rows could be locked."""


def _move_all(mentions: Sequence[Mention], incident: Incident | None, *, by: Actor) -> list[Done]:
    for _ in range(_TRIES):
        into = root_of(incident.pk) if incident else None
        try:
            with transaction.atomic():
                done = _move(mentions, incident, into, by=by)
        except _MovedOn:
            continue
        return [done[row.pk] for row in mentions]
    raise Conflict("These mentions are being moved elsewhere.", code="moved_elsewhere")


def _move(
    mentions: Sequence[Mention], incident: Incident | None, into: UUID | None, *, by: Actor
) -> dict[UUID, Done]:
    """Lock the incidents in the order of their ids, then the mentions, and move them."""
    same = Mention.objects.filter(pk__in=[row.pk for row in mentions]).order_by("pk")
    before = dict(same.values_list("pk", "incident_id"))
    ids = {pk for pk in (*before.values(), into) if pk}
    incidents = Incident.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
    held = {row.pk: row for row in incidents}
    if into is not None and held[into].status == IncidentStatus.MERGED:
        raise _MovedOn
    rows = list(same.select_for_update(no_key=True))
    if {row.pk: row.incident_id for row in rows} != before:
        raise _MovedOn
    results = {row.pk: _result(row, incident, into) for row in rows}
    moving = [row for row in rows if results[row.pk].result == "done"]
    if moving:
        Mention.objects.filter(pk__in=[row.pk for row in moving]).change(incident_id=into)
        _recount(moving, held, into, by=by)
        moved = list(same.filter(pk__in=[row.pk for row in moving]))
        queue.replace(moved, now=clock.now())
    return results


def _result(row: Mention, incident: Incident | None, into: UUID | None) -> Done:
    if incident is not None and incident.team_id != row.team_id:
        refusal = Refused("The two belong to different teams.", code="different_teams")
        return Done(row.pk, "error", refusal)
    return Done(row.pk, "unchanged" if row.incident_id == into else "done")


def _recount(
    moving: Sequence[Mention], held: Mapping[UUID, Incident], into: UUID | None, *, by: Actor
) -> None:
    gone = Counter(row.incident_id for row in moving if row.incident_id)
    gone_negative = Counter(row.incident_id for row in moving if row.is_negative)
    for pk, number in sorted(gone.items()):
        left = held[pk]
        put(
            left,
            mention_count=max(left.mention_count - number, 0),
            negative_count=max(left.negative_count - gone_negative[pk], 0),
        )
        data = {"mentions": number, "into": str(into) if into else None}
        timeline.record("incident.mentions_detached", left, by=by, data=data)
    if into is not None:
        taken = held[into]
        put(
            taken,
            mention_count=taken.mention_count + len(moving),
            negative_count=taken.negative_count + sum(row.is_negative for row in moving),
        )
        data = {"mentions": len(moving)}
        timeline.record("incident.mentions_attached", taken, by=by, data=data)
