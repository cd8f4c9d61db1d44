"""Reminders, and the messages that tell of them: what was sent, what is due, what died."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin import display
from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.filters import RelatedFilter, TeamFilter
from crisis_api.access.admin.panels import Panel
from crisis_api.access.admin.verbs import Act, Verb, in_status
from crisis_api.access.services import addresses
from crisis_api.lib import clock
from incidents.admin.incident_panels import state_of, what_of, whom
from incidents.admin.names import Lookup, subject_link
from incidents.models import Notification, Reminder
from incidents.services import dead_letters


def _fire_again(act: Act) -> None:
    dead_letters.fire_again(act.row, by=act.by)


def _send_again(act: Act) -> None:
    dead_letters.send_again(act.row, by=act.by)


@admin.register(Reminder)
class ReminderAdmin(NounAdmin):
    """Reminders, which the engine alone changes."""

    view_permission = "incidents.view"
    fieldsets = (
        (None, {"fields": (("kind", "state"), ("incident", "about"), "means")}),
        (None, {"fields": (("planned_at", "due_at"), ("fired_at", "outcome"))}),
        (None, {"fields": (("urgency", "critical"), ("working_hours_only", "generation"))}),
        (None, {"fields": (("attempts", "last_error"), "team")}),
    )
    readonly_fields = ("state", "about", "means")
    list_display = ("planned", "what", "incident", "state", "due", "attempts", "last_error")
    list_filter = ("status", "kind", "outcome", TeamFilter, "critical")
    list_select_related = ("incident", "person")
    search_fields = ("incident__reference",)
    date_hierarchy = None
    ordering = ("-planned_at", "-id")
    verbs = (
        Verb(
            "retry",
            _("Try again"),
            "notifications.retry",
            _fire_again,
            offered=in_status("parked"),
            explains=_("It failed five times and was left to a person."),
            done=_("It is tried again."),
            icon="replay",
            bulk=True,
        ),
    )

    @admin.display(description=_("planned"), ordering="planned_at")
    def planned(self, obj: Reminder) -> str:
        """When it was planned; that never changes."""
        return display.moment(obj.planned_at)

    @admin.display(description=_("due"), ordering="due_at")
    def due(self, obj: Reminder) -> str:
        """When it goes; that moves when it is postponed."""
        return display.moment(obj.due_at)

    @admin.display(description=_("what"), ordering="kind")
    def what(self, obj: Reminder) -> str:
        """What it is of."""
        return what_of(obj)

    @admin.display(description=_("state"), ordering="status")
    def state(self, obj: Reminder) -> Any:
        """Whether it was sent, is due, was cancelled or parked."""
        return state_of(obj, clock.now())

    @admin.display(description=_("about"))
    def about(self, obj: Reminder) -> Any:
        """What it is about."""
        return subject_link(obj.subject_type, obj.subject_id)

    @admin.display(description=_("whom"))
    def means(self, obj: Reminder) -> str:
        """Whom it means."""
        return whom(obj, Lookup.of_reminders([obj]))

    def panels(self, request: HttpRequest, row: Reminder) -> list[Panel]:
        """Show the messages that tell of it."""
        told = row.notifications.select_related("owner", "contact_point").order_by("id")
        rows = [_told(each) for each in told]
        return [Panel("messages", _("Messages"), _TOLD, rows, count=len(rows))]


_TOLD = (_("person"), _("through"), _("status"), _("sent"), _("attempts"), _("last error"))


def _told(row: Notification) -> tuple[Any, ...]:
    point = row.contact_point
    return (
        display.link(row, str(row.owner or point or display.NONE)),
        point.get_kind_display() if point else display.NONE,
        display.badge(row.status, row.get_status_display()),
        display.moment(row.sent_at),
        row.attempts,
        row.last_error,
    )


@admin.register(Notification)
class NotificationAdmin(NounAdmin):
    """Messages to people, which the engine and its senders alone change."""

    view_permission = "notifications.view"
    fieldsets = (
        (None, {"fields": (("owner", "through"), ("shown_status", "incident"))}),
        (None, {"fields": (("planned_at", "due_at"), ("sending_at", "sent_at"))}),
        (None, {"fields": (("urgency", "critical"), ("chain_position", "fallback_at"))}),
        (None, {"fields": (("attempts", "last_error"), ("provider_ref", "team"))}),
    )
    readonly_fields = ("through", "shown_status")
    list_display = ("planned", "owner", "through", "incident", "shown_status", "sent", "last_error")
    list_filter = ("status", TeamFilter, ("owner", RelatedFilter), "urgency", "critical")
    list_select_related = ("owner", "contact_point", "incident")
    search_fields = ("owner__name", "incident__reference")
    ordering = ("-id",)
    verbs = (
        Verb(
            "retry",
            _("Send again"),
            "notifications.retry",
            _send_again,
            offered=in_status("dead"),
            explains=_("It goes to the first contact point that is usable now."),
            done=_("It is sent again."),
            icon="replay",
            bulk=True,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notification]:
        """Return the messages with how they go."""
        rows: QuerySet[Notification] = super().get_queryset(request)
        return rows.select_related("contact_point")

    @admin.display(description=_("planned"), ordering="id")
    def planned(self, obj: Notification) -> str:
        """When it was planned."""
        return display.moment(obj.planned_at)

    @admin.display(description=_("sent"), ordering="sent_at")
    def sent(self, obj: Notification) -> str:
        """When it was sent."""
        return display.moment(obj.sent_at)

    @admin.display(description=_("through"))
    def through(self, obj: Notification) -> str:
        """Through what, so that it can be recognised and not used."""
        point = obj.contact_point
        return addresses.masked(point.kind, point.address) if point else display.NONE

    @admin.display(description=_("status"), ordering="status")
    def shown_status(self, obj: Notification) -> Any:
        """What came of it, in colour."""
        return display.badge(obj.status, obj.get_status_display())

    def panels(self, request: HttpRequest, row: Notification) -> list[Panel]:
        """Show the reminders that it tells of."""
        now = clock.now()
        covered = row.reminders.select_related("incident").order_by("planned_at")
        rows = [
            (
                display.moment(each.planned_at),
                display.link(each, what_of(each)),
                display.link(each.incident) if each.incident else display.NONE,
                state_of(each, now),
            )
            for each in covered
        ]
        columns = (_("planned"), _("what"), _("incident"), _("state"))
        return [Panel("reminders", _("Reminders"), columns, rows, count=len(rows))]
