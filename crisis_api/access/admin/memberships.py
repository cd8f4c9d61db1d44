"""Memberships: who belongs to a team, and as what."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.filters import TeamFilter
from crisis_api.access.admin.scope import caller_of, is_superuser
from crisis_api.access.models import Membership, Owner, Team
from crisis_api.access.services import memberships
from crisis_api.lib.actors import Actor


@admin.register(Membership)
class MembershipAdmin(NounAdmin):
    """Memberships; whoever runs the installation keeps those of every team."""

    view_permission = "memberships.view"
    add_permission = change_permission = delete_permission = "memberships.manage"
    fieldsets = ((None, {"fields": ("team", "owner", "role", "expires_at")}),)
    list_display = ("owner", "role", "expires_at", "team")
    list_filter = (TeamFilter, "role")
    list_select_related = ("owner", "team")
    search_fields = ("owner__name",)
    ordering = ("owner__name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """Return the memberships of the person's teams, or of all."""
        if is_superuser(request):
            return Membership.objects.all()
        return super().get_queryset(request)

    def _may(self, request: HttpRequest, permission: str, row: Any) -> bool:
        return is_superuser(request) or super()._may(request, permission, row)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Change only the role: another person is another membership."""
        fixed = super().get_readonly_fields(request, obj)
        return [*fixed, "owner"] if obj is not None else fixed

    def get_field_queryset(self, db: Any, db_field: Any, request: HttpRequest) -> QuerySet[Any]:
        """Offer all teams and people to those who run the installation."""
        if not is_superuser(request):
            return super().get_field_queryset(db, db_field, request)
        return Team.objects.all() if db_field.name == "team" else Owner.objects.all()

    def _require_team(self, request: HttpRequest, form: Any) -> None:
        if not is_superuser(request):
            super()._require_team(request, form)

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> Membership:
        """Make a person a member."""
        return memberships.add(
            **form.values("team", "owner", "role", "expires_at"), by=caller_of(request).actor
        )

    def change(self, request: HttpRequest, row: Any, form: Any, formsets: Any) -> None:
        """Give a member another role, or another end."""
        by = caller_of(request).actor
        values = form.values("role", "expires_at")
        memberships.change(row, by=by, version=row.version, values=values)

    def delete(self, row: Any, *, by: Actor) -> None:
        """Take a person out of the team."""
        memberships.remove(row, by=by)
