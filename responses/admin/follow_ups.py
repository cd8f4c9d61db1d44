"""Follow-ups: who does what by when, and what was promised in public."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from crisis_api.access.admin import display
from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.fields import MomentField, RefsField, SpanField, span_text
from crisis_api.access.admin.filters import RelatedFilter, TeamFilter
from crisis_api.access.admin.forms import RecordForm, VerbForm
from crisis_api.access.admin.scope import caller_of
from crisis_api.access.admin.verbs import Act, Verb, in_status
from crisis_api.lib import clock
from responses.models import FollowUp
from responses.services import follow_ups

_EDITED = ("title", "description", "owner", "due_at", "external_refs")


class FollowUpForm(RecordForm):
    """A follow-up."""

    due_at = MomentField(label=_("Due"))
    remind_before_seconds = SpanField(
        label=_("Remind before"), initial=24 * 3600, help_text=_("For example 1d. 0s: not before.")
    )
    external_refs = RefsField()


class CompleteForm(VerbForm):
    """What shows that it is done."""

    proof = forms.CharField(
        label=_("Proof"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("A link, a number, a sentence. For example: report published, https://…"),
    )


class CancelForm(VerbForm):
    """Why it is not done after all."""

    reason = forms.CharField(
        label=_("Reason"), max_length=5000, widget=forms.Textarea(attrs={"rows": 3})
    )


def _start(act: Act) -> None:
    follow_ups.start(act.row, by=act.by, version=act.version)


def _complete(act: Act) -> None:
    follow_ups.complete(act.row, proof=act.values["proof"], by=act.by, version=act.version)


def _cancel(act: Act) -> None:
    follow_ups.cancel(act.row, reason=act.values["reason"], by=act.by, version=act.version)


class Overdue(admin.SimpleListFilter):
    """What somebody still has to do, and whose day has passed."""

    title = _("unfinished")
    parameter_name = "unfinished"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the two."""
        return [("yes", _("unfinished")), ("overdue", _("overdue"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Keep those."""
        rows = FollowUp.objects.filter(pk__in=queryset.values("pk"))
        match self.value():
            case "yes":
                return queryset.filter(pk__in=rows.unfinished().values("pk"))
            case "overdue":
                return queryset.filter(pk__in=rows.overdue(clock.now()).values("pk"))
        return queryset


@admin.register(FollowUp)
class FollowUpAdmin(NounAdmin):
    """Follow-up actions and commitments, the next due first."""

    view_permission = "follow_ups.view"
    add_permission = change_permission = "follow_ups.write"
    form = FollowUpForm
    fieldsets = (
        (None, {"fields": ("title", "description", "owner")}),
        (None, {"fields": (("due_at", "remind_before_seconds"), "external_refs")}),
        (None, {"fields": (("kind", "shown_status"), ("incident", "statement"), "team")}),
        (_("How it ended"), {"fields": ("done_at", "proof", "cancel_reason")}),
    )
    add_fieldsets = (
        (None, {"fields": ("team", "kind", "title", "description", "owner")}),
        (None, {"fields": (("due_at", "remind_before_seconds"),)}),
        (None, {"fields": (("incident", "statement"), "external_refs")}),
    )
    shown_as = {"external_refs": "called_elsewhere", "remind_before_seconds": "remind_before"}
    readonly_fields = (
        "shown_status",
        "called_elsewhere",
        "remind_before",
        "done_at",
        "proof",
        "cancel_reason",
    )
    autocomplete_fields = ("owner", "incident", "statement")
    list_display = ("title", "kind", "shown_status", "owner", "due", "incident")
    list_filter = (Overdue, "status", "kind", TeamFilter, ("owner", RelatedFilter))
    list_select_related = ("owner", "incident")
    search_fields = ("title", "owner__name", "incident__reference")
    ordering = ("due_at", "id")
    verbs = (
        Verb(
            "start",
            _("Start"),
            "follow_ups.write",
            _start,
            offered=in_status("open"),
            explains=_("Somebody is at it."),
            done=_("Somebody is at it."),
            icon="play_arrow",
            bulk=True,
        ),
        Verb(
            "complete",
            _("Done"),
            "follow_ups.write",
            _complete,
            form=CompleteForm,
            offered=in_status("open", "in_progress"),
            explains=_("With what shows it."),
            done=_("Done."),
            icon="task_alt",
            variant=ActionVariant.PRIMARY,
        ),
        Verb(
            "cancel",
            _("Cancel"),
            "follow_ups.write",
            _cancel,
            form=CancelForm,
            offered=in_status("open", "in_progress"),
            explains=_("It is not done after all."),
            done=_("Cancelled."),
            icon="cancel",
            variant=ActionVariant.DANGER,
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep what it belongs to."""
        fixed = super().get_readonly_fields(request, obj)
        return [*fixed, "kind", "incident", "statement"] if obj is not None else fixed

    def is_editable(self, row: FollowUp) -> bool:
        """Whether somebody still has to do it."""
        return "change" in follow_ups.EDGES.allowed(row.status)

    @admin.display(description=_("status"), ordering="status")
    def shown_status(self, obj: FollowUp) -> Any:
        """Where it stands, in colour."""
        return display.badge(obj.status, obj.get_status_display())

    @admin.display(description=_("due"), ordering="due_at")
    def due(self, obj: FollowUp) -> Any:
        """When it is due; in red once that has passed."""
        late = obj.status in ("open", "in_progress") and obj.due_at <= clock.now()
        at = display.minute(obj.due_at)
        return display.badge("overdue", at) if late else at

    @admin.display(description=_("remind before"))
    def remind_before(self, obj: FollowUp) -> str:
        """How long before it is due its owner is reminded."""
        return span_text(obj.remind_before_seconds)

    @admin.display(description=_("in other systems"))
    def called_elsewhere(self, obj: FollowUp) -> Any:
        """What other systems call it."""
        return display.refs_of(obj)

    def _values(self, form: Any) -> dict[str, Any]:
        span = timedelta(seconds=form.cleaned_data["remind_before_seconds"])
        return {**form.values(*_EDITED), "remind_before": span}

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> FollowUp:
        """Write down what somebody will do until when."""
        values = {**self._values(form), **form.values("team", "kind", "incident", "statement")}
        return follow_ups.create(by=caller_of(request).actor, **values)

    def change(self, request: HttpRequest, row: Any, form: Any, formsets: Any) -> None:
        """Change it; its reminders move with the due date."""
        by = caller_of(request).actor
        follow_ups.change(row, by=by, version=row.version, **self._values(form))
