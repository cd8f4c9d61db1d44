"""Mentions: what people write, and which incident it belongs to."""

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin import display
from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.fields import MomentField
from crisis_api.access.admin.filters import RelatedFilter, TeamFilter
from crisis_api.access.admin.forms import RecordForm
from crisis_api.access.admin.scope import caller_of
from crisis_api.lib import clock
from crisis_api.lib.errors import Invalid
from crisis_api.lib.folding import fold
from incidents.admin.mention_filters import TakenFilter, UnansweredFilter
from incidents.admin.mention_verbs import VERBS, several
from incidents.api import items, parse_errors
from incidents.channels.protocol import ParsedMention
from incidents.intake import reading
from incidents.masking import Mask, masked
from incidents.models import HandoverNote, Mention
from incidents.services import inbox, mentions

NOTES_SHOWN = 3
SIGNS_SHOWN = 3
SIGNS = {
    "accusation": _("accusation"),
    "complaint": _("complaint"),
    "injury": _("injury"),
    "insult": _("insult"),
    "personal_data": _("personal data"),
    "profanity": _("profanity"),
    "question": _("question"),
    "refund_request": _("refund request"),
    "sarcasm_marker": _("sarcasm"),
    "spam": _("spam"),
    "support": _("support"),
    "threat": _("threat"),
}
_COLOURS = {"injury": "critical", "threat": "critical", "personal_data": "high", "insult": "high"}
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
        (None, {"fields": (("author", "post"), ("account", "incident", "claim"), "there")}),
        (None, {"fields": (("written_at", "received_at"), ("answer_by", "standing"))}),
        (None, {"fields": (("deleted_at", "hidden_at"), ("kind", "external_id"), "receipt")}),
    )
    add_fieldsets = (
        (None, {"fields": ("account", "text", ("kind", "author_name"), ("url", "post_url"))}),
        (None, {"fields": ("written_at",)}),
    )
    readonly_fields = ("words", "signs", "there", "receipt", "standing")
    autocomplete_fields = ("account",)
    list_display = (
        "says",
        "shown_risk",
        "signs_in_short",
        "by_whom",
        "belongs_to",
        "state",
        "written",
        "account",
    )
    list_filter = (
        UnansweredFilter,
        TakenFilter,
        "outcome",
        "is_negative",
        ("incident", admin.EmptyFieldListFilter),
        ("incident", RelatedFilter),
        ("claim", RelatedFilter),
        TeamFilter,
        ("account", RelatedFilter),
        "kind",
        "language",
    )
    list_select_related = ("author", "incident", "account", "leased_by", "handled_by")
    search_fields = ("search_text",)
    ordering = ("-written_at", "-id")
    verbs = VERBS
    list_before_template = "incidents/admin/inbox.html"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search without regard to case and «ё», on every database."""
        return super().get_search_results(request, queryset, fold(search_term))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return no press enquiries to moderators."""
        return super().get_queryset(request).visible_to(caller_of(request))  # type: ignore[attr-defined]

    def get_ordering(self, request: HttpRequest) -> Any:
        """Put first what is most pressing, where what waits is looked at."""
        waiting = UnansweredFilter.parameter_name in request.GET
        return ("-priority", "id") if waiting else super().get_ordering(request)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer to deal with several at once."""
        found = super().get_actions(request)
        return {**found, **several()} if caller_of(request).may("mentions.handle") else found

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Show above the list what the last shift left to this one."""
        context, caller = dict(extra_context or {}), caller_of(request)
        teams = caller.teams_for("handover_notes.view")
        if UnansweredFilter.parameter_name in request.GET and teams:
            mine = caller.owner, caller.team_ids()
            _rows, context["spared"] = inbox.spare(Mention.objects.none(), *mine, now=clock.now())
            rows = HandoverNote.objects.filter(team_id__in=teams).select_related("author")
            context["handover_notes"] = [
                (display.minute(row.created_at), row.author or display.NONE, row.text)
                for row in rows.order_by("-id")[:NOTES_SHOWN]
            ]
            context["all_notes"] = display.list_of(HandoverNote)
        return super().changelist_view(request, context)

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
        return display.lines(Mask()(obj.text, obj.team_id))

    @admin.display(description=_("signs found in it"))
    def signs(self, obj: Mention) -> Any:
        """What the scoring found, and where."""
        text = Mask()(obj.text, obj.team_id)
        found = (
            (each.get("code", ""), text[each.get("start", 0) : each.get("end", 0)])
            for each in obj.reasons
        )
        return format_html_join(", ", "{}: “{}”", found) or display.NONE

    @admin.display(description=_("signs"))
    def signs_in_short(self, obj: Mention) -> Any:
        """What kinds of signs were found, an injury in colour."""
        codes = dict.fromkeys(str(each.get("code", "")) for each in obj.reasons)
        shown = sorted(codes, key=lambda code: code != "injury")[:SIGNS_SHOWN]
        return format_html_join(
            " ",
            "{}",
            (
                (display.badge(_COLOURS.get(each, "plain"), SIGNS.get(each, each)),)
                for each in shown
            ),
        )

    @admin.display(description=_("author"), ordering="author")
    def by_whom(self, obj: Mention) -> Any:
        """Who wrote it, and how many follow them."""
        if obj.author is None:
            return display.NONE
        followers = obj.author.followers
        if not followers:
            return str(obj.author)
        return format_html("{} ({})", obj.author, number_format(followers, force_grouping=True))

    @admin.display(description=_("inbox"), ordering="priority")
    def state(self, obj: Mention) -> Any:
        """Whether it waits, who has taken it, or what was done with it."""
        if obj.handled_at is not None:
            return display.badge("done", obj.get_outcome_display())
        if obj.leased_by is not None and obj.leased_until and obj.leased_until > clock.now():
            return display.badge("in_progress", _("taken by %s") % obj.leased_by)
        return display.badge("pending", _("waits")) if obj.priority > 0 else display.NONE

    @admin.display(description=_("inbox"))
    def standing(self, obj: Mention) -> Any:
        """The same with who did it and when."""
        if obj.handled_at is not None:
            person = obj.handled_by or display.NONE
            return format_html("{} {}, {}", self.state(obj), person, display.minute(obj.handled_at))
        return self.state(obj)

    @admin.display(description=_("link"))
    def there(self, obj: Mention) -> Any:
        """Where it stands."""
        return display.away(obj.url)

    @admin.display(description=_("text"))
    def says(self, obj: Mention) -> str:
        """The beginning of what was written."""
        return Truncator(Mask()(obj.text, obj.team_id)).chars(120)

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
    return format_html('<div class="crisis-text">{}{}</div>', masked(text), more)
