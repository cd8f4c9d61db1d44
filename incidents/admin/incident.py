"""The page of an incident: its state, what happened, who is reminded, what people write."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin import display
from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.filters import RelatedFilter, TeamFilter
from crisis_api.access.admin.panels import Panel
from crisis_api.access.admin.scope import caller_of
from crisis_api.lib import clock
from crisis_api.lib.folding import fold
from incidents.admin import panels
from incidents.admin.incident_forms import IncidentForm
from incidents.admin.incident_verbs import VERBS
from incidents.models import UNRESOLVED, Incident, IncidentStatus, Reminder, Severity
from incidents.services import editing, lifecycle

_EDITED = ("title", "category", "severity", "summary", "policy", "account", "links")
_OPENED = ("team", "title", "category", "severity", "mode", "summary", "account", "owner", "policy")


class Unresolved(admin.SimpleListFilter):
    """What somebody still has to end."""

    title = _("unresolved")
    parameter_name = "unresolved"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the one choice."""
        return [("yes", _("unresolved")), ("nobodys", _("unresolved, without an owner"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep those."""
        match self.value():
            case "yes":
                return queryset.filter(status__in=UNRESOLVED)
            case "nobodys":
                return queryset.filter(status__in=UNRESOLVED, owner=None)
        return queryset


@admin.register(Incident)
class IncidentAdmin(NounAdmin):
    """Incidents. They are opened, moved on and merged; never deleted."""

    view_permission = "incidents.view"
    add_permission = "incidents.open"
    change_permission = "incidents.edit"
    form = IncidentForm
    # A storm raises the counts, and with them the version, many times a minute.
    edition_fields = (
        "title",
        "category",
        "severity",
        "summary",
        "policy_id",
        "account_id",
        "links",
    )
    shown_as = {"external_refs": "called_elsewhere", "links": "linked"}
    opening_panel = "timeline"
    verbs = VERBS
    fieldsets = (
        (None, {"fields": ("title", ("category", "severity"), "summary")}),
        (_("Whom to remind"), {"fields": (("policy", "account"),)}),
        (_("Elsewhere"), {"fields": ("links", "external_refs")}),
        (
            _("Progress"),
            {
                "fields": (
                    ("team", "mode"),
                    ("detected_at", "opened_at"),
                    ("acknowledged_at", "first_public_response_at"),
                    ("contained_at", "resolved_at"),
                    ("closed_at", "signal_count"),
                    "dedup_key",
                    "resolution_note",
                ),
                "classes": ["collapse"],
            },
        ),
    )
    add_fieldsets = (
        (None, {"fields": ("team", "title", ("category", "severity"), "summary")}),
        (
            _("Whom to remind"),
            {
                "fields": (("owner", "policy"), "account"),
                "description": _("Left empty, the assignment rules decide."),
            },
        ),
        (_("More"), {"fields": ("mode", "dedup_key", "links", "external_refs")}),
    )
    readonly_fields = (
        "called_elsewhere",
        "linked",
        "detected_at",
        "opened_at",
        "acknowledged_at",
        "first_public_response_at",
        "contained_at",
        "resolved_at",
        "closed_at",
        "signal_count",
        "resolution_note",
    )
    autocomplete_fields = ("owner", "policy", "account")
    list_display = (
        "reference",
        "shown_severity",
        "shown_status",
        "title",
        "owner",
        "negative_count",
        "mention_count",
        "opened",
        "team",
    )
    list_display_links = ("reference", "title")
    list_filter = (
        Unresolved,
        "status",
        "severity",
        "category",
        TeamFilter,
        ("owner", RelatedFilter),
        ("account", RelatedFilter),
        "mode",
    )
    list_select_related = ("owner", "team")
    search_fields = ("reference", "search_text")
    search_help_text = _("A reference such as CR-2026-0142, or words of the title and summary.")
    ordering = ("-opened_at", "-id")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search without regard to case and «ё», on every database."""
        return super().get_search_results(request, queryset, fold(search_term))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep what is decided when it opens."""
        fixed = super().get_readonly_fields(request, obj)
        if obj is None:
            return fixed
        weighty = () if obj.status in UNRESOLVED else sorted(editing.WEIGHTY)
        return [*fixed, "mode", "dedup_key", *weighty]

    def is_editable(self, row: Incident) -> bool:
        """Whether it still stands by itself."""
        return row.status != IncidentStatus.MERGED

    @admin.display(description=_("severity"), ordering="severity")
    def shown_severity(self, obj: Incident) -> Any:
        """How grave it is, in colour."""
        severity = Severity(obj.severity)
        return display.badge(severity.word, severity.label)

    @admin.display(description=_("status"), ordering="status")
    def shown_status(self, obj: Incident) -> Any:
        """Where it stands, in colour."""
        return display.badge(obj.status, obj.get_status_display())

    @admin.display(description=_("opened"), ordering="opened_at")
    def opened(self, obj: Incident) -> str:
        """When it opened."""
        return display.minute(obj.opened_at)

    @admin.display(description=_("in other systems"))
    def called_elsewhere(self, obj: Incident) -> Any:
        """What other systems call it."""
        return display.refs_of(obj)

    @admin.display(description=_("links"))
    def linked(self, obj: Incident) -> Any:
        """Its links."""
        found = [display.away(each.get("url", ""), each.get("title", "")) for each in obj.links]
        return display.joined(found)

    def head(self, request: HttpRequest, row: Incident) -> str:
        """Show where it stands, above everything else."""
        context = {"facts": _facts(row), "title": str(row), "is_drill": row.mode == "drill"}
        return render_to_string("crisis/head.html", context, request=request)

    def panels(self, request: HttpRequest, row: Incident) -> list[Panel]:
        """Show what happened, who is reminded, and what every layer registered."""
        return panels.of(row, caller_of(request))

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> Incident:
        """Open an incident, or join the one with the same key."""
        values = form.values(*_OPENED, "dedup_key", "links", "external_refs")
        result = lifecycle.open_incident(by=caller_of(request).actor, **values)
        if not result.created:
            text = _now("It joined %s, which is unresolved and has the same key.")
            self.message_user(request, text % result.incident.reference, messages.WARNING)
        return result.incident

    def change(self, request: HttpRequest, row: Any, form: Any, formsets: Any) -> None:
        """Edit an incident; another severity or policy decides anew whom to remind."""
        values = form.values(*_EDITED, "external_refs")
        if values.get("policy") is None:
            values.pop("policy", None)
        by = caller_of(request).actor
        lifecycle.change(row, values, by=by, version=row.version)


def _facts(row: Incident) -> list[tuple[Any, Any]]:
    severity = Severity(row.severity)
    waiting = Reminder.objects.pending().filter(incident=row).order_by("due_at").first()
    minutes = int((clock.now() - row.opened_at).total_seconds() // 60)
    counts = {"negative": row.negative_count, "all": row.mention_count}
    facts = [
        (_("status"), display.badge(row.status, row.get_status_display())),
        (_("severity"), display.badge(severity.word, severity.label)),
        (_("responsible"), row.owner or display.badge("critical", _now("nobody"))),
        (_("open for"), _now("%s min") % minutes) if row.status in UNRESOLVED else None,
        (_("acknowledged by"), row.acknowledged_by) if row.acknowledged_by else None,
        (_("acknowledged until"), display.minute(row.acknowledged_until))
        if row.acknowledged_until
        else None,
        (_("snoozed until"), display.minute(row.snoozed_until)) if row.snoozed_until else None,
        (_("next reminder"), display.moment(waiting.due_at)) if waiting else None,
        (_("mentions"), _now("%(negative)s negative of %(all)s") % counts),
    ]
    return [fact for fact in facts if fact is not None]
