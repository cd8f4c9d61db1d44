"""Receipts: the raw things that arrived, and what could not be read in them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin import display
from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.filters import RelatedFilter, TeamFilter
from crisis_api.access.admin.panels import Panel
from incidents.admin.mentions import text_of
from incidents.models import Receipt


@admin.register(Receipt)
class ReceiptAdmin(NounAdmin):
    """Receipts, which nobody changes."""

    view_permission = "receipts.view"
    fieldsets = (
        (None, {"fields": (("source", "content_type"), ("account", "team"))}),
        (
            None,
            {"fields": (("shown_status", "mention_count"), ("received_at", "attempts", "copies"))},
        ),
        (None, {"fields": ("raw", "body_sha256")}),
    )
    readonly_fields = ("shown_status", "raw", "attempts", "copies", "body_sha256")
    list_display = ("received", "source", "account", "shown_status", "mention_count", "failed")
    list_filter = ("status", TeamFilter, ("account", RelatedFilter), "source")
    list_select_related = ("account",)
    search_fields = ("source", "body_sha256")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the receipts without what arrived, which may be long."""
        return super().get_queryset(request).defer("body")

    @admin.display(description=_("received"), ordering="id")
    def received(self, obj: Receipt) -> str:
        """When it arrived."""
        return display.moment(obj.received_at)

    @admin.display(description=_("status"), ordering="status")
    def shown_status(self, obj: Receipt) -> Any:
        """What came of it, in colour."""
        return display.badge(obj.status, obj.get_status_display())

    @admin.display(description=_("errors"))
    def failed(self, obj: Receipt) -> int:
        """How many lines could not be read."""
        return len(obj.errors)

    @admin.display(description=_("what arrived"))
    def raw(self, obj: Receipt) -> Any:
        """What arrived, as text."""
        return text_of(obj.body)

    def panels(self, request: HttpRequest, row: Receipt) -> list[Panel]:
        """Show what could not be read."""
        rows = [
            (error.get("line") or display.NONE, error.get("pointer", ""), error.get("code", ""))
            for error in row.errors
        ]
        columns = (_("line"), _("where"), _("what is wrong"))
        return [Panel("errors", _("Errors"), columns, rows, count=len(rows))]
