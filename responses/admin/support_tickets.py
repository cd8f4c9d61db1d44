"""Support tickets: drafted by machine, finished by people, answered by the platform."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin import display
from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.filters import TeamFilter
from crisis_api.access.admin.scope import caller_of
from crisis_api.lib.actors import Actor
from responses.admin.ticket_forms import TITLES, section, with_sections
from responses.admin.ticket_verbs import VERBS, allowed
from responses.models import SupportTicket
from responses.services import ticket_gaps, tickets


@admin.register(SupportTicket)
class SupportTicketAdmin(NounAdmin):
    """Tickets to the platform's support. Nothing is sent from here: a person submits it."""

    view_permission = "support_tickets.view"
    add_permission = change_permission = "support_tickets.write"
    form = with_sections()
    verbs = VERBS
    fieldsets = (
        (None, {"fields": ("ticked", *(section(name) for name in TITLES))}),
        (None, {"fields": ("language", "external_refs")}),
        (None, {"fields": (("incident", "category"), ("platform", "team"))}),
    )
    add_fieldsets = ((None, {"fields": ("incident", "category", "language", "external_refs")}),)
    shown_as = {
        **{section(name): f"read_{name}" for name in TITLES},
        "external_refs": "called_elsewhere",
        "ticked": "seen_to",
    }
    readonly_fields = (
        "called_elsewhere",
        "platform",
        "seen_to",
        *(f"read_{name}" for name in TITLES),
    )
    autocomplete_fields = ("incident",)
    list_display = ("category", "shown_status", "incident", "lacks", "platform_ref", "drafted_at")
    list_filter = ("status", "category", TeamFilter)
    list_select_related = ("incident",)
    search_fields = ("incident__reference", "platform_ref", "incident__search_text")
    ordering = ("-id",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Offer to tick off what is missing where anything is."""
        parts = super().get_fieldsets(request, obj)
        if obj is None or obj.missing or obj.settled:
            return parts
        (title, options), *others = parts
        left = tuple(name for name in options["fields"] if name not in ("ticked", "seen_to"))
        return [(title, {**options, "fields": left}), *others]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep what it is about."""
        fixed = super().get_readonly_fields(request, obj)
        return [*fixed, "incident", "category"] if obj is not None else fixed

    def is_editable(self, row: SupportTicket) -> bool:
        """Whether it is not submitted yet."""
        return allowed("edit")(row)

    @admin.display(description=_("status"), ordering="status")
    def shown_status(self, obj: SupportTicket) -> Any:
        """Where it stands, in colour."""
        return display.badge(obj.status, obj.get_status_display())

    @admin.display(description=_("still missing"))
    def lacks(self, obj: SupportTicket) -> int | str:
        """How much still has to be added."""
        return len(obj.missing) or display.NONE

    @admin.display(description=_("in other systems"))
    def called_elsewhere(self, obj: SupportTicket) -> Any:
        """What other systems call it."""
        return display.refs_of(obj)

    @admin.display(description=_("seen to"))
    def seen_to(self, obj: SupportTicket) -> Any:
        """What was ticked off, by whom and when."""
        settled = obj.settled or []
        known = {each["code"]: each["text"] for each in ticket_gaps.known(obj)}
        names = display.Names.of([_who(each) for each in settled])
        return display.joined(
            format_html(
                "{} ({}, {})",
                known.get(each["code"], each["code"]).removeprefix("- "),
                names.actor(_who(each)),
                display.minute(datetime.fromisoformat(each["at"])),
            )
            for each in settled
        )

    def edition(self, row: SupportTicket) -> str:
        """Return the version, or that only the machine has written into it so far."""
        return "the machine's" if ticket_gaps.is_the_machines(row) else super().edition(row)

    def head(self, request: HttpRequest, row: SupportTicket) -> str:
        """Show where it stands, what is missing, and what the platform answered."""
        times = (
            (_("drafted"), row.drafted_at),
            (_("submitted"), row.submitted_at),
            (_("answered"), row.answered_at),
            (_("closed"), row.closed_at),
        )
        facts = [
            (_("status"), display.badge(row.status, row.get_status_display())),
            (_("incident"), display.link(row.incident)),
            *((label, display.minute(at)) for label, at in times if at is not None),
        ]
        if row.platform_ref:
            facts.append((_("number at the platform"), row.platform_ref))
        if row.last_error:
            words = {"error": row.last_error, "count": row.attempts}
            facts.append((_("last error"), _now("%(error)s, %(count)s attempts") % words))
        context = {"facts": facts, "missing": row.sections.get("missing", ""), "ticket": row}
        return render_to_string("responses/admin/ticket_head.html", context, request=request)

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> SupportTicket:
        """Have a ticket drafted."""
        values = form.values("incident", "category", "language", "external_refs")
        return tickets.create(by=caller_of(request).actor, **values)

    def change(self, request: HttpRequest, row: Any, form: Any, formsets: Any) -> None:
        """Write sections; one that was ready becomes a draft again."""
        tickets.edit(
            row,
            by=caller_of(request).actor,
            version=row.version,
            sections=form.sections(),
            settled=form.settled(),
            language=form.cleaned_data["language"] or None,
            external_refs=form.cleaned_data["external_refs"],
        )


def _who(settled: dict[str, Any]) -> Actor:
    return Actor(settled["actor_type"], UUID(settled["actor_id"]) if settled["actor_id"] else None)


def _reader(name: str, title: Any) -> Any:
    @admin.display(description=title)
    def read(self: Any, obj: SupportTicket) -> Any:
        return display.lines(obj.sections.get(name, ""))

    return read


for _name, _title in TITLES.items():
    setattr(SupportTicketAdmin, f"read_{_name}", _reader(_name, _title))
