"""The audit: who changed access and configuration, and when."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin import display
from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.filters import TeamFilter
from crisis_api.access.models import AuditEvent


@admin.register(AuditEvent)
class AuditEventAdmin(NounAdmin):
    """Lines of the audit, which nobody changes."""

    view_permission = "audit_events.view"
    record_fields = ()
    fieldsets = (
        (None, {"fields": ("at", "action", "who", "object_type", "object_id", "team", "data")}),
    )
    readonly_fields = ("at", "who")
    list_display = ("at", "action", "who", "object_type", "team")
    list_filter = (TeamFilter, "object_type")
    list_select_related = ("team",)
    search_fields = ("action", "object_id__exact")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        """Return the lines of teams that the person manages, with who did it."""
        return display.with_actor(super().get_queryset(request))

    @admin.display(description=_("at"), ordering="id")
    def at(self, obj: AuditEvent) -> str:
        """When."""
        return display.moment(obj.created_at)

    @admin.display(description=_("who"))
    def who(self, obj: AuditEvent) -> str:
        """Who did it."""
        return display.actor_of(obj)
