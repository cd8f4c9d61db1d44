"""Who is on call when: rotations, their participants in order, and overrides.

A shift of somebody who has left is nobody's (see `incidents.escalation.on_call`).
"""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from crisis_api.access import refs
from crisis_api.access.models import Owner, Team
from crisis_api.access.services import changes, memberships
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Conflict, Invalid, Refused
from crisis_api.lib.records import made_by
from incidents.escalation import on_call as rows
from incidents.escalation import rotations as pure
from incidents.escalation.hours import hours_flaws
from incidents.escalation.on_call import shape_of
from incidents.escalation.rotations import OverrideShape
from incidents.models import (
    AssignmentRule,
    EscalationPolicy,
    Override,
    Rotation,
    RotationLayer,
    RotationParticipant,
)
from incidents.services import flaws

LONGEST_CALENDAR = timedelta(days=366)
MOST_OVERRIDES_AHEAD = 500


@dataclass(frozen=True, slots=True)
class Shift:
    """A time through which a person is on call; `owner` is None where that person has left."""

    person_id: UUID
    owner: Owner | None
    starts_at: datetime
    ends_at: datetime
    is_override: bool
    layer_id: UUID | None = None


@transaction.atomic
def create(*, team: Team, by: Actor, values: Mapping[str, Any]) -> Rotation:
    """Make a rotation with its participants in order.

    `values`: name, participants (ids), time_zone, starts_on, handoff_time, handoff_weekday,
    shift_days, hours, external_refs.
    """
    columns = _columns(values)
    participants = columns.pop("participants", [])
    given = columns.pop("external_refs", [])
    rotation = Rotation(team=team, **columns, **made_by(by))
    _check(rotation, participants)
    _refuse_twin(rotation)
    people = memberships.find_members(team, participants, pointer="/participants/{}")
    rotation.save(force_insert=True)
    _place(rotation, people)
    refs.replace(rotation, given, by=by)
    changes.note("rotation.created", rotation, teams=[team], by=by)
    return rotation


@transaction.atomic
def change(
    rotation: Rotation, *, by: Actor, version: int | None = None, values: Mapping[str, Any]
) -> Rotation:
    """Change a rotation; `participants` replaces the whole order.

    Shifts are computed and never stored, so past ones change as well: a new `starts_on` keeps them
    out of the calendar.
    """
    row = _locked(rotation)
    _refuse_archived(row)
    columns = _columns(values)
    wanted = columns.pop("participants", None)
    before = _participants(row)
    changed = copy(row)
    for name, value in columns.items():
        setattr(changed, name, value)
    _check(changed, before if wanted is None else wanted)
    _refuse_twin(changed)
    fields = changes.apply(row, columns, by=by, version=version)
    if wanted is not None and list(wanted) != before:
        # Those who take part already may stay although they have left: whoever changes the name
        # of a rotation must not be made to decide about them.
        new = [each for each in wanted if each not in before]
        memberships.find_members(row.team, new, pointer="/participants")
        people = Owner.objects.in_bulk(list(wanted))
        RotationParticipant.objects.filter(rotation=row).delete()
        _place(row, [people[each] for each in wanted])
        if not fields:
            Rotation.objects.filter(pk=row.pk).change()
        fields.append("participants")
    if fields:
        changes.note("rotation.changed", row, teams=[row.team], by=by, fields=fields)
    row.refresh_from_db()
    return row


@transaction.atomic
def archive(rotation: Rotation, *, by: Actor) -> Rotation:
    """Put a rotation away; escalations that run still find who is on call in it.

    Refused while a current policy or an assignment rule names it.
    """
    row = _locked(rotation)
    if row.archived_at is not None:
        return row
    policies = EscalationPolicy.objects.current().filter(steps__rotations=row).distinct()
    rules = AssignmentRule.objects.filter(rotation=row)
    used_by = [str(pk) for pk in (*policies.values_list("pk", flat=True), *_ids(rules))]
    if used_by:
        raise Conflict(
            "Policies or assignment rules still name this rotation.", code="in_use", used_by=used_by
        )
    Rotation.objects.filter(pk=row.pk).change(archived_at=clock.now())
    changes.note("rotation.archived", row, teams=[row.team], by=by)
    row.refresh_from_db()
    return row


@transaction.atomic
def add_override(
    rotation: Rotation, *, owner_id: UUID, starts_at: datetime, ends_at: datetime, by: Actor
) -> Override:
    """Put a person on call from then to then, whoever's turn it is."""
    row = _locked(rotation)
    _refuse_archived(row)
    now = clock.now()
    flaws.refuse(pure.override_flaws(OverrideShape(starts_at, ends_at, str(owner_id), now)))
    if ends_at <= now:
        raise Refused("This time is over already.", code="already_over")
    if Override.objects.filter(rotation=row, ends_at__gt=now).count() >= MOST_OVERRIDES_AHEAD:
        raise Conflict(f"There are {MOST_OVERRIDES_AHEAD} overrides ahead.", code="too_many")
    (owner,) = memberships.find_members(row.team, [owner_id])
    override = Override.objects.create(
        team=row.team,
        rotation=row,
        owner=owner,
        starts_at=starts_at,
        ends_at=ends_at,
        **made_by(by),
    )
    changes.note(
        "override.created",
        override,
        teams=[row.team],
        by=by,
        rotation=str(row.pk),
        owner=str(owner.pk),
        starts_at=starts_at.isoformat(),
        ends_at=ends_at.isoformat(),
    )
    return override


@transaction.atomic
def cancel_override(override: Override, *, by: Actor) -> Override | None:
    """Take an override back: one still ahead goes, one in progress ends now.

    One that is over stays, because it says who was on call; cancelling it is refused.
    """
    row: Override = Override.objects.select_for_update(no_key=True).get(pk=override.pk)
    now = clock.now()
    if row.ends_at <= now:
        raise Conflict("This override is over.", code="already_over")
    changes.note("override.cancelled", row, teams=[row.team], by=by, rotation=str(row.rotation_id))
    if row.starts_at >= now:
        row.delete()
        return None
    Override.objects.filter(pk=row.pk).change(ends_at=now)
    row.refresh_from_db()
    return row


def on_call(rotation: Rotation, at: datetime) -> Owner | None:
    """Return who is on call at that time and can be reminded; None where nobody is."""
    return rows.on_call(rotation, at)


def now_and_next(rotation: Rotation, at: datetime) -> tuple[Shift | None, Shift | None]:
    """Return the shift at that time, and the one that starts after it."""
    schedule = rows.schedule_of(rotation, at)
    current = pure.on_call(schedule.shape, schedule.overrides, at)
    following = pure.next_shift(schedule.shape, schedule.overrides, at)
    found = _with_people(rotation, [each for each in (current, following) if each])
    return (found[0] if current else None, found[-1] if following else None)


def shifts(rotation: Rotation, start: datetime, end: datetime) -> list[Shift]:
    """Return every shift that touches the time from `start` until `end`, whole, in order."""
    if end <= start or end - start > LONGEST_CALENDAR:
        raise Invalid("From `from` to `to` it must be up to 366 days.", code="bad_period")
    schedule = rows.schedule_of(rotation, start)
    return _with_people(rotation, pure.shifts(schedule.shape, schedule.overrides, start, end))


def _with_people(rotation: Rotation, found: Sequence[pure.Shift]) -> list[Shift]:
    here = Owner.objects.of_team(rotation.team_id).in_bulk(
        list({UUID(shift.person) for shift in found})
    )
    layers: list[UUID] = []
    if any(shift.layer is not None for shift in found):
        layers = _ids(RotationLayer.objects.filter(rotation=rotation).order_by("position"))
    return [
        Shift(
            UUID(shift.person),
            here.get(UUID(shift.person)),
            shift.start,
            shift.end,
            shift.is_override,
            layers[shift.layer] if shift.layer is not None else None,
        )
        for shift in found
    ]


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as they are stored: hours that say nothing are none."""
    return {**values, **({"hours": values["hours"] or None} if "hours" in values else {})}


def _locked(rotation: Rotation) -> Rotation:
    row: Rotation = Rotation.objects.select_for_update(no_key=True).get(pk=rotation.pk)
    return row


def _check(rotation: Rotation, participants: Sequence[UUID]) -> None:
    flaws.refuse(hours_flaws(rotation.hours), below="/hours")
    flaws.refuse(pure.rotation_flaws(shape_of(rotation, rotation, participants)))


def _refuse_twin(rotation: Rotation) -> None:
    others = Rotation.objects.current().filter(team_id=rotation.team_id, name=rotation.name)
    if others.exclude(pk=rotation.pk).exists():
        raise Conflict("The team has a rotation of this name.", code="name_taken")


def _refuse_archived(rotation: Rotation) -> None:
    if rotation.archived_at is not None:
        raise Conflict("This rotation is archived.", code="archived")


def _participants(rotation: Rotation) -> list[UUID]:
    places = RotationParticipant.objects.filter(rotation=rotation).order_by("position", "id")
    return list(places.values_list("owner_id", flat=True))


def _place(rotation: Rotation, people: Sequence[Owner]) -> None:
    RotationParticipant.objects.bulk_create(
        [
            RotationParticipant(rotation=rotation, owner=person, position=position)
            for position, person in enumerate(people, 1)
        ]
    )


def _ids(queryset: Any) -> list[UUID]:
    return list(queryset.values_list("pk", flat=True))
