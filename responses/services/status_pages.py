"""The public page of a team: turned on and worded by its managers."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from crisis_api.access.models import Team
from crisis_api.access.services import changes
from crisis_api.lib.actors import Actor
from responses.models import StatusPage


def page_of(team: Team) -> StatusPage:
    """Return a team's page, turned off where nobody has turned it on yet."""
    page: StatusPage
    page, _made = StatusPage.objects.get_or_create(team=team)
    return page


def address_of(slug: str, statement_id: UUID) -> str:
    """Return where a published statement of a team is read, as long as its page is on."""
    path: str = reverse("status_page:statement", args=[slug, statement_id])
    return f"{settings.PUBLIC_URL}{path}"


@transaction.atomic
def change(team: Team, *, by: Actor, version: int | None = None, **values: Any) -> StatusPage:
    """Turn the page on or off, or change its titles, introductions and public contact.

    What was published stays published while the page is off; nobody sees it meanwhile.
    """
    page_of(team)
    page: StatusPage = StatusPage.objects.select_for_update(no_key=True).get(team=team)
    fields = changes.apply(page, values, by=by, version=version)
    if fields:
        changes.note("status_page.changed", page, teams=[team], by=by, fields=fields)
    return page
