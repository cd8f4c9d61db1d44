"""Hand-over notes, and how a team works through its inbox."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin import display
from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.fields import SpanField, span_text
from crisis_api.access.admin.filters import RelatedFilter, TeamFilter
from crisis_api.access.admin.forms import RecordForm
from crisis_api.access.admin.one_per_team import OnePerTeamAdmin
from crisis_api.access.admin.scope import caller_of
from crisis_api.access.admin.verbs import Act, Verb, in_status
from incidents.models import HandOff, HandoverNote, InboxSettings, Mention, Unmasking
from incidents.services import hand_offs, inbox

_EDITED = (
    "lease_seconds",
    "toxic_per_hour",
    "own_contacts",
    "press_answer_minutes",
    "remind_risk",
    "remind_after_minutes",
    "hand_off_remind_minutes",
)


class HandoverNoteForm(RecordForm):
    """What the next shift should know."""

    text = forms.CharField(
        label=_("Text"),
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("What the next shift should know: what is agreed, what waits, what is new."),
    )


@admin.register(HandoverNote)
class HandoverNoteAdmin(NounAdmin):
    """Notes from one shift to the next, the latest first."""

    view_permission = "handover_notes.view"
    add_permission = "handover_notes.write"
    form = HandoverNoteForm
    fieldsets = ((None, {"fields": ("team", "author", "words")}),)
    add_fieldsets = ((None, {"fields": ("team", "text")}),)
    readonly_fields = ("author", "words")
    list_display = ("says", "author", "written", "team")
    list_filter = (TeamFilter, ("author", RelatedFilter))
    list_select_related = ("author", "team")
    search_fields = ("text",)
    ordering = ("-id",)

    @admin.display(description=_("text"))
    def words(self, obj: HandoverNote) -> Any:
        """What it says."""
        return display.lines(obj.text)

    @admin.display(description=_("text"))
    def says(self, obj: HandoverNote) -> str:
        """The beginning of what it says."""
        return Truncator(obj.text).chars(160)

    @admin.display(description=_("written"), ordering="id")
    def written(self, obj: HandoverNote) -> str:
        """When it was written."""
        return display.minute(obj.created_at)

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> HandoverNote:
        """Write a note as the person who is signed in."""
        caller = caller_of(request)
        return inbox.write_note(
            team=form.cleaned_data["team"],
            text=form.cleaned_data["text"],
            author=caller.owner,
            by=caller.actor,
        )


class LinesField(forms.CharField):
    """A list of texts, typed one on each line."""

    widget = forms.Textarea(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        """Return the texts as they are shown in the form."""
        return "\n".join(value) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether other lines were typed than those that were shown."""
        return bool(super().has_changed(self.prepare_value(initial), data))

    def clean(self, value: Any) -> Any:
        """Return the lines that say something."""
        return [line.strip() for line in super().clean(value).splitlines() if line.strip()]


class InboxSettingsForm(RecordForm):
    """For how long a mention is taken, and how much of the worst one person is given."""

    lease_seconds = SpanField(
        label=_("A mention is taken for"),
        initial=600,
        longest=timedelta(days=1),
        help_text=_("Whoever takes a mention keeps others off it for so long. For example 10m."),
    )

    own_contacts = LinesField(
        label=_("Our own contacts"),
        required=False,
        help_text=_("Published telephone numbers and addresses, one on each line; never masked."),
    )


@admin.register(Unmasking)
class UnmaskingAdmin(NounAdmin):
    """Who looked at personal data, and why."""

    view_permission = "audit_events.view"
    fieldsets = ((None, {"fields": ("mention", "owner", "reason", "team")}),)
    list_display = ("looked_at", "owner", "mention", "reason", "team")
    list_filter = (TeamFilter, ("owner", RelatedFilter))
    list_select_related = ("owner", "mention", "team")
    search_fields = ("reason",)
    ordering = ("-id",)

    @admin.display(description=_("at"), ordering="id")
    def looked_at(self, obj: Unmasking) -> str:
        """When they looked."""
        return display.minute(obj.created_at)


@admin.register(InboxSettings)
class InboxSettingsAdmin(OnePerTeamAdmin):
    """One row for each team; it is made with its defaults when it is first needed."""

    view_permission = "teams.view"
    add_permission = change_permission = "inbox.manage"
    form = InboxSettingsForm
    fieldsets = (
        (None, {"fields": ("team", ("lease_seconds", "toxic_per_hour"), "press_answer_minutes")}),
        (None, {"fields": (("remind_risk", "remind_after_minutes"), "hand_off_remind_minutes")}),
        (None, {"fields": ("own_contacts",)}),
    )
    shown_as = {"lease_seconds": "lease", "own_contacts": "contacts"}
    readonly_fields = ("lease", "contacts")
    list_display = ("team", "lease", "toxic_per_hour")
    list_display_links = ("team",)
    list_select_related = ("team",)

    @admin.display(description=_("a mention is taken for"))
    def lease(self, obj: InboxSettings) -> str:
        """For how long one person keeps others off a mention."""
        return span_text(obj.lease_seconds)

    @admin.display(description=_("our own contacts"))
    def contacts(self, obj: InboxSettings) -> Any:
        """What is never masked, a line each."""
        return display.lines("\n".join(obj.own_contacts))

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> InboxSettings:
        """Make the settings of a team that has none yet."""
        row = inbox.settings_of(form.cleaned_data["team"], by=caller_of(request).actor)
        self.change(request, row, form, formsets)
        return row

    def change(self, request: HttpRequest, row: Any, form: Any, formsets: Any) -> None:
        """Change the settings."""
        by = caller_of(request).actor
        inbox.change_settings(row, by=by, version=row.version, values=form.values(*_EDITED))


def _close(act: Act) -> None:
    hand_offs.close(act.row, owner=act.caller.owner, by=act.by)


@admin.register(HandOff)
class HandOffAdmin(NounAdmin):
    """What somebody else looks after, until it is closed."""

    view_permission = "hand_offs.view"
    fieldsets = (
        (None, {"fields": ("mention", ("owner", "desk"), "reason")}),
        (None, {"fields": (("state", "closed_at", "closed_by"), "team")}),
    )
    readonly_fields = ("state",)
    list_display = ("to_whom", "mention", "reason", "state", "since", "team")
    list_filter = ("status", TeamFilter, ("owner", RelatedFilter))
    list_select_related = ("owner", "mention", "team")
    search_fields = ("reason", "desk")
    ordering = ("-id",)
    verbs = (
        Verb(
            "close",
            _("Close"),
            "hand_offs.close",
            _close,
            offered=in_status(HandOff.Status.OPEN),
            explains=_("It is taken care of: nobody is reminded any more."),
            done=_("Closed."),
            icon="check",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return those of mentions that the person may see."""
        visible = Mention.objects.visible_to(caller_of(request))
        return super().get_queryset(request).filter(mention__in=visible)

    @admin.display(description=_("to whom"))
    def to_whom(self, obj: HandOff) -> str:
        """Who looks after it."""
        return str(obj)

    @admin.display(description=_("status"), ordering="status")
    def state(self, obj: HandOff) -> Any:
        """Whether it is still open."""
        return display.badge(obj.status, obj.get_status_display())

    @admin.display(description=_("since"), ordering="id")
    def since(self, obj: HandOff) -> str:
        """When it was handed off."""
        return display.minute(obj.created_at)
