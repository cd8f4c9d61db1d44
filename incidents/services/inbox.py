"""The inbox of a team: its settings, its hand-over notes, and how much one person is given."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from crisis_api.access.models import Owner, Team
from crisis_api.access.services import changes
from crisis_api.lib.actors import Actor
from crisis_api.lib.records import made_by
from incidents.models import HandoverNote, InboxSettings, Mention
from incidents.priority import INJURY

# Over which time the toxic mentions of one person are counted.
HOUR: Final = timedelta(hours=1)


@transaction.atomic
def settings_of(team: Team, *, by: Actor) -> InboxSettings:
    """Return the team's settings, made with their defaults where there are none."""
    found: InboxSettings
    found, created = InboxSettings.objects.get_or_create(team=team, defaults=made_by(by))
    if created:
        changes.note("inbox_settings.created", found, teams=[team], by=by)
    return found


@transaction.atomic
def change_settings(
    settings: InboxSettings, *, by: Actor, version: int | None = None, values: Mapping[str, Any]
) -> InboxSettings:
    """Change how the team works through its inbox; leases that run keep their end."""
    rows = InboxSettings.objects.select_for_update(no_key=True)
    row: InboxSettings = rows.get(pk=settings.pk)
    fields = changes.apply(row, values, by=by, version=version)
    if fields:
        changes.note("inbox_settings.changed", row, teams=[row.team], by=by, fields=fields)
    return row


@transaction.atomic
def write_note(*, team: Team, text: str, author: Owner | None, by: Actor) -> HandoverNote:
    """Tell whoever begins the next shift something; it is never changed."""
    note = HandoverNote.objects.create(team=team, text=text, author=author, **made_by(by))
    changes.note("handover_note.created", note, teams=[team], by=by)
    return note


def has_had_enough(owner: Owner, team_id: UUID, *, now: datetime) -> bool:
    """Whether a person has dealt with as many toxic mentions as the team gives one in an hour.

    Reading insults and threats one after another wears people out.
    """
    settings = InboxSettings.objects.filter(team_id=team_id, toxic_per_hour__isnull=False)
    most = settings.values_list("toxic_per_hour", flat=True).first()
    if most is None:
        return False
    lately = Mention.objects.filter(team_id=team_id, handled_at__gt=now - HOUR)
    return bool(lately.filter(handled_by=owner, is_toxic=True).count() >= most)


def spare(
    rows: QuerySet[Mention], owner: Owner | None, team_ids: Collection[UUID], *, now: datetime
) -> tuple[QuerySet[Mention], bool]:
    """Leave out the toxic mentions of teams in which a person has had enough for now.

    Returns whether anything is left out. An injury is shown all the same: somebody is hurt.
    """
    tired = [team for team in team_ids if owner and has_had_enough(owner, team, now=now)]
    if not tired:
        return rows, False
    toxic = Q(team_id__in=tired, is_toxic=True, priority__lt=INJURY)
    return rows.exclude(toxic), True
