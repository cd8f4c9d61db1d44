"""Filters of lists: what they offer is what the person may see."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin.scope import caller_of, rows_for
from crisis_api.access.models import Team


class TeamFilter(SimpleListFilter):
    """One of the person's teams; not offered to those who have one."""

    title = _("team")
    parameter_name = "team"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the teams to choose from."""
        teams = Team.objects.filter(pk__in=caller_of(request).team_ids()).order_by("name")
        found = [(str(team.pk), team.name) for team in teams]
        return found if len(found) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rows of the team."""
        chosen = {str(team) for team in caller_of(request).team_ids()} & {str(self.value())}
        return queryset.filter(team_id__in=chosen) if self.value() else queryset


class RelatedFilter(admin.RelatedFieldListFilter):
    """Rows that name another row, of those that the person may see."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        """Return what may be chosen."""
        rows = rows_for(model_admin.admin_site, field.remote_field.model, request)
        return [(row.pk, str(row)) for row in rows[:200]]
