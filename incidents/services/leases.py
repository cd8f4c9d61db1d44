"""Taking a mention, so that two people don't answer the same person.

A lease ends by itself. Taking it again makes it last longer; dealing with the mention ends it.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from crisis_api.access.models import Owner
from crisis_api.lib import clock
from crisis_api.lib.errors import Conflict, Forbidden, Refused, Stale
from incidents.models import InboxSettings, Mention

USUAL = timedelta(seconds=InboxSettings._meta.get_field("lease_seconds").default)
FREE: dict[str, Any] = {"leased_by": None, "leased_until": None}


@transaction.atomic
def take(mention: Mention, *, owner: Owner | None, version: int | None = None) -> Mention:
    """Take a mention for as long as the team's settings say, or longer if it is theirs already."""
    if owner is None:
        raise Refused("Only a person takes a mention, not a team's key.", code="no_person")
    now = clock.decisive_now()
    row = hold(mention, version=version)
    if row.handled_at is not None:
        raise already_handled(row)
    refuse_anothers(row, owner, now)
    lasts = InboxSettings.objects.filter(team=row.team_id).values_list("lease_seconds", flat=True)
    seconds = lasts.first()
    until = now + (USUAL if seconds is None else timedelta(seconds=seconds))
    put(row, leased_by=owner, leased_until=until)
    return row


@transaction.atomic
def release(
    mention: Mention, *, owner: Owner | None, anybodys: bool = False, version: int | None = None
) -> Mention:
    """Let others take a mention; one that nobody has taken stays as it is.

    `anybodys`: also what another person has taken.
    """
    now = clock.decisive_now()
    row = hold(mention, version=version)
    if row.leased_by_id is None:
        return row
    if not anybodys and _is_anothers(row, owner, now):
        raise Forbidden("Another person has taken this mention.", code="not_your_lease")
    put(row, **FREE)
    return row


def hold(mention: Mention, *, version: int | None = None) -> Mention:
    """Lock a mention until the transaction ends and return it as it is now."""
    # Without the person: one that is joined is not read again after a wait for the lock.
    row: Mention = Mention.objects.select_for_update(no_key=True).get(pk=mention.pk)
    if version is not None and row.version != version:
        raise Stale
    return row


def put(row: Mention, **values: Any) -> None:
    """Write the values to a row that is held, and to the instance in hand."""
    now = clock.now()
    Mention.objects.filter(pk=row.pk).change(updated_at=now, **values)
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    row.updated_at = now


def refuse_anothers(row: Mention, owner: Owner | None, now: datetime) -> None:
    """Raise Conflict, with who holds it, where another person has taken the mention."""
    if _is_anothers(row, owner, now) and row.leased_by and row.leased_until:
        raise Conflict(
            "Another person has taken this mention.",
            code="leased",
            leased_by=str(row.leased_by_id),
            leased_by_name=row.leased_by.name,
            leased_until=row.leased_until.isoformat(),
        )


def already_handled(row: Mention) -> Conflict:
    """Return the refusal of what is dealt with, with who did what."""
    return Conflict(
        "This mention is dealt with.",
        code="already_handled",
        outcome=row.outcome,
        handled_by=str(row.handled_by_id) if row.handled_by_id else None,
        allowed=["reopen"],
    )


def _is_anothers(row: Mention, owner: Owner | None, now: datetime) -> bool:
    if row.leased_by_id is None or row.leased_until is None or row.leased_until <= now:
        return False
    return owner is None or row.leased_by_id != owner.pk
