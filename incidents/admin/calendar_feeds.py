"""Calendar feeds: each person's own, and those of others where they manage."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.filters import TeamFilter
from crisis_api.access.admin.scope import caller_of
from crisis_api.access.admin.secret_page import shown_once
from crisis_api.access.admin.verbs import Act, Verb
from crisis_api.lib.errors import Forbidden
from incidents.models import CalendarFeed
from incidents.services import calendar_feeds

_OTHERS = "calendar_feeds.manage"


def _revoke(act: Act) -> None:
    calendar_feeds.revoke(act.row, by=act.by)


@admin.register(CalendarFeed)
class CalendarFeedAdmin(NounAdmin):
    """Addresses at which calendar programs read shifts."""

    view_permission = add_permission = "rotations.view"
    fieldsets = ((None, {"fields": ("team", "owner", "rotation", "last_read_at", "revoked_at")}),)
    add_fieldsets = (
        (
            None,
            {
                "fields": ("team", "rotation"),
                "description": _(
                    "You get an address for your calendar program, shown once. It needs no login, "
                    "so keep it to yourself. An earlier one of the same kind is revoked."
                ),
            },
        ),
    )
    readonly_fields = ("owner", "last_read_at", "revoked_at")
    autocomplete_fields = ("rotation",)
    list_display = ("owner", "rotation", "last_read_at", "revoked_at", "team")
    list_filter = (TeamFilter, ("revoked_at", admin.EmptyFieldListFilter))
    list_select_related = ("owner", "rotation", "team")
    search_fields = ("owner__name", "rotation__name")
    ordering = ("-created_at",)
    verbs = (
        Verb(
            "revoke",
            _("Revoke"),
            "rotations.view",
            _revoke,
            offered=lambda row: row.revoked_at is None,
            explains=_("The address leads nowhere from now on. Make another where it is needed."),
            done=_("Revoked."),
            icon="link_off",
            variant=ActionVariant.DANGER,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[CalendarFeed]:
        """Return the person's own, and those of teams that they manage."""
        caller = caller_of(request)
        seen = Q(team_id__in=caller.teams_for(_OTHERS))
        if caller.owner is not None:
            seen |= Q(owner=caller.owner)
        return super().get_queryset(request).filter(seen)

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> CalendarFeed:
        """Make a feed of the person who asks."""
        caller = caller_of(request)
        if caller.owner is None:
            raise Forbidden
        rotation = form.cleaned_data["rotation"]
        team = rotation.team if rotation else form.cleaned_data["team"]
        feed, url = calendar_feeds.issue(
            team=team, owner=caller.owner, rotation=rotation, by=caller.actor
        )
        # For the next page alone; no column keeps it.
        request.issued_address = url  # type: ignore[attr-defined]
        return feed

    def response_add(
        self, request: HttpRequest, obj: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the address, this once."""
        title = _("The address for your calendar program")
        secret: str = request.issued_address  # type: ignore[attr-defined]
        return shown_once(self, request, title=title, secret=secret, row=obj)
