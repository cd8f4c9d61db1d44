"""Who belongs to a team, and as what. A team keeps at least one active manager."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from crisis_api.access.models import Membership, Owner, Role, Team
from crisis_api.access.services import changes
from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM, Actor
from crisis_api.lib.errors import Conflict, FieldError, Invalid, Refused
from crisis_api.lib.records import made_by


def find_members(team: Team, ids: Sequence[UUID], *, pointer: str = "/owner") -> list[Owner]:
    """Return the active members of the team with these ids, in their order, or raise Refused.

    `pointer` is where the ids stand in the request; one with `{}` takes the place in the list.
    """
    found = {person.pk: person for person in Owner.objects.of_team(team.pk).filter(pk__in=ids)}
    errors = [
        FieldError(pointer.format(place), "not_a_member", "Not an active member of the team.")
        for place, each in enumerate(ids)
        if each not in found
    ]
    if errors:
        raise Refused("Only active members of the team can be named.", errors=errors)
    return [found[each] for each in ids]


@transaction.atomic
def add(
    *, team: Team, owner: Owner, role: str, by: Actor, expires_at: datetime | None = None
) -> Membership:
    """Make a person a member of the team, until a time where one is given."""
    _check_end(role, expires_at)
    if owner.deactivated_at is not None:
        raise Refused("This person is deactivated.", code="deactivated")
    _lock([team.pk])
    if Membership.objects.filter(team=team, owner=owner).exists():
        raise Conflict("This person is a member already.", code="already_a_member")
    membership = Membership.objects.create(
        team=team, owner=owner, role=role, expires_at=expires_at, **made_by(by)
    )
    changes.note(
        "membership.added",
        membership,
        teams=[team],
        by=by,
        owner=str(owner.pk),
        role=role,
    )
    return membership


def change_role(
    membership: Membership, *, role: str, by: Actor, version: int | None = None
) -> Membership:
    """Give a member another role."""
    return change(membership, by=by, version=version, values={"role": role})


@transaction.atomic
def change(
    membership: Membership, *, by: Actor, version: int | None = None, values: Mapping[str, Any]
) -> Membership:
    """Give a member another `role`, or let the membership end at another time: `expires_at`."""
    _lock([membership.team_id])
    before = membership.role
    role = values.get("role", before)
    _check_end(role, values.get("expires_at", membership.expires_at))
    if role != Role.MANAGER:
        require_other_manager([membership.team_id], membership.owner)
    fields = changes.apply(membership, values, by=by, version=version)
    if fields:
        changes.note(
            "membership.changed",
            membership,
            teams=[membership.team],
            by=by,
            fields=fields,
            owner=str(membership.owner_id),
            before=before,
            role=role,
        )
    return membership


def _check_end(role: str, expires_at: datetime | None) -> None:
    if expires_at is None:
        return
    if role == Role.MANAGER:
        detail = "A manager's membership does not end by itself."
        raise Refused(detail, errors=[FieldError("/expires_at", "manager", detail)])
    if expires_at <= clock.now():
        detail = "It must be ahead."
        raise Invalid(detail, errors=[FieldError("/expires_at", "out_of_range", detail)])


def end_expired(limit: int = 100) -> int:
    """Take out of their teams those whose membership has ended; a sweep of the engine.

    They had no access from that moment on; from now on nobody reminds them either.
    """
    now = clock.decisive_now()
    rows = Membership.objects.filter(expires_at__lte=now).order_by("expires_at")
    ended = list(rows.select_related("team", "owner")[:limit])
    for membership in ended:
        with transaction.atomic():
            _lock([membership.team_id])
            if Membership.objects.filter(pk=membership.pk, expires_at__lte=now).exists():
                _take_out(membership, "membership.expired", by=SYSTEM)
    return len(ended)


@transaction.atomic
def remove(membership: Membership, *, by: Actor) -> None:
    """Take a person out of the team. What they did there stays, under their name."""
    _lock([membership.team_id])
    require_other_manager([membership.team_id], membership.owner)
    _take_out(membership, "membership.removed", by=by)


def _take_out(membership: Membership, action: str, *, by: Actor) -> None:
    changes.note(
        action,
        membership,
        teams=[membership.team],
        by=by,
        owner=str(membership.owner_id),
        role=membership.role,
    )
    Membership.objects.filter(pk=membership.pk).delete()


def require_other_manager(team_ids: Iterable[UUID], owner: Owner) -> None:
    """Raise Conflict where the person is the last active manager of one of the teams.

    The caller holds the teams' locks, so that two managers cannot both leave at once.
    """
    managers = Membership.objects.filter(
        team_id__in=list(team_ids), role=Role.MANAGER, owner__deactivated_at=None
    )
    by_team: dict[UUID, set[UUID]] = {}
    for team_id, owner_id in managers.values_list("team_id", "owner_id"):
        by_team.setdefault(team_id, set()).add(owner_id)
    if {owner.pk} in by_team.values():
        raise Conflict("A team keeps at least one manager.", code="last_manager")


def lock_teams_of(owner: Owner) -> list[Team]:
    """Lock the teams that a person belongs to until the transaction ends, and return them."""
    teams = Membership.objects.filter(owner=owner).values_list("team_id", flat=True)
    return _lock(list(teams))


def _lock(team_ids: list[UUID]) -> list[Team]:
    rows = Team.objects.filter(pk__in=team_ids).order_by("pk")
    return list(rows.select_for_update(no_key=True))
