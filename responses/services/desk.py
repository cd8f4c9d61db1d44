"""How a team answers: for which incidents a ticket is drafted, and who is its contact."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from crisis_api.access.models import Team
from crisis_api.access.services import changes
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import FieldError, Invalid
from incidents.models import Category
from responses.models import DeskSettings


def settings_of(team: Team) -> DeskSettings:
    """Return a team's settings, with their defaults where nobody has set any."""
    settings: DeskSettings
    settings, _made = DeskSettings.objects.get_or_create(team=team)
    return settings


@transaction.atomic
def change(team: Team, *, by: Actor, version: int | None = None, **values: Any) -> DeskSettings:
    """Change a team's settings: `ticket_categories`, `ticket_language`, brand and contact."""
    if "ticket_categories" in values:
        _check_categories(values["ticket_categories"])
        values["ticket_categories"] = sorted(set(values["ticket_categories"]))
    row = settings_of(team)
    fields = changes.apply(row, values, by=by, version=version)
    if fields:
        changes.note("desk_settings.changed", row, teams=[team], by=by, fields=fields)
    return row


def _check_categories(categories: Sequence[str]) -> None:
    errors = [
        FieldError(f"/ticket_categories/{place}", "invalid_choice", _("No such category."))
        for place, word in enumerate(categories)
        if word not in Category.values
    ]
    if errors:
        raise Invalid(errors=errors)
