"""Teams: made, changed, frozen."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from crisis_api.access.models import Team
from crisis_api.access.services import changes
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from crisis_api.lib.records import made_by


@transaction.atomic
def create(
    *, name: str, slug: str, by: Actor, language: str = "en", time_zone: str = "UTC"
) -> Team:
    """Make a team with nobody in it. The settings that other parts keep for it are theirs."""
    team = Team.objects.create(
        name=name, slug=slug, language=language, time_zone=time_zone, **made_by(by)
    )
    changes.note("team.created", team, teams=[team], by=by)
    return team


@transaction.atomic
def change(team: Team, *, by: Actor, version: int | None = None, values: Mapping[str, Any]) -> Team:
    """Change the name, address, language, zone, or whether personal keys may approve."""
    fields = changes.apply(team, values, by=by, version=version)
    if fields:
        changes.note("team.changed", team, teams=[team], by=by, fields=fields)
    return team


@transaction.atomic
def freeze(team: Team, *, by: Actor) -> Team:
    """Stop everything that goes out but reminders; doing it again changes nothing."""
    if Team.objects.filter(pk=team.pk, frozen_at=None).change(frozen_at=clock.now()):
        changes.note("team.frozen", team, teams=[team], by=by)
    team.refresh_from_db()
    return team


@transaction.atomic
def unfreeze(team: Team, *, by: Actor) -> Team:
    """Let things go out again; doing it again changes nothing."""
    if Team.objects.filter(pk=team.pk, frozen_at__isnull=False).change(frozen_at=None):
        changes.note("team.unfrozen", team, teams=[team], by=by)
    team.refresh_from_db()
    return team
