"""Statements: written, reviewed by somebody else, published, withdrawn."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin import display
from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.filters import TeamFilter
from crisis_api.access.admin.panels import Panel
from crisis_api.access.admin.scope import caller_of
from crisis_api.access.models import Owner
from responses.admin.statement_forms import StatementForm, texts_of, wording
from responses.admin.statement_verbs import VERBS, author_of
from responses.models import Approval, Publication, Remark, Revision, Statement
from responses.services import statements, status_pages

_ENGLISH: Any = (_("In English"), {"fields": ("title_en", "body_en")})
_RUSSIAN: Any = (_("In Russian"), {"fields": ("title_ru", "body_ru")})


@admin.register(Statement)
class StatementAdmin(NounAdmin):
    """Statements. Each change is a new wording, and makes it a draft again."""

    view_permission = "statements.view"
    add_permission = change_permission = "statements.write"
    form = StatementForm
    verbs = VERBS
    fieldsets = (
        (None, {"fields": ("incident", "kind", "corrects")}),
        _ENGLISH,
        _RUSSIAN,
        (None, {"fields": ("next_update_at", "external_refs", "team")}),
    )
    add_fieldsets = (
        (None, {"fields": ("incident", "kind")}),
        _ENGLISH,
        _RUSSIAN,
        (None, {"fields": ("next_update_at", "external_refs")}),
    )
    readonly_fields = ("wording", "called_elsewhere", "corrects")
    autocomplete_fields = ("incident",)
    list_display = (
        "shown_title",
        "kind",
        "shown_status",
        "incident",
        "submitted_at",
        "published_at",
    )
    list_filter = ("status", "kind", TeamFilter)
    list_select_related = ("incident", "revision")
    search_fields = ("incident__reference", "incident__search_text")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Statement]:
        """Return the statements with their current wording."""
        rows: QuerySet[Statement] = super().get_queryset(request)
        return rows.select_related("revision", "incident", "team")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show the wording as it is read to those who may not change it."""
        parts = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return parts
        names = ("incident", "kind", "corrects", "wording", "next_update_at", "called_elsewhere")
        return [(None, {"fields": (*names, "team")}), parts[-1]]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep what it is about."""
        fixed = super().get_readonly_fields(request, obj)
        return [*fixed, "incident"] if obj is not None else fixed

    def is_editable(self, row: Statement) -> bool:
        """Whether it is not published yet."""
        return "revise" in statements.EDGES.allowed(row.status)

    @admin.display(description=_("statement"))
    def shown_title(self, obj: Statement) -> str:
        """Its title, in whatever language it has."""
        texts = obj.revision.texts if obj.revision else {}
        return next((text["title"] for text in texts.values()), str(obj))

    @admin.display(description=_("status"), ordering="status")
    def shown_status(self, obj: Statement) -> Any:
        """Where it stands, in colour."""
        return display.badge(obj.status, obj.get_status_display())

    @admin.display(description=_("wording"))
    def wording(self, obj: Statement) -> Any:
        """What it says, in all its languages."""
        return wording(obj.revision.texts) if obj.revision else display.NONE

    @admin.display(description=_("in other systems"))
    def called_elsewhere(self, obj: Statement) -> Any:
        """What other systems call it."""
        return display.refs_of(obj)

    def head(self, request: HttpRequest, row: Statement) -> str:
        """Show where it stands, and who may not approve it."""
        authors = Owner.objects.filter(pk__in=statements.authors_of(row)).order_by("name")
        times = (
            (_("submitted"), row.submitted_at),
            (_("approved"), row.approved_at),
            (_("published"), row.published_at),
            (_("withdrawn"), row.retracted_at),
            (_("next update promised for"), row.next_update_at),
        )
        facts = [
            (_("status"), display.badge(row.status, row.get_status_display())),
            (_("wording"), row.revision.number if row.revision else display.NONE),
            (_("authors, who may not approve it"), ", ".join(each.name for each in authors)),
            *((label, display.minute(at)) for label, at in times if at is not None),
        ]
        if row.published_at is not None:
            address = status_pages.address_of(row.team.slug, row.pk)
            facts.append((_("on the public page"), display.away(address)))
        if row.retraction_reason:
            facts.append((_("why it was withdrawn"), row.retraction_reason))
        context = {"facts": facts, "title": self.shown_title(row)}
        return render_to_string("crisis/head.html", context, request=request)

    def panels(self, request: HttpRequest, row: Statement) -> list[Panel]:
        """Show who stood for it, what was asked, where it stands, and what it said before."""
        return [_approvals(row), _remarks(row), _publications(row), _revisions(row)]

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> Statement:
        """Write the first wording."""
        caller = caller_of(request)
        cleaned = dict(form.cleaned_data)
        return statements.draft(
            cleaned["incident"],
            texts=texts_of(cleaned),
            by=caller.actor,
            author=author_of(caller),
            **form.values("kind", "next_update_at", "external_refs"),
        )

    def change(self, request: HttpRequest, row: Any, form: Any, formsets: Any) -> None:
        """Write a new wording."""
        caller = caller_of(request)
        statements.revise(
            row,
            texts=texts_of(dict(form.cleaned_data)),
            by=caller.actor,
            author=author_of(caller),
            version=row.version,
            **form.values("kind", "next_update_at", "external_refs"),
        )


def _approvals(row: Statement) -> Panel:
    found = Approval.objects.filter(revision__statement=row).select_related("approver", "revision")
    rows = []
    for each in found.order_by("-id"):
        holds = each.revision_id == row.approved_revision_id
        words = _now("holds") if holds else _now("for an earlier wording or review")
        rows.append(
            (
                display.minute(each.created_at),
                each.approver.name,
                each.revision.number,
                display.badge("approved" if holds else "plain", words),
            )
        )
    columns = (_now("at"), _now("who"), _now("wording"), "")
    return Panel("approvals", _now("Approvals"), columns, rows, count=len(rows))


def _remarks(row: Statement) -> Panel:
    found = list(Remark.objects.filter(statement=row).select_related("revision").order_by("-id"))
    names = display.Names.of([each.actor for each in found])
    rows = [
        (
            display.minute(each.created_at),
            display.lines(each.text),
            each.revision.number,
            names.actor(each.actor),
        )
        for each in found
    ]
    columns = (_now("at"), _now("what should change"), _now("wording"), _now("who"))
    return Panel("remarks", _now("Remarks"), columns, rows, count=len(rows))


def _publications(row: Statement) -> Panel:
    found = Publication.objects.filter(statement=row).select_related("revision").order_by("-id")
    rows = [
        (
            each.get_target_display(),
            display.badge(each.status, each.get_status_display()),
            each.revision.number,
            display.minute(each.published_at),
            display.minute(each.retracted_at),
        )
        for each in found
    ]
    columns = (
        _now("where"),
        _now("status"),
        _now("wording"),
        _now("published"),
        _now("withdrawn"),
    )
    return Panel("publications", _now("Publications"), columns, rows, count=len(rows))


def _revisions(row: Statement) -> Panel:
    found = list(Revision.objects.filter(statement=row).order_by("-number"))
    names = display.Names.of([each.actor for each in found])
    rows = [
        (
            each.number,
            wording(each.texts),
            format_html(
                "{}<br>{}<br><code>{}…</code>",
                names.actor(each.actor),
                display.minute(each.created_at),
                each.sha256[:16],
            ),
        )
        for each in found
    ]
    columns = (_now("number"), _now("wording"), _now("who"))
    return Panel("revisions", _now("Wordings"), columns, rows, count=len(rows))
