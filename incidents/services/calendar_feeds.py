"""Shifts for people's calendars: secret addresses, made anew, revoked, and what stands there."""

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from crisis_api.access.models import Membership, Owner, Team
from crisis_api.access.services import changes, memberships
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import NotFound
from crisis_api.lib.records import made_by
from incidents.escalation import on_call, rotations
from incidents.escalation.rotations import Shift
from incidents.models import CalendarFeed, Rotation

BEFORE, AFTER = timedelta(days=30), timedelta(days=180)
# Programs read every few minutes; a write each time would be for nothing.
READ_RESOLUTION = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """One shift in a calendar. `person` is None where that person has left, so nobody's."""

    rotation: Rotation
    person: Owner | None
    shift: Shift


@dataclass(frozen=True, slots=True)
class Calendar:
    """What a feed shows, and to whom."""

    feed: CalendarFeed
    entries: tuple[Entry, ...]


@transaction.atomic
def issue(
    *, team: Team, owner: Owner, rotation: Rotation | None = None, by: Actor
) -> tuple[CalendarFeed, str]:
    """Make a feed and return it with its address, which is never shown again.

    An earlier one of the same kind is revoked: whoever lost an address asks for another.
    """
    memberships.find_members(team, [owner.pk])
    # Two at once would both revoke the same one and then meet at the constraint.
    Owner.objects.select_for_update(no_key=True).get(pk=owner.pk)
    earlier = CalendarFeed.objects.current().filter(team=team, owner=owner, rotation=rotation)
    for feed in earlier:
        revoke(feed, by=by)
    token = secrets.token_urlsafe(32)
    feed = CalendarFeed.objects.create(
        team=team, owner=owner, rotation=rotation, token_sha256=_digest(token), **made_by(by)
    )
    about = {"rotation": str(rotation.pk)} if rotation else {}
    changes.note("calendar_feed.issued", feed, teams=[team], by=by, owner=str(owner.pk), **about)
    return feed, address(token)


@transaction.atomic
def revoke(feed: CalendarFeed, *, by: Actor) -> CalendarFeed:
    """Make the address lead nowhere, at once and for good."""
    row: CalendarFeed = CalendarFeed.objects.select_for_update(no_key=True).get(pk=feed.pk)
    if row.revoked_at is None:
        CalendarFeed.objects.filter(pk=row.pk).change(revoked_at=clock.now())
        changes.note("calendar_feed.revoked", row, teams=[row.team], by=by)
        row.refresh_from_db()
    return row


def address(token: str) -> str:
    """Return where a calendar program reads the feed."""
    return f"{settings.PUBLIC_URL}/calendar/{token}.ics"


def read(token: str) -> Calendar:
    """Return what the feed of that address shows; NotFound where it leads nowhere any more."""
    feed = (
        CalendarFeed.objects.current()
        .filter(token_sha256=_digest(token))
        .select_related("owner", "rotation", "team")
        .first()
    )
    now = clock.now()
    if feed is None or not _may_read(feed):
        raise NotFound
    if feed.last_read_at is None or now - feed.last_read_at >= READ_RESOLUTION:
        CalendarFeed.objects.filter(pk=feed.pk).update(last_read_at=now)
    return Calendar(feed, tuple(_entries(feed, now)))


def _may_read(feed: CalendarFeed) -> bool:
    """The person is still active and in the team."""
    members = Membership.objects.filter(owner__deactivated_at=None)
    return members.filter(owner_id=feed.owner_id, team_id=feed.team_id).exists()


def _entries(feed: CalendarFeed, now: datetime) -> Iterator[Entry]:
    start, end = now - BEFORE, now + AFTER
    here = {owner.pk: owner for owner in Owner.objects.of_team(feed.team_id)}
    shown = Rotation.objects.current().filter(team_id=feed.team_id)
    if feed.rotation_id is not None:
        shown = shown.filter(pk=feed.rotation_id)
    for rotation in shown.order_by("id"):
        schedule = on_call.schedule_of(rotation, start)
        for shift in rotations.shifts(schedule.shape, schedule.overrides, start, end):
            person = UUID(shift.person)
            if feed.rotation_id is not None or person == feed.owner_id:
                yield Entry(rotation, here.get(person), shift)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
