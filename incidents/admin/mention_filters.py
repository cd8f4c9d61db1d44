"""Which mentions are looked at: what waits for somebody, and who has taken it."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin.scope import caller_of
from crisis_api.lib import clock
from incidents.priority import INJURY
from incidents.services import inbox

# What is older waits for no answer any more: the Overview counts, and its card shows, the last day.
LATELY = timedelta(hours=24)


class UnansweredFilter(admin.SimpleListFilter):
    """What waits for somebody: the inbox."""

    title = _("Unanswered")
    parameter_name = "unanswered"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer all of it, those of the last day, as the Overview does, and what is injured."""
        return [
            ("yes", _("all of them")),
            ("lately", _("in the last 24 hours")),
            ("injuries", _("injuries")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return what was chosen."""
        if self.value() is None:
            return queryset
        caller, now = caller_of(request), clock.now()
        rows, _spared = inbox.spare(
            queryset.filter(priority__gt=0), caller.owner, caller.team_ids(), now=now
        )
        if self.value() == "lately":
            return rows.filter(written_at__gte=now - LATELY)
        return rows.filter(priority__gte=INJURY) if self.value() == "injuries" else rows


class TakenFilter(admin.SimpleListFilter):
    """Who has taken it at the moment."""

    title = _("taken")
    parameter_name = "taken"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer one's own, and what nobody has."""
        return [("mine", _("by me")), ("free", _("by nobody"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return what was chosen."""
        taken = {"leased_until__gt": clock.now()}
        if self.value() == "mine":
            return queryset.filter(leased_by=caller_of(request).owner, **taken)
        return queryset.exclude(**taken) if self.value() == "free" else queryset
