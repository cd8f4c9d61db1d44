"""Who is on call, read from the rows of rotations.

The turn of somebody who has left, deactivated or no longer in the team, is nobody's turn. The next
participant is not moved up: that would change everybody's later turns without telling them, and
whoever sleeps now would be called. Nobody on call is said loudly instead: the engine goes on to
the next step at once and raises an alarm.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Max, QuerySet

from crisis_api.access.models import Membership, Owner
from incidents.escalation import rotations
from incidents.escalation.hours import BrokenHours, WorkingHours
from incidents.escalation.rotations import OverrideShape, Shift
from incidents.escalation.turns import RotationShape
from incidents.escalation.wall_clock import UnknownZone
from incidents.models import (
    LayerParticipant,
    Override,
    Rotation,
    RotationLayer,
    RotationParticipant,
)

# The wall clock of a zone has left out a whole day, so a shift may last a day longer than it says.
_SLACK = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A rotation with the overrides that matter for the time asked about."""

    team_id: UUID
    shape: RotationShape
    overrides: tuple[OverrideShape, ...]


def on_call(rotation: Rotation, at: datetime) -> Owner | None:
    """Return who is on call and can be reminded; None where nobody is."""
    person_id = people_on_call([rotation.pk], at).get(rotation.pk)
    return Owner.objects.filter(pk=person_id).first() if person_id else None


def people_on_call(rotation_ids: Iterable[UUID], at: datetime) -> dict[UUID, UUID]:
    """Return the person on call in each of the rotations, with six queries for all of them.

    A rotation in which nobody is on call, or whose person has left, is missing.
    """
    covering = Override.objects.filter(starts_at__lte=at, ends_at__gt=at)
    shifts: dict[UUID, Shift] = {}
    teams: dict[UUID, UUID] = {}
    for rotation_id, schedule in _schedules(set(rotation_ids), covering).items():
        shift = rotations.on_call(schedule.shape, schedule.overrides, at)
        if shift is not None:
            shifts[rotation_id] = shift
            teams[rotation_id] = schedule.team_id
    present = present_members({shift.person for shift in shifts.values()})
    return {
        rotation_id: UUID(shift.person)
        for rotation_id, shift in shifts.items()
        if (teams[rotation_id], UUID(shift.person)) in present
    }


def schedule_of(rotation: Rotation, start: datetime) -> Schedule:
    """Return the rotation with every override that may matter from that time on."""
    days = RotationLayer.objects.filter(rotation=rotation).aggregate(most=Max("shift_days"))["most"]
    since = start - timedelta(days=max(rotation.shift_days, days or 0)) - _SLACK
    later = Override.objects.filter(ends_at__gt=since)
    return _schedules({rotation.pk}, later)[rotation.pk]


def present_members(person_ids: Iterable[str | UUID]) -> set[tuple[UUID, UUID]]:
    """Return (team, person) for each team that each of these people, if active, belongs to."""
    members = Membership.objects.filter(owner_id__in=set(person_ids), owner__deactivated_at=None)
    return set(members.values_list("team_id", "owner_id"))


def shape_of(
    rotation: Rotation,
    turns: Rotation | RotationLayer,
    participants: Iterable[str | UUID],
    layers: Iterable[RotationShape] = (),
) -> RotationShape:
    """Return the columns of a rotation, or of a layer of it, as the pure module takes them."""
    return RotationShape(
        zone=rotation.time_zone,
        starts_on=turns.starts_on,
        handoff_time=turns.handoff_time,
        handoff_weekday=turns.handoff_weekday,
        shift_days=turns.shift_days,
        participants=tuple(str(each) for each in participants),
        hours=_hours(turns.hours, rotation.time_zone),
        layers=tuple(layers),
    )


def _hours(document: object, zone: str) -> WorkingHours | None:
    """Return when it holds. Hours that cannot be read count as always: nobody is to be silenced."""
    try:
        return WorkingHours.from_json(document, zone=zone) if document else None
    except (BrokenHours, UnknownZone):
        return None


def _schedules(ids: set[UUID], overrides: QuerySet[Override]) -> dict[UUID, Schedule]:
    found = {rotation.pk: rotation for rotation in Rotation.objects.filter(pk__in=ids)}
    people: dict[UUID, list[UUID]] = defaultdict(list)
    places = RotationParticipant.objects.filter(rotation_id__in=ids).order_by("position", "id")
    for rotation_id, owner_id in places.values_list("rotation_id", "owner_id"):
        people[rotation_id].append(owner_id)
    layers = _layers(found)
    exceptions: dict[UUID, list[OverrideShape]] = defaultdict(list)
    # Ids rise with time: of two overrides made in the same instant, the later stands.
    for override in overrides.filter(rotation_id__in=ids).order_by("id"):
        exceptions[override.rotation_id].append(
            OverrideShape(
                override.starts_at, override.ends_at, str(override.owner_id), override.created_at
            )
        )
    return {
        rotation.pk: Schedule(
            rotation.team_id,
            shape_of(rotation, rotation, people[rotation.pk], layers[rotation.pk]),
            tuple(exceptions[rotation.pk]),
        )
        for rotation in found.values()
    }


def _layers(found: Mapping[UUID, Rotation]) -> dict[UUID, list[RotationShape]]:
    """Return the layers of each rotation, the first before all others."""
    rows = list(RotationLayer.objects.filter(rotation_id__in=found).order_by("position"))
    layers: dict[UUID, list[RotationShape]] = defaultdict(list)
    if not rows:
        return layers
    people: dict[UUID, list[UUID]] = defaultdict(list)
    places = LayerParticipant.objects.filter(layer__in=rows).order_by("position", "id")
    for layer_id, owner_id in places.values_list("layer_id", "owner_id"):
        people[layer_id].append(owner_id)
    for row in rows:
        layers[row.rotation_id].append(shape_of(found[row.rotation_id], row, people[row.pk]))
    return layers
