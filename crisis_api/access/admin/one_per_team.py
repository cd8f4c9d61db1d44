"""Nouns of which a team has one row."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.models import Team


class OnePerTeamAdmin(NounAdmin):
    """Offers to add one only for teams that have none yet."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether the person may add one, and a team of theirs still lacks it."""
        if not super().has_add_permission(request):
            return False
        field = self.opts.get_field("team")
        return self.get_field_queryset(None, field, request).exists()

    def get_field_queryset(
        self, db: str | None, db_field: Any, request: HttpRequest
    ) -> QuerySet[Any]:
        """Offer the teams that have none."""
        rows = super().get_field_queryset(db, db_field, request)
        if db_field.remote_field.model is not Team:
            return rows
        return rows.exclude(pk__in=self.model._default_manager.values("team_id"))
