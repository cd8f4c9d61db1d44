"""Follow-up actions and public promises (commitments): who does what by when, and the proof of it.

Whoever owns one is reminded before it is due and when it is due; who ignores it for a day has the
team's managers told, every day until it is done.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypedDict, Unpack
from uuid import UUID

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from crisis_api.access import refs
from crisis_api.access.models import Membership, Owner, Team
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Conflict, FieldError, Invalid, Problem, Refused, Stale
from crisis_api.lib.records import made_by
from crisis_api.lib.states import Edges
from incidents import timeline
from incidents.escalation import reminders
from incidents.models import Incident
from incidents.services.moves import root_of
from responses.models import FollowUp, Statement
from responses.services import follow_up_reminders

EDGES = Edges(
    {
        "open": {
            "start": "in_progress",
            "complete": "done",
            "cancel": "cancelled",
            "change": "open",
        },
        "in_progress": {"complete": "done", "cancel": "cancelled", "change": "in_progress"},
        "done": {},
        "cancelled": {},
    }
)
FURTHEST = timedelta(days=5 * 366)
ONE_DAY = timedelta(days=1)


class Changes(TypedDict, total=False):
    """What of a follow-up may be changed while it is unfinished."""

    title: str
    description: str
    owner: Owner
    due_at: datetime
    remind_before: timedelta
    external_refs: Sequence[Mapping[str, Any]]


@transaction.atomic
def create(
    *,
    team: Team,
    title: str,
    owner: Owner,
    due_at: datetime,
    by: Actor,
    kind: str = FollowUp.Kind.ACTION,
    incident: Incident | None = None,
    statement: Statement | None = None,
    description: str = "",
    remind_before: timedelta = ONE_DAY,
    external_refs: Sequence[Mapping[str, Any]] = (),
) -> FollowUp:
    """Write down what somebody will do until when; the owner is reminded from then on.

    A commitment made in a statement belongs to that statement's incident. Raises Invalid for a due
    date in the past or too far ahead, Refused for an owner outside the team.
    """
    if statement is not None and incident is None:
        incident = statement.incident
    _check(team=team, owner=owner, due_at=due_at, incident=incident, statement=statement)
    if incident is not None:
        # Closing asks, under this lock, whether any promise is still open.
        Incident.objects.select_for_update(no_key=True).get(pk=incident.pk)
    follow_up = FollowUp.objects.create(
        team=team,
        incident=incident,
        statement=statement,
        kind=kind,
        title=title,
        description=description,
        owner=owner,
        due_at=due_at,
        remind_before_seconds=_seconds(remind_before),
        **made_by(by),
    )
    refs.replace(follow_up, external_refs, by=by)
    follow_up_reminders.lay_out(follow_up, now=clock.decisive_now())
    _tell("created", follow_up, by, kind=kind, due_at=due_at.isoformat(), owner=str(owner.pk))
    return follow_up


@transaction.atomic
def change(
    follow_up: FollowUp, *, by: Actor, version: int | None = None, **changes: Unpack[Changes]
) -> FollowUp:
    """Change an unfinished follow-up; another due date or owner moves its reminders.

    Raises NotAllowedNow once it is done or cancelled, Stale where it is not at `version` any more.
    """
    row = _locked(follow_up, version)
    EDGES.follow(row.status, "change")
    values: dict[str, Any] = dict(changes)
    if "remind_before" in changes:
        values["remind_before_seconds"] = _seconds(values.pop("remind_before"))
    given = values.pop("external_refs", None)
    relabelled = given is not None and refs.replace(row, given, by=by)
    values = {name: value for name, value in values.items() if getattr(row, name) != value}
    if not values and not relabelled:
        return row
    _check(team=row.team, owner=values.get("owner"), due_at=values.get("due_at"))
    FollowUp.objects.filter(pk=row.pk).change(**values)
    row.refresh_from_db()
    if values.keys() & {"owner", "due_at", "remind_before_seconds"}:
        reminders.cancel(row)
        follow_up_reminders.lay_out(row, now=clock.decisive_now())
    said = {"due_at": row.due_at.isoformat(), "owner": str(row.owner_id)}
    fields = sorted({*values, *(["external_refs"] if relabelled else ())})
    _tell("changed", row, by, fields=fields, **said)
    return row


@transaction.atomic
def start(follow_up: FollowUp, *, by: Actor, version: int | None = None) -> FollowUp:
    """Say that somebody is at it; started already, nothing changes."""
    row = _locked(follow_up, version)
    if row.status == FollowUp.Status.IN_PROGRESS:
        return row
    return _move(row, "start", by)


@transaction.atomic
def complete(follow_up: FollowUp, *, proof: str, by: Actor, version: int | None = None) -> FollowUp:
    """Mark it done, with the proof of it: a link, a number, a sentence. Done already: no change."""
    row = _locked(follow_up, version)
    if row.status == FollowUp.Status.DONE:
        return row
    _need("/proof", proof)
    digest = hashlib.sha256(proof.encode()).hexdigest()
    now = clock.decisive_now()
    return _move(row, "complete", by, {"proof_sha256": digest}, proof=proof, done_at=now)


@transaction.atomic
def cancel(follow_up: FollowUp, *, reason: str, by: Actor, version: int | None = None) -> FollowUp:
    """Take it back, with the reason. Cancelled already: nothing changes."""
    row = _locked(follow_up, version)
    if row.status == FollowUp.Status.CANCELLED:
        return row
    _need("/reason", reason)
    return _move(row, "cancel", by, cancel_reason=reason)


def refuse_open_commitments(incident: Incident) -> Problem | None:
    """Say why an incident with open promises may not be closed yet; None where there are none."""
    rows = FollowUp.objects.unfinished().filter(
        incident__in=_with_merged(incident), kind=FollowUp.Kind.COMMITMENT
    )
    ids = [str(pk) for pk in rows.order_by("due_at", "pk").values_list("pk", flat=True)]
    if not ids:
        return None
    return Conflict(
        _("Something promised in public is not done yet."), code="open_commitments", follow_ups=ids
    )


def _with_merged(incident: Incident) -> set[UUID]:
    """Return the incident and those that were merged into it: their promises are its own now."""
    found: set[UUID] = set()
    fresh = {incident.pk}
    while fresh:
        found |= fresh
        sources = Incident.objects.filter(merged_into__in=fresh).values_list("pk", flat=True)
        fresh = set(sources) - found
    return found


def _locked(follow_up: FollowUp, version: int | None) -> FollowUp:
    row: FollowUp = FollowUp.objects.select_for_update(no_key=True).get(pk=follow_up.pk)
    if version is not None and row.version != version:
        raise Stale
    return row


def _move(
    row: FollowUp, verb: str, by: Actor, data: dict[str, Any] | None = None, **values: Any
) -> FollowUp:
    before, after = row.status, EDGES.follow(row.status, verb)
    FollowUp.objects.filter(pk=row.pk, status=before).change(status=after, **values)
    row.refresh_from_db()
    if after in (FollowUp.Status.DONE, FollowUp.Status.CANCELLED):
        reminders.cancel(row)
    past = {"start": "started", "complete": "completed", "cancel": "cancelled"}
    _tell(past[verb], row, by, kind=row.kind, **(data or {}))
    return row


def _tell(what: str, row: FollowUp, by: Actor, **data: Any) -> None:
    timeline.record(f"follow_up.{what}", row, incident=row.incident, by=by, data=data)


def _seconds(span: timedelta) -> int:
    return span // timedelta(seconds=1)


def _need(pointer: str, text: str) -> None:
    if not text.strip():
        raise Invalid(errors=[FieldError(pointer, "blank", _("This may not be blank."))])


def _check(
    *,
    team: Team,
    owner: Owner | None = None,
    due_at: datetime | None = None,
    incident: Incident | None = None,
    statement: Statement | None = None,
) -> None:
    now = clock.decisive_now()
    if due_at is not None and not now < due_at <= now + FURTHEST:
        code, detail = (
            ("in_the_past", _("This is in the past."))
            if due_at <= now
            else ("too_far_ahead", _("This is more than five years ahead."))
        )
        raise Invalid(errors=[FieldError("/due_at", code, detail)])
    if owner is not None and not Owner.objects.of_team(team.pk).filter(pk=owner.pk).exists():
        raise Refused(_("This person is not in the team."), code="owner_not_in_team")
    if any(row is not None and row.team_id != team.pk for row in (incident, statement)):
        raise Refused(_("This belongs to another team."), code="of_another_team")
    if (
        statement is not None
        and incident is not None
        and statement.incident_id != incident.pk
        # What was said of a merged incident belongs to the one it went into.
        and root_of(statement.incident_id) != root_of(incident.pk)
    ):
        raise Refused(_("The statement is about another incident."), code="of_another_incident")


def count_unfinished(memberships: Sequence[Membership]) -> dict[UUID, int]:
    """Return how many each person has in that team that are neither done nor cancelled."""
    rows = FollowUp.objects.filter(
        team_id__in={each.team_id for each in memberships},
        owner_id__in={each.owner_id for each in memberships},
        status__in=follow_up_reminders.UNFINISHED,
    )
    counted = rows.values_list("team_id", "owner_id").annotate(Count("pk")).order_by()
    found = {(team_id, owner_id): count for team_id, owner_id, count in counted}
    return {each.pk: found.get((each.team_id, each.owner_id), 0) for each in memberships}
