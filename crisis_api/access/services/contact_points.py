"""How people and teams are reached: contact points, their order in a chain, their secrets."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from crisis_api.access.models import ContactPoint, Owner, Team
from crisis_api.access.services import addresses, changes, owners, working_hours
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.crypto import blind_index
from crisis_api.lib.errors import Conflict, FieldError, Invalid
from crisis_api.lib.records import RecordQuerySet, made_by
from crisis_api.lib.signing import new_secret

MOST = 20
INDEX = "contact_point"

Urgency = ContactPoint.Urgency
Kind = ContactPoint.Kind


def add(
    *,
    kind: str,
    address: str,
    by: Actor,
    owner: Owner | None = None,
    team: Team | None = None,
    urgency: str = Urgency.NORMAL,
    label: str = "",
    position: int | None = None,
    from_severity: int = ContactPoint.FromSeverity.LOW,
    hours: Mapping[str, Any] | None = None,
) -> ContactPoint:
    """Add a way to reach a person, or a webhook of a team, at the end of its chain.

    With `position` (from 1) it comes before what stands there. A webhook gets its secret here,
    which doors show once. `from_severity` and `hours` are what a person wants it used for; what
    is critical may go there all the same.
    """
    if team is not None:
        _refuse_preferences(from_severity, hours)
    if team is not None and kind != Kind.WEBHOOK:
        detail = "A team is reached by webhook only."
        raise Invalid(errors=[FieldError("/kind", "team_needs_webhook", detail)])
    # Checked before anything is locked: it may ask the network for a name.
    address = addresses.check(kind, address)
    with transaction.atomic():
        _lock(owner, team)
        others = ContactPoint.objects.filter(owner=owner, team=team)
        _refuse_twin(others, address, urgency)
        if others.count() >= MOST:
            raise Conflict(f"There are {MOST} contact points already.", code="too_many")
        point = ContactPoint.objects.create(
            owner=owner,
            team=team,
            kind=kind,
            address=address,
            address_index=blind_index(INDEX, address),
            urgency=urgency,
            label=label,
            position=others.filter(urgency=urgency).count() + 1,
            from_severity=from_severity,
            hours=_hours(hours),
            secret=new_secret() if kind == Kind.WEBHOOK else "",
            **made_by(by),
        )
        _place(point, position)
        _note("contact_point.added", point, by, kind=kind, urgency=urgency)
    return point


def change(
    point: ContactPoint,
    *,
    by: Actor,
    version: int | None = None,
    address: str | None = None,
    label: str | None = None,
    urgency: str | None = None,
    position: int | None = None,
    from_severity: int | None = None,
    hours: Mapping[str, Any] | None = None,
) -> ContactPoint:
    """Change the address, the label, the chain (`urgency`), the place in it, or what it is for.

    None leaves it as it is; `hours` of `{}` are always.
    A new address is tried again even where the old one had been given up.
    """
    checked = None if address is None else addresses.check(point.kind, address)
    with transaction.atomic():
        _lock(point.owner, point.team)
        row = ContactPoint.objects.get(pk=point.pk)
        before = row.urgency
        given: dict[str, Any] = {
            "address": checked,
            "label": label,
            "urgency": urgency,
            "from_severity": from_severity,
        }
        values = {
            name: value
            for name, value in given.items()
            if value is not None and value != getattr(row, name)
        }
        if hours is not None and _hours(hours) != row.hours:
            given["hours"] = values["hours"] = _hours(hours)
        if row.team is not None:
            _refuse_preferences(from_severity, hours)
        if "address" in values or "urgency" in values:
            others = ContactPoint.objects.filter(owner=row.owner, team=row.team)
            _refuse_twin(
                others.exclude(pk=row.pk), checked or row.address, values.get("urgency", before)
            )
        fields = changes.apply(row, {**values, **_fresh(values)}, by=by, version=version)
        if "urgency" in values:
            _renumber(_chain(row.owner, row.team, before))
            position = position or MOST
        if _place(row, position):
            fields.append("position")
        if fields:
            names = [name for name in fields if name in (*given, "position")]
            _note("contact_point.changed", row, by, fields=names)
        row.refresh_from_db()
    return row


def _hours(document: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return hours as they are stored; raises Invalid where they cannot be understood."""
    working_hours.check(document, below="/hours")
    return dict(document) if document else None


def _refuse_preferences(from_severity: int | None, hours: Mapping[str, Any] | None) -> None:
    if hours or (from_severity or ContactPoint.FromSeverity.LOW) > ContactPoint.FromSeverity.LOW:
        detail = "A team's webhook gets whatever a step sends there, at any hour."
        raise Invalid(errors=[FieldError("/from_severity", "not_a_persons", detail)])


def _fresh(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what else a new address changes."""
    if "address" not in values:
        return {}
    index = blind_index(INDEX, values["address"])
    return {"address_index": index, "disabled_at": None, "disabled_reason": ""}


@transaction.atomic
def arrange(owner: Owner, urgency: str, ids: Sequence[UUID], *, by: Actor) -> list[ContactPoint]:
    """Put a person's chain into the order of these ids, which must be all of the chain."""
    _lock(owner, None)
    chain = _chain(owner, None, urgency)
    by_id = {point.pk: point for point in chain}
    if len(set(ids)) != len(ids) or set(ids) != set(by_id):
        detail = "Name every contact point of the chain once."
        raise Invalid(errors=[FieldError("/order", "not_the_chain", detail)])
    arranged = [by_id[each] for each in ids]
    if _renumber(arranged):
        changes.note(
            "contact_point.arranged",
            arranged[0],
            teams=owners.teams_of(owner),
            by=by,
            urgency=urgency,
        )
    return list(_chain(owner, None, urgency))


@transaction.atomic
def remove(point: ContactPoint, *, by: Actor) -> None:
    """Take a contact point away. Messages on their way to it still name it by nothing."""
    _lock(point.owner, point.team)
    _note("contact_point.removed", point, by, kind=point.kind)
    ContactPoint.objects.filter(pk=point.pk).delete()
    _renumber(_chain(point.owner, point.team, point.urgency))


@transaction.atomic
def rotate_secret(point: ContactPoint, *, by: Actor) -> ContactPoint:
    """Give a webhook a new signing secret; the old one is void at once."""
    if point.kind != Kind.WEBHOOK:
        raise Conflict("Only webhooks have a signing secret.", code="no_secret")
    ContactPoint.objects.filter(pk=point.pk).change(secret=new_secret())
    _note("contact_point.secret_rotated", point, by)
    point.refresh_from_db()
    return point


def note_success(point: ContactPoint) -> None:
    """Remember that a message got through; one that had been given up is used again."""
    ContactPoint.objects.filter(pk=point.pk).change(
        last_success_at=clock.now(), disabled_at=None, disabled_reason=""
    )


def note_failure(point: ContactPoint) -> None:
    """Remember that a message did not get through."""
    ContactPoint.objects.filter(pk=point.pk).change(last_failure_at=clock.now())


def _refuse_twin(others: RecordQuerySet, address: str, urgency: str) -> None:
    """One address may stand in both chains, but twice in one only delays the next."""
    index = blind_index(INDEX, address)
    if others.filter(urgency=urgency, address_index=index).exists():
        raise Conflict("This address is in the chain already.", code="already_there")


def _lock(owner: Owner | None, team: Team | None) -> None:
    """Let nobody else rearrange the same chains until the transaction ends."""
    if owner is not None:
        list(Owner.objects.filter(pk=owner.pk).select_for_update(no_key=True).values_list("pk"))
    if team is not None:
        list(Team.objects.filter(pk=team.pk).select_for_update(no_key=True).values_list("pk"))


def _chain(owner: Owner | None, team: Team | None, urgency: str) -> list[ContactPoint]:
    rows = ContactPoint.objects.filter(owner=owner, team=team, urgency=urgency)
    return list(rows.order_by("position", "id"))


def _place(point: ContactPoint, position: int | None) -> bool:
    """Move it to a place in its chain; whether that changed anything."""
    if position is None:
        return False
    chain = [each for each in _chain(point.owner, point.team, point.urgency) if each.pk != point.pk]
    chain.insert(max(position, 1) - 1, point)
    before = point.position
    _renumber(chain)
    return point.position != before


def _renumber(chain: Sequence[ContactPoint]) -> bool:
    """Number the chain from 1 in its order; whether that changed anything."""
    changed = False
    for number, point in enumerate(chain, 1):
        if point.position != number:
            ContactPoint.objects.filter(pk=point.pk).change(position=number)
            point.position = number
            changed = True
    return changed


def _note(action: str, point: ContactPoint, by: Actor, **data: Any) -> None:
    if point.team is not None:
        teams = [point.team]
    else:
        teams = owners.teams_of(point.owner) if point.owner else []
    changes.note(action, point, teams=teams, by=by, **data)
