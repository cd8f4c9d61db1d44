"""The timeline of a team, its runs of escalation, and the engines that work them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crisis_api.access.admin import display
from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.filters import TeamFilter
from crisis_api.access.admin.scope import caller_of
from crisis_api.access.admin.verbs import Act, Verb
from crisis_api.lib import clock
from incidents.admin.names import Lookup, as_id, subject_link
from incidents.admin.sentences import sentence
from incidents.escalation.health import SILENT_AFTER
from incidents.models import EngineHeartbeat, Escalation, Event, PendingEvent
from incidents.services import dead_letters


def _react_again(act: Act) -> None:
    dead_letters.react_again(act.row, by=act.by)


class OfIncident(admin.SimpleListFilter):
    """The events of one incident, named in the address."""

    title = _("incident")
    parameter_name = "incident"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer what the address names: nobody chooses among thousands here."""
        given = request.GET.get(self.parameter_name)
        return [(given, str(_("the one that was chosen")))] if given else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the events of the incident."""
        if not self.value():
            return queryset
        return queryset.filter(incident_id=as_id(self.value()))


@admin.register(Event)
class EventAdmin(NounAdmin):
    """What happened, which nobody changes."""

    view_permission = "incidents.view"
    record_fields = ()
    fieldsets = (
        (None, {"fields": ("at", "says", "kind", "who")}),
        (None, {"fields": (("incident", "sequence"), "about", "team")}),
        (None, {"fields": ("data", "id")}),
    )
    readonly_fields = ("at", "says", "who", "about")
    list_display = ("at", "says", "incident", "who", "about", "team")
    list_filter = (OfIncident, TeamFilter, "kind")
    list_select_related = ("incident", "team")
    search_fields = ("incident__reference", "kind")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """Return the events of the person's teams, with who did it."""
        return display.with_actor(super().get_queryset(request))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Look up together whom the events of a page name."""
        page = super().get_changelist_instance(request)
        page.result_list = list(page.result_list)
        lookup = Lookup.of_events(page.result_list)
        for event in page.result_list:
            event.lookup = lookup
        return page

    @admin.display(description=_("at"), ordering="id")
    def at(self, obj: Event) -> str:
        """When."""
        return display.moment(obj.occurred_at)

    @admin.display(description=_("what happened"))
    def says(self, obj: Event) -> str:
        """What happened, in a sentence."""
        return sentence(obj, getattr(obj, "lookup", None) or Lookup.of_events([obj]))

    @admin.display(description=_("who"))
    def who(self, obj: Event) -> str:
        """Who did it."""
        return display.actor_of(obj)

    @admin.display(description=_("about"))
    def about(self, obj: Event) -> Any:
        """What it is about."""
        return subject_link(obj.subject_type, obj.subject_id)


@admin.register(PendingEvent)
class PendingEventAdmin(NounAdmin):
    """Events from which the consequences could not be drawn: a person looks at them."""

    view_permission = "incidents.view"
    record_fields = ()
    fieldsets = ((None, {"fields": ("event", "attempts", "last_error", "parked_at")}),)
    list_display = ("event", "parked_at", "attempts", "last_error")
    list_select_related = ("event",)
    ordering = ("-parked_at",)
    verbs = (
        Verb(
            "retry",
            _("Try again"),
            "notifications.retry",
            _react_again,
            offered=lambda row: row.parked_at is not None,
            explains=_("It failed five times and was left to a person."),
            done=_("It is tried again."),
            icon="replay",
            bulk=True,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[PendingEvent]:
        """Return those that were parked; the others are under way."""
        teams = caller_of(request).teams_for(self.view_permission)
        return PendingEvent.objects.filter(event__team_id__in=teams, parked_at__isnull=False)

    def may(self, request: HttpRequest, permission: str, row: PendingEvent) -> bool:
        """Whether the person sees the event."""
        return caller_of(request).may(permission, row.event.team_id)


@admin.register(Escalation)
class EscalationAdmin(NounAdmin):
    """Runs of policies, each with the plan that it started with."""

    view_permission = "incidents.view"
    fieldsets = (
        (None, {"fields": (("incident", "policy"), ("status", "generation"))}),
        (None, {"fields": (("started_at", "ended_at"), ("round", "team"), "plan")}),
    )
    list_display = ("incident", "generation", "policy", "status", "round", "started_at", "ended_at")
    list_filter = ("status", TeamFilter)
    list_select_related = ("incident", "policy")
    search_fields = ("incident__reference",)
    ordering = ("-started_at",)


@admin.register(EngineHeartbeat)
class EngineHeartbeatAdmin(NounAdmin):
    """The engines, and when each last ticked."""

    view_permission = "teams.view"
    record_fields = ()
    fieldsets = ((None, {"fields": ("name", "started_at", "ticked_at", "ticks", "version")}),)
    list_display = ("name", "state", "ticked_at", "ticks", "started_at", "version")
    ordering = ("-ticked_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[EngineHeartbeat]:
        """Return all engines: they work for every team, and say nothing of any."""
        return EngineHeartbeat.objects.all()

    def may(self, request: HttpRequest, permission: str, row: EngineHeartbeat) -> bool:
        """Whether the person belongs to a team."""
        return caller_of(request).may(permission)

    @admin.display(description=_("state"))
    def state(self, obj: EngineHeartbeat) -> Any:
        """Whether it ticks."""
        if clock.now() - obj.ticked_at <= SILENT_AFTER:
            return display.badge("active", pgettext_lazy("what an engine does", "ticks"))
        return display.badge("dead", _("silent"))
