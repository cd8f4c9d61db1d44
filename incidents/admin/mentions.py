"""Mentions: what people write, and which incident it belongs to."""

import json
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin import display
from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.fields import MomentField
from crisis_api.access.admin.filters import RelatedFilter, TeamFilter
from crisis_api.access.admin.forms import RecordForm, VerbForm
from crisis_api.access.admin.scope import caller_of
from crisis_api.access.admin.verbs import Act, Verb
from crisis_api.lib import clock
from crisis_api.lib.errors import Invalid
from crisis_api.lib.folding import fold
from incidents.api import items, parse_errors
from incidents.channels.protocol import ParsedMention
from incidents.intake import reading
from incidents.models import Incident, Mention
from incidents.services import mentions

# What is older waits for no answer any more: the Overview counts, and its card shows, the last day.
LATELY = timedelta(hours=24)
_PASTED = ("kind", "text", "author_name", "url", "post_url", "written_at")


class MentionForm(RecordForm):
    """What somebody wrote, pasted by hand; afterwards only until when it should be answered."""

    text = forms.CharField(
        label=_("Text"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("As it was written, in whatever language."),
    )
    author_name = forms.CharField(
        label=_("Author"), max_length=255, required=False, help_text=_("For example: @anna_b")
    )
    post_url = forms.CharField(
        label=_("Post"), max_length=2048, required=False, help_text=_("The video it stands under.")
    )
    written_at = MomentField(label=_("Written"), required=False, help_text=_("Empty: now."))


class AttachForm(VerbForm):
    """Which incident it belongs to."""

    incident = forms.ModelChoiceField(
        label=_("Incident"),
        queryset=Incident.objects.none(),
        widget=AutocompleteSelect(Mention._meta.get_field("incident"), admin.site),
    )

    def prepare(self) -> None:
        """Offer the incidents of the team."""
        rows = Incident.objects.filter(team_id=self.row.team_id)
        self.fields["incident"].queryset = rows  # type: ignore[attr-defined]


def _attach(act: Act) -> None:
    mentions.attach(act.row, incident=act.values["incident"], by=act.by)


def _detach(act: Act) -> None:
    mentions.detach(act.row, by=act.by)


class UnansweredFilter(admin.SimpleListFilter):
    """What the Overview counts as waiting for an answer."""

    title = _("Unanswered negative mentions")
    parameter_name = "unanswered"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer those of the last day, as the Overview does."""
        return [("lately", _("in the last 24 hours"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return what was chosen."""
        if self.value() != "lately":
            return queryset
        lately = Mention.objects.unanswered().filter(written_at__gte=clock.now() - LATELY)
        return queryset.filter(pk__in=lately.values("pk"))


@admin.register(Mention)
class MentionAdmin(NounAdmin):
    """Mentions of the person's teams, the newest first."""

    view_permission = "mentions.view"
    add_permission = "mentions.intake"
    change_permission = "mentions.attach"
    form = MentionForm
    edition_fields = ("answer_by",)
    fieldsets = (
        (None, {"fields": ("words", ("signs", "language"), ("negativity", "risk"))}),
        (None, {"fields": (("author", "post"), ("account", "incident"), "there")}),
        (None, {"fields": (("written_at", "received_at"), "answer_by")}),
        (None, {"fields": (("deleted_at", "hidden_at"), ("kind", "external_id"), "receipt")}),
    )
    add_fieldsets = (
        (None, {"fields": ("account", "text", ("kind", "author_name"), ("url", "post_url"))}),
        (None, {"fields": ("written_at",)}),
    )
    readonly_fields = ("words", "signs", "there", "receipt")
    autocomplete_fields = ("account",)
    list_display = ("says", "shown_risk", "negative", "author", "belongs_to", "written", "account")
    list_filter = (
        UnansweredFilter,
        "is_negative",
        ("incident", admin.EmptyFieldListFilter),
        ("incident", RelatedFilter),
        TeamFilter,
        ("account", RelatedFilter),
        "kind",
        "language",
    )
    list_select_related = ("author", "incident", "account")
    search_fields = ("search_text",)
    ordering = ("-written_at", "-id")
    verbs = (
        Verb(
            "attach",
            _("Put into an incident"),
            "mentions.attach",
            _attach,
            form=AttachForm,
            done=_("It belongs to that incident."),
            icon="attach_file",
        ),
        Verb(
            "detach",
            _("Take out of its incident"),
            "mentions.attach",
            _detach,
            offered=lambda row: row.incident_id is not None,
            explains=_("A storm that goes on does not take it back."),
            done=_("It belongs to no incident."),
            icon="attach_file_off",
            bulk=True,
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search without regard to case and «ё», on every database."""
        return super().get_search_results(request, queryset, fold(search_term))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep what was written as it is; it is typed once."""
        fixed = super().get_readonly_fields(request, obj)
        if obj is None:
            return [name for name in fixed if name not in ("receipt",)]
        named = [name for _title, part in self.fieldsets for name in _flat(part["fields"])]
        return [*fixed, *(name for name in named if name != "answer_by")]

    @admin.display(description=_("text"))
    def words(self, obj: Mention) -> Any:
        """What was written."""
        return display.lines(obj.text)

    @admin.display(description=_("signs found in it"))
    def signs(self, obj: Mention) -> Any:
        """What the scoring found, and where."""
        found = (
            (each.get("code", ""), obj.text[each.get("start", 0) : each.get("end", 0)])
            for each in obj.reasons
        )
        return format_html_join(", ", "{}: “{}”", found) or display.NONE

    @admin.display(description=_("link"))
    def there(self, obj: Mention) -> Any:
        """Where it stands."""
        return display.away(obj.url)

    @admin.display(description=_("text"))
    def says(self, obj: Mention) -> str:
        """The beginning of what was written."""
        return Truncator(obj.text).chars(120)

    @admin.display(description=_("risk"), ordering="risk")
    def shown_risk(self, obj: Mention) -> Any:
        """What it could cost, from 0 to 100, in colour."""
        word = "critical" if obj.risk >= 70 else "high" if obj.risk >= 40 else "plain"
        return display.badge(word, obj.risk)

    @admin.display(description=_("negativity"), ordering="negativity")
    def negative(self, obj: Mention) -> Any:
        """How negative it is, 50 being neutral."""
        return display.badge("high" if obj.is_negative else "plain", obj.negativity)

    @admin.display(description=_("incident"), ordering="incident")
    def belongs_to(self, obj: Mention) -> Any:
        """Which incident it belongs to."""
        return display.link(obj.incident, obj.incident.reference) if obj.incident else display.NONE

    @admin.display(description=_("written"), ordering="written_at")
    def written(self, obj: Mention) -> str:
        """When it was written there."""
        return display.minute(obj.written_at)

    def _require_team(self, request: HttpRequest, form: Any) -> None:
        team_id = form.cleaned_data["account"].team_id
        caller_of(request).require(self.add_permission, team_id)

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> Mention:
        """Take in what somebody pasted, by the way of everything that comes in."""
        account = form.cleaned_data["account"]
        written_at = form.cleaned_data["written_at"] or clock.now()
        given = {name: value for name, value in form.values(*_PASTED).items() if value}
        given["written_at"] = written_at.isoformat()
        parsed = items.parse_item(given, account)
        if not isinstance(parsed, ParsedMention):
            raise Invalid(errors=[parse_errors.of_a_field(error) for error in parsed])
        _receipt, received = reading.take(
            account,
            [parsed],
            source="pasted",
            content_type="application/json",
            body=json.dumps(given, ensure_ascii=False).encode(),
            by=caller_of(request).actor,
        )
        return Mention.objects.get(pk=received.outcomes[0].mention_id)

    def change(self, request: HttpRequest, row: Any, form: Any, formsets: Any) -> None:
        """Change until when it should be answered."""
        by = caller_of(request).actor
        mentions.change(row, by=by, version=row.version, values=form.values("answer_by"))


def _flat(names: Any) -> list[str]:
    return [each for name in names for each in (name if isinstance(name, tuple) else (name,))]


def text_of(raw: bytes | memoryview, most: int = 20_000) -> Any:
    """Return the beginning of what arrived, as text that can be read."""
    text = bytes(raw[:most]).decode("utf-8", "replace")
    more = "" if len(raw) <= most else " …"
    return format_html('<div class="crisis-text">{}{}</div>', text, more)
