"""The audit: who changed access and configuration, and when."""

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crisis_api.access.admin import display
from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.filters import TeamFilter
from crisis_api.access.models import AuditEvent

# What follows the dot of an action.
_VERBS = {
    "accepted": pgettext_lazy("done, in the audit", "accepted"),
    "added": pgettext_lazy("done, in the audit", "added"),
    "archived": pgettext_lazy("done, in the audit", "archived"),
    "arranged": pgettext_lazy("done, in the audit", "put in order"),
    "asked": pgettext_lazy("done, in the audit", "asked"),
    "cancelled": pgettext_lazy("done, in the audit", "cancelled"),
    "changed": pgettext_lazy("done, in the audit", "changed"),
    "created": pgettext_lazy("done, in the audit", "created"),
    "deactivated": pgettext_lazy("done, in the audit", "deactivated"),
    "declined": pgettext_lazy("done, in the audit", "declined"),
    "deleted": pgettext_lazy("done, in the audit", "deleted"),
    "disabled": pgettext_lazy("done, in the audit", "disabled"),
    "enabled": pgettext_lazy("done, in the audit", "enabled"),
    "erased": pgettext_lazy("done, in the audit", "erased"),
    "expired": pgettext_lazy("done, in the audit", "expired"),
    "frozen": pgettext_lazy("done, in the audit", "frozen"),
    "held": pgettext_lazy("done, in the audit", "held back"),
    "issued": pgettext_lazy("done, in the audit", "issued"),
    "password_set": pgettext_lazy("done, in the audit", "password set"),
    "reactivated": pgettext_lazy("done, in the audit", "reactivated"),
    "released": pgettext_lazy("done, in the audit", "released"),
    "removed": pgettext_lazy("done, in the audit", "removed"),
    "replayed": pgettext_lazy("done, in the audit", "sent again"),
    "revoked": pgettext_lazy("done, in the audit", "revoked"),
    "secret_rotated": pgettext_lazy("done, in the audit", "secret rotated"),
    "tested": pgettext_lazy("done, in the audit", "tried"),
    "unfrozen": pgettext_lazy("done, in the audit", "unfrozen"),
    "withdrawn": pgettext_lazy("done, in the audit", "withdrawn"),
}
_NOUNS = {
    model._meta.model_name: model._meta.verbose_name
    for app in ("access", "incidents", "responses")
    for model in apps.get_app_config(app).get_models()
}


@admin.register(AuditEvent)
class AuditEventAdmin(NounAdmin):
    """Lines of the audit, which nobody changes."""

    view_permission = "audit_events.view"
    record_fields = ()
    fieldsets = (
        (None, {"fields": ("at", "done", "noun", "who", "team")}),
        (None, {"fields": ("action", "object_id", "data")}),
    )
    readonly_fields = ("at", "done", "noun", "who")
    list_display = ("at", "noun", "done", "who", "team")
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

    @admin.display(description=_("what it is about"), ordering="object_type")
    def noun(self, obj: AuditEvent) -> str:
        """What it is about."""
        return str(_NOUNS.get(obj.object_type, obj.object_type))

    @admin.display(description=_("what was done"), ordering="action")
    def done(self, obj: AuditEvent) -> str:
        """What was done with it."""
        verb = obj.action.rpartition(".")[2]
        return str(_VERBS.get(verb) or verb.replace("_", " "))

    @admin.display(description=_("who"))
    def who(self, obj: AuditEvent) -> str:
        """Who did it."""
        return display.actor_of(obj)
