"""Layers of rotations: another order of people for some hours, before the rotation's own."""

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any
from uuid import UUID

from django.db import transaction

from crisis_api.access.models import Owner
from crisis_api.access.services import changes, memberships
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Conflict
from crisis_api.lib.records import made_by
from incidents.escalation import rotations as pure
from incidents.escalation.hours import hours_flaws
from incidents.escalation.on_call import shape_of
from incidents.models import LayerParticipant, Rotation, RotationLayer
from incidents.services import flaws

MOST = pure.MAX_LAYERS


@transaction.atomic
def add(rotation: Rotation, *, by: Actor, values: Mapping[str, Any]) -> RotationLayer:
    """Put a layer over a rotation. It holds in its hours from its first day on.

    `values`: name, position, participants (ids, in order), starts_on, handoff_time,
    handoff_weekday, shift_days, hours.
    """
    held = _held(rotation)
    columns = _columns(values)
    participants = columns.pop("participants", [])
    others = RotationLayer.objects.filter(rotation=held)
    if others.count() >= MOST:
        raise Conflict(f"There are {MOST} layers already.", code="too_many")
    layer = RotationLayer(team_id=held.team_id, rotation=held, **columns, **made_by(by))
    _check(layer, participants)
    people = memberships.find_members(held.team, participants, pointer="/participants/{}")
    layer.save(force_insert=True)
    _place(layer, people)
    _note("rotation_layer.created", layer, by=by)
    return layer


@transaction.atomic
def change(
    layer: RotationLayer, *, by: Actor, version: int | None = None, values: Mapping[str, Any]
) -> RotationLayer:
    """Change a layer; `participants` replaces its whole order. What is not named stays."""
    _held(layer.rotation)
    row: RotationLayer = RotationLayer.objects.select_for_update(no_key=True).get(pk=layer.pk)
    columns = _columns(values)
    wanted = columns.pop("participants", None)
    before = _participants(row)
    changed = copy(row)
    for name, value in columns.items():
        setattr(changed, name, value)
    _check(changed, before if wanted is None else wanted)
    fields = changes.apply(row, columns, by=by, version=version)
    if wanted is not None and list(wanted) != before:
        # Whoever takes part already may stay although they have left, as in a rotation.
        new = [each for each in wanted if each not in before]
        memberships.find_members(row.team, new, pointer="/participants")
        people = Owner.objects.in_bulk(list(wanted))
        LayerParticipant.objects.filter(layer=row).delete()
        _place(row, [people[each] for each in wanted])
        if not fields:
            RotationLayer.objects.filter(pk=row.pk).change()
        fields.append("participants")
    if fields:
        _note("rotation_layer.changed", row, by=by, fields=fields)
    row.refresh_from_db()
    return row


@transaction.atomic
def remove(layer: RotationLayer, *, by: Actor) -> None:
    """Take a layer away: what is below it holds from now on, and in the calendar of the past."""
    _held(layer.rotation)
    row = RotationLayer.objects.select_for_update(no_key=True).get(pk=layer.pk)
    _note("rotation_layer.removed", row, by=by)
    row.delete()


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as they are stored: hours that say nothing are none."""
    return {**values, **({"hours": values["hours"] or None} if "hours" in values else {})}


def _held(rotation: Rotation) -> Rotation:
    """Lock the rotation, so that its layers change one at a time."""
    row: Rotation = Rotation.objects.select_for_update(no_key=True).get(pk=rotation.pk)
    if row.archived_at is not None:
        raise Conflict("This rotation is archived.", code="archived")
    return row


def _check(layer: RotationLayer, participants: Sequence[UUID]) -> None:
    flaws.refuse(hours_flaws(layer.hours), below="/hours")
    flaws.refuse(pure.layer_flaws(shape_of(layer.rotation, layer, participants)))
    others = RotationLayer.objects.filter(rotation_id=layer.rotation_id).exclude(pk=layer.pk)
    if others.filter(position=layer.position).exists():
        raise Conflict("The rotation has a layer of this position.", code="position_taken")


def _participants(layer: RotationLayer) -> list[UUID]:
    places = LayerParticipant.objects.filter(layer=layer).order_by("position", "id")
    return list(places.values_list("owner_id", flat=True))


def _place(layer: RotationLayer, people: Sequence[Owner]) -> None:
    LayerParticipant.objects.bulk_create(
        [
            LayerParticipant(layer=layer, owner=person, position=position)
            for position, person in enumerate(people, 1)
        ]
    )


def _note(action: str, layer: RotationLayer, *, by: Actor, fields: Sequence[str] = ()) -> None:
    changes.note(
        action,
        layer,
        teams=[layer.team],
        by=by,
        fields=fields,
        rotation=str(layer.rotation_id),
    )
