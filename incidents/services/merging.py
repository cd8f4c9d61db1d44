"""Two incidents become one, or one becomes two; nothing is lost."""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Min, Q

from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Conflict, FieldError, Invalid, NotAllowedNow, Refused, Stale
from incidents import timeline
from incidents.escalation import reminders, runs
from incidents.models import UNRESOLVED, Incident, IncidentStatus, Mention, Severity
from incidents.models.mention import MentionQuerySet
from incidents.services import lifecycle, relations
from incidents.services import severity as severities
from incidents.services.assignment import take_over
from incidents.services.beginning import Opening, begin
from incidents.services.moves import EDGES, check_guards, hold, hold_both, put, root_of

_TRIES = 5
MOST_MENTIONS = 5_000


@transaction.atomic
def merge(source: Incident, *, into: Incident, by: Actor, version: int | None = None) -> Incident:
    """Let the source go into another incident for good, and return the source.

    Its mentions and signals move; the target takes the higher severity and, where it has no owner,
    the source's. A graver source that was open opens its target again. Notes, relations and the
    timeline stay with the source and can be read; what comes later for it goes to the target.
    Where `into` was merged itself, the source goes where that went.
    """
    for _ in range(_TRIES):
        target_id = root_of(into.pk)
        if target_id == source.pk:
            raise Refused("The two are one incident already.", code="same_incident")
        try:
            # Left by an exception, the savepoint gives the locks back, and they are taken anew in
            # the right order.
            with transaction.atomic():
                rows = hold_both(source.pk, target_id)
                row, target = rows[source.pk], rows[target_id]
                if target.status == IncidentStatus.MERGED:
                    raise _MovedOn
                return _merge(row, target, by=by, version=version)
        except _MovedOn:
            continue
    raise Conflict("The other incident is being merged itself.", code="merged_elsewhere")


class _MovedOn(Exception):
    """The target was merged before it could be locked."""


def _merge(row: Incident, target: Incident, *, by: Actor, version: int | None) -> Incident:
    if version is not None and row.version != version:
        raise Stale
    if row.status == IncidentStatus.MERGED:
        if root_of(row.pk) == target.pk:
            return row
        raise NotAllowedNow("This incident was merged into another one.", allowed=[])
    if row.team_id != target.team_id:
        raise Refused("The two incidents belong to different teams.", code="different_teams")
    if row.mode != target.mode:
        raise Refused("A drill and a real incident stay apart.", code="different_modes")
    check_guards("merge", row)
    if target.status == IncidentStatus.CLOSED:
        # Whatever keeps it from being closed would be closed with the other one.
        check_guards("close", row)
    was_open = row.status == IncidentStatus.OPEN
    owner = row.owner
    # First, so that a key which both have is free for a target that opens again.
    moved, negative = _move(Mention.objects.filter(incident=row), target)
    put(
        row,
        status=EDGES.follow(row.status, "merge"),
        merged_into=target,
        acknowledged_until=None,
        snoozed_until=None,
        generation=row.generation + 1,
        mention_count=max(row.mention_count - moved, 0),
        negative_count=max(row.negative_count - negative, 0),
    )
    _record_merge(row, target, moved, by=by)
    runs.stop(row, by=by, reason="merged")
    reminders.cancel(row)
    _take_in(row, target, moved, negative, by=by)
    opens_again = was_open and row.severity > target.severity
    goes_on = target.status in UNRESOLVED or opens_again
    if target.owner_id is None and owner is not None and goes_on:
        take_over(target, owner, by=by)
    if row.severity > target.severity:
        _become_graver(row, target, was_open, by=by)
    return row


def _move(mentions: MentionQuerySet, target: Incident) -> tuple[int, int]:
    """Give the mentions to the target; return how many there were, and how many negative ones."""
    counted = mentions.aggregate(all=Count("pk"), negative=Count("pk", Q(is_negative=True)))
    if counted["all"]:
        mentions.change(incident=target)
    return counted["all"], counted["negative"]


def _take_in(row: Incident, target: Incident, moved: int, negative: int, *, by: Actor) -> None:
    put(
        target,
        signal_count=target.signal_count + row.signal_count,
        mention_count=target.mention_count + moved,
        negative_count=target.negative_count + negative,
    )


def _become_graver(row: Incident, target: Incident, was_open: bool, *, by: Actor) -> None:
    """The target takes the source's severity, and opens again where the source was open."""
    now = clock.decisive_now()
    if target.status in UNRESOLVED:
        severities.change(target, row.severity, at=now, by=by)
        severities.start_policy(target, at=now, by=by, reason="severity_changed")
        return
    data = {"from": Severity(target.severity).word, "to": Severity(row.severity).word}
    put(target, severity=row.severity)
    timeline.record("incident.severity_changed", target, by=by, data=data)
    if was_open:
        lifecycle.start_over(target, at=now, by=by, reason="merged")


def _record_merge(row: Incident, target: Incident, moved: int, *, by: Actor) -> None:
    data = {"source": str(row.pk), "into": str(target.pk), "mentions": moved}
    timeline.record_many(
        [
            timeline.Entry(
                kind="incident.merged",
                team_id=row.team_id,
                subject_type="incident",
                subject_id=row.pk,
                incident_id=incident.pk,
                by=by,
                data=data,
            )
            for incident in (row, target)
        ]
    )


@transaction.atomic
def split(
    incident: Incident,
    *,
    mention_ids: Collection[UUID],
    title: str,
    category: str,
    severity: int,
    by: Actor,
    version: int | None = None,
) -> Incident:
    """Make a second incident of some of the mentions, related to the first, and return it."""
    wanted = set(mention_ids)
    if not 0 < len(wanted) <= MOST_MENTIONS:
        detail = f"Name 1 to {MOST_MENTIONS} mentions."
        raise Invalid(detail, errors=[FieldError("/mention_ids", "out_of_range", detail)])
    row = hold(incident, version=version)
    EDGES.follow(row.status, "split")
    check_guards("split", row)
    mentions = Mention.objects.filter(incident=row, pk__in=wanted)
    found = mentions.aggregate(all=Count("pk"), since=Min("received_at"))
    if found["all"] != len(wanted):
        raise Refused("Some of these are no mentions of this incident.", code="not_its_mentions")
    opening = Opening(
        team=row.team,
        category=category,
        severity=severity,
        title=title,
        mode=row.mode,
        account=row.account,
        detected_at=found["since"],
        told={"split_from": str(row.pk)},
    )
    (fresh,) = begin([opening], by=by)
    moved, negative = _move(mentions, fresh)
    put(fresh, mention_count=moved, negative_count=negative)
    put(
        row,
        mention_count=max(row.mention_count - moved, 0),
        negative_count=max(row.negative_count - negative, 0),
    )
    data = {"into": str(fresh.pk), "mentions": moved}
    timeline.record("incident.split", row, by=by, data=data)
    relations.relate(row, fresh, by=by)
    return fresh
