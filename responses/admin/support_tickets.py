"""Support tickets: drafted by machine, finished by people, answered by the platform."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.enums import ActionVariant

from crisis_api.access.admin import display
from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.fields import RefsField
from crisis_api.access.admin.filters import TeamFilter
from crisis_api.access.admin.forms import RecordForm, VerbForm
from crisis_api.access.admin.scope import caller_of
from crisis_api.access.admin.verbs import Act, Verb
from incidents.models import Category
from responses.models import SupportTicket
from responses.services import tickets

_LONGEST = 20_000
_TITLES = {
    "summary": _("What happened"),
    "what_is_asked": _("What is asked of the platform"),
    "facts": _("Facts and times"),
    "mentions": _("What is complained about"),
    "evidence": _("Evidence"),
    "contact": _("Contact"),
    "appeal": pgettext_lazy("part of a ticket", "Appeal"),
}


def _section(name: str) -> str:
    return f"section_{name}"


class TicketForm(RecordForm):
    """A ticket's sections. What a person writes is kept when it is drafted again."""

    category = forms.ChoiceField(
        label=_("Category"),
        required=False,
        choices=[("", _("that of the incident")), *Category.choices],
    )
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("that of the team")), ("en", "English"), ("ru", "Русский")],
        help_text=_("Another language takes effect when it is drafted again."),
    )
    external_refs = RefsField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in tickets.EDITABLE:
            if _section(name) in self.fields:
                self.initial[_section(name)] = self.instance.sections.get(name, "")

    def sections(self) -> dict[str, str]:
        """Return the sections that were changed; a browser's line ends are not a change."""
        stored = self.instance.sections
        typed = {
            name: self.cleaned_data[_section(name)].replace("\r\n", "\n")
            for name in tickets.EDITABLE
            if _section(name) in self.cleaned_data
        }
        return {name: text for name, text in typed.items() if text != stored.get(name, "")}


def _with_sections() -> type[TicketForm]:
    fields = {
        _section(name): forms.CharField(
            label=title,
            required=False,
            strip=False,
            max_length=tickets.LONGEST_SECTION,
            widget=forms.Textarea(attrs={"rows": 8}),
        )
        for name, title in _TITLES.items()
    }
    return type("SectionsForm", (TicketForm,), fields)


class ReadyForm(VerbForm):
    """Whether what is missing is accepted."""

    accept_missing = forms.BooleanField(
        label=_("Submit it without what is missing"),
        required=False,
        help_text=_("For what cannot be had."),
    )


class SubmittedForm(VerbForm):
    """Under which number the platform has it."""

    platform_ref = forms.CharField(
        label=_("Number at the platform"),
        max_length=100,
        required=False,
        help_text=_("For example: 10024513. Empty where it gave none."),
    )


def _long(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=_LONGEST, widget=forms.Textarea(attrs={"rows": 6})
    )


class AnswerForm(VerbForm):
    """What the platform answered."""

    answer = _long(_("What it answered"))


class AppealForm(VerbForm):
    """What was said against the answer."""

    reason = _long(_("What was said against it"))


def _do(verb: Callable[..., SupportTicket]) -> Callable[[Act], None]:
    def do(act: Act) -> None:
        verb(act.row, by=act.by, version=act.version, **act.values)

    return do


def _allowed(verb: str) -> Callable[[SupportTicket], bool]:
    return lambda row: verb in tickets.EDGES.allowed(row.status)


def _stuck_or_done(row: SupportTicket) -> bool:
    # While the machine is at it there is nothing to ask for.
    if row.status == SupportTicket.Status.DRAFTING:
        return row.due_at is None
    return _allowed("redraft")(row)


_WRITE = "support_tickets.write"
VERBS = (
    Verb(
        "mark_ready",
        _("Mark ready"),
        _WRITE,
        _do(tickets.mark_ready),
        form=ReadyForm,
        offered=_allowed("mark_ready"),
        explains=_("It can be submitted through the platform's own form."),
        done=_("It can be submitted."),
        icon="task_alt",
        variant=ActionVariant.PRIMARY,
    ),
    Verb(
        "mark_submitted",
        _("Mark submitted"),
        _WRITE,
        _do(tickets.mark_submitted),
        form=SubmittedForm,
        offered=_allowed("mark_submitted"),
        explains=_("You have submitted it through the platform's own form."),
        done=_("Submitted."),
        icon="outgoing_mail",
        variant=ActionVariant.PRIMARY,
    ),
    Verb(
        "record_answer",
        _("Record the answer"),
        _WRITE,
        _do(tickets.record_answer),
        form=AnswerForm,
        offered=_allowed("record_answer"),
        done=_("The answer is kept."),
        icon="mark_email_read",
        variant=ActionVariant.PRIMARY,
    ),
    Verb(
        "appeal",
        _("Appeal"),
        _WRITE,
        _do(tickets.appeal),
        form=AppealForm,
        offered=_allowed("appeal"),
        explains=_("You have appealed against the answer; these are the words."),
        done=_("The appeal is kept."),
        icon="gavel",
    ),
    Verb(
        "redraft",
        _("Draft again"),
        _WRITE,
        _do(tickets.redraft),
        offered=_stuck_or_done,
        explains=_("From what is known now; what people wrote stays."),
        done=_("It is drafted again; it is there in a moment."),
        icon="autorenew",
    ),
    Verb(
        "close",
        _("Close"),
        _WRITE,
        _do(tickets.close),
        offered=_allowed("close"),
        explains=_("Nothing more comes of it; another one can be made then."),
        done=_("Closed."),
        icon="lock",
        variant=ActionVariant.DANGER,
        more=True,
    ),
)


@admin.register(SupportTicket)
class SupportTicketAdmin(NounAdmin):
    """Tickets to the platform's support. Nothing is sent from here: a person submits it."""

    view_permission = "support_tickets.view"
    add_permission = change_permission = _WRITE
    form = _with_sections()
    verbs = VERBS
    fieldsets = (
        (None, {"fields": tuple(_section(name) for name in _TITLES)}),
        (None, {"fields": ("language", "external_refs")}),
        (None, {"fields": (("incident", "category"), ("platform", "team"))}),
    )
    add_fieldsets = ((None, {"fields": ("incident", "category", "language", "external_refs")}),)
    shown_as = {
        **{_section(name): f"read_{name}" for name in _TITLES},
        "external_refs": "called_elsewhere",
    }
    readonly_fields = ("called_elsewhere", "platform", *(f"read_{name}" for name in _TITLES))
    autocomplete_fields = ("incident",)
    list_display = ("category", "shown_status", "incident", "lacks", "platform_ref", "drafted_at")
    list_filter = ("status", "category", TeamFilter)
    list_select_related = ("incident",)
    search_fields = ("incident__reference", "platform_ref", "incident__search_text")
    ordering = ("-id",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep what it is about."""
        fixed = super().get_readonly_fields(request, obj)
        return [*fixed, "incident", "category"] if obj is not None else fixed

    def is_editable(self, row: SupportTicket) -> bool:
        """Whether it is not submitted yet."""
        return _allowed("edit")(row)

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
            language=form.cleaned_data["language"] or None,
            external_refs=form.cleaned_data["external_refs"],
        )


def _reader(name: str, title: Any) -> Any:
    @admin.display(description=title)
    def read(self: Any, obj: SupportTicket) -> Any:
        return display.lines(obj.sections.get(name, ""))

    return read


for _name, _title in _TITLES.items():
    setattr(SupportTicketAdmin, f"read_{_name}", _reader(_name, _title))
