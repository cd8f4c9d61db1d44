"""What people say of claims: they name, merge and split them, and say what is true.

The book of the team is locked first, then mentions: in that order as where mentions come in. That
book is why these verbs stand here and not among the services, which know nothing of intake.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max, Min, Q

from crisis_api.access.services import changes
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import FieldError, Invalid, NotAllowedNow, Refused, Stale
from crisis_api.lib.ids import uuid7
from crisis_api.lib.records import made_by
from incidents import timeline
from incidents.intake import claim_book
from incidents.intake.claims import begun, joined, signature
from incidents.models import Claim, Incident, Mention

MOST_MENTIONS = 5_000


@transaction.atomic
def change(
    claim: Claim, *, by: Actor, version: int | None = None, values: Mapping[str, Any]
) -> Claim:
    """Change its title, its incident or its references. What it says stays."""
    row = _hold(claim)
    columns = dict(values)
    if "incident" in columns:
        columns["incident_set_by_person"] = True
        _check_incident(row, columns["incident"])
    fields = changes.apply(row, columns, by=by, version=version)
    if fields:
        told = [name for name in fields if name != "incident_set_by_person"]
        changes.note("claim.changed", row, teams=[row.team], by=by, fields=told)
    return row


@transaction.atomic
def set_truth(
    claim: Claim,
    *,
    truth: str,
    note: str,
    links: Sequence[str],
    by: Actor,
    version: int | None = None,
) -> Claim:
    """Say whether it is true, and by what evidence. The same again changes nothing."""
    row = _hold(claim, version=version)
    _check_standing(row)
    if truth != Claim.Truth.UNVERIFIED and not note.strip() and not links:
        detail = "Say what shows it: a note or a link."
        raise Invalid(detail, errors=[FieldError("/evidence_note", "required", detail)])
    given = {"truth": truth, "evidence_note": note, "evidence_links": list(links)}
    if all(getattr(row, name) == value for name, value in given.items()):
        return row
    before = row.truth
    _put(
        row,
        **given,
        truth_set_at=clock.now(),
        truth_set_by_type=by.type,
        truth_set_by_id=by.id,
    )
    data = {"from": before, "to": truth, "links": len(links)}
    timeline.record("claim.truth_set", row, incident=row.incident, by=by, data=data)
    return row


@transaction.atomic
def merge(claim: Claim, *, into: Claim, by: Actor, version: int | None = None) -> Claim:
    """Let a claim go into another one for good, and return the one that went.

    Its mentions move, and what says either of them joins the other from now on. Where `into` was
    merged itself, the claim goes where that went.
    """
    if claim.team_id != into.team_id:
        raise Refused("The two claims belong to different teams.", code="different_teams")
    book = claim_book.hold(claim.team_id)
    row, target = _hold(claim, version=version), _hold(root_of(into))
    if row.merged_into_id is not None and root_of(row).pk == target.pk:
        return row
    _check_standing(row)
    if row.pk == target.pk:
        raise Refused("The two are one claim already.", code="same_claim")
    moved = Mention.objects.filter(claim=row).change(claim=target)
    book.give(row.pk, target.pk)
    book.write()
    _put(row, merged_into=target, tally_due_at=None, mention_count=0, negative_count=0)
    _recount(target)
    data = {"into_claim": str(target.pk), "mentions": moved}
    timeline.record("claim.merged", row, incident=target.incident, by=by, data=data)
    return row


@transaction.atomic
def split(
    claim: Claim,
    *,
    mention_ids: Collection[UUID],
    title: str,
    by: Actor,
    version: int | None = None,
) -> Claim:
    """Make a second claim of some of the mentions, and return it.

    What says the same as they do joins it from now on, and their copies never the first again.
    """
    wanted = set(mention_ids)
    if not 0 < len(wanted) <= MOST_MENTIONS:
        detail = f"Name 1 to {MOST_MENTIONS} mentions."
        raise Invalid(detail, errors=[FieldError("/mention_ids", "out_of_range", detail)])
    book = claim_book.hold(claim.team_id)
    row = _hold(claim, version=version)
    _check_standing(row)
    mine = Mention.objects.filter(claim=row, pk__in=wanted)
    found = list(mine.order_by("pk").select_for_update(no_key=True).only("pk", "text"))
    if len(found) != len(wanted):
        raise Refused("Some of these are no mentions of this claim.", code="not_its_mentions")
    now = clock.now()
    fresh = Claim.objects.create(
        team_id=row.team_id,
        title=title,
        incident_id=row.incident_id,
        first_seen_at=now,
        last_seen_at=now,
        **made_by(by),
    )
    mine.change(claim=fresh, claim_set_by_person=True)
    said = [signature(mention.text) for mention in found]
    centroid = begun(str(uuid7()), said[0])
    for each in said[1:]:
        centroid = joined(centroid, each)
    book.refuse(row.pk, said)
    book.add(fresh.pk, centroid)
    book.write()
    _recount(row)
    _recount(fresh)
    data = {"into_claim": str(fresh.pk), "mentions": len(found)}
    timeline.record("claim.split", row, incident=row.incident, by=by, data=data)
    return fresh


def root_of(claim: Claim) -> Claim:
    """Return the claim that a merged one has gone into, through however many merges."""
    row: Claim = Claim.objects.get(pk=claim.pk)
    while row.merged_into_id is not None:
        row = Claim.objects.get(pk=row.merged_into_id)
    return row


def _hold(claim: Claim, *, version: int | None = None) -> Claim:
    row: Claim = Claim.objects.select_for_update(no_key=True, of=("self",)).get(pk=claim.pk)
    if version is not None and row.version != version:
        raise Stale
    return row


def _put(row: Claim, **values: Any) -> None:
    Claim.objects.filter(pk=row.pk).change(**values)
    row.refresh_from_db()


def _recount(row: Claim) -> None:
    """Count its mentions at once; the rest follows when it is tallied."""
    mine = Mention.objects.filter(claim=row).aggregate(
        mention_count=Count("pk"),
        negative_count=Count("pk", Q(is_negative=True)),
        first=Min("written_at"),
        last=Max("written_at"),
    )
    first, last = mine.pop("first"), mine.pop("last")
    _put(
        row,
        **mine,
        first_seen_at=first or row.first_seen_at,
        last_seen_at=last or row.last_seen_at,
        tally_due_at=clock.now(),
    )


def _check_standing(row: Claim) -> None:
    if row.merged_into_id is not None:
        raise NotAllowedNow("This claim was merged into another one.", allowed=[])


def _check_incident(row: Claim, incident: Incident | None) -> None:
    if incident is not None and incident.team_id != row.team_id:
        raise Refused("The two belong to different teams.", code="different_teams")
