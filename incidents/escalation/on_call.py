"""Who is on call, read from the rows of rotations.

The turn of somebody who has left, deactivated or no longer in the team, is nobody's turn. The next
participant is not moved up: that would change everybody's later turns without telling them, and
whoever sleeps now would be called. Nobody on call is said loudly instead: the engine goes on to
the next step at once and raises an alarm.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from crisis_api.access.models import Membership, Owner
from incidents.escalation import rotations
from incidents.escalation.rotations import OverrideShape, RotationShape, Shift
from incidents.models import Override, Rotation, RotationParticipant

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
    """Return the person on call in each of the rotations, with four queries for all of them.

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
    since = start - timedelta(days=rotation.shift_days) - _SLACK
    later = Override.objects.filter(ends_at__gt=since)
    return _schedules({rotation.pk}, later)[rotation.pk]


def present_members(person_ids: Iterable[str | UUID]) -> set[tuple[UUID, UUID]]:
    """Return (team, person) for each team that each of these people, if active, belongs to."""
    members = Membership.objects.filter(owner_id__in=set(person_ids), owner__deactivated_at=None)
    return set(members.values_list("team_id", "owner_id"))


def _schedules(ids: set[UUID], overrides: QuerySet[Override]) -> dict[UUID, Schedule]:
    people: dict[UUID, list[str]] = defaultdict(list)
    places = RotationParticipant.objects.filter(rotation_id__in=ids).order_by("position", "id")
    for rotation_id, owner_id in places.values_list("rotation_id", "owner_id"):
        people[rotation_id].append(str(owner_id))
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
            RotationShape(
                zone=rotation.time_zone,
                starts_on=rotation.starts_on,
                handoff_time=rotation.handoff_time,
                handoff_weekday=rotation.handoff_weekday,
                shift_days=rotation.shift_days,
                participants=tuple(people[rotation.pk]),
            ),
            tuple(exceptions[rotation.pk]),
        )
        for rotation in Rotation.objects.filter(pk__in=ids)
    }
