"""Claims: what many mentions say, and whether it is true."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin import display
from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.filters import RelatedFilter, TeamFilter
from crisis_api.access.admin.forms import RecordForm, VerbForm
from crisis_api.access.admin.panels import Link, Panel
from crisis_api.access.admin.scope import caller_of
from crisis_api.access.admin.verbs import Act, Verb
from incidents.admin.words import WORDS
from incidents.intake import claim_verbs
from incidents.intake.raid import RAID_FROM
from incidents.masking import Mask
from incidents.models import Claim, Mention

EXAMPLES = 20
_SIGNS = 3


class ClaimForm(RecordForm):
    """What people call it, and which incident it belongs to."""


class TruthForm(VerbForm):
    """Whether it is true, and what shows it."""

    truth = forms.ChoiceField(label=_("Truth"), choices=Claim.Truth.choices)
    evidence_note = forms.CharField(
        label=_("Evidence"),
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("For example: the laboratory's report of 22 November, by Irina."),
    )
    evidence_links = forms.CharField(
        label=_("Links"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One in each line."),
    )

    def prepare(self) -> None:
        """Begin with what is known."""
        self.fields["truth"].initial = self.row.truth
        self.fields["evidence_note"].initial = self.row.evidence_note
        self.fields["evidence_links"].initial = "\n".join(self.row.evidence_links)

    def clean_evidence_links(self) -> list[str]:
        """Return the addresses, each of which a browser would open."""
        check = forms.URLField(max_length=1000, assume_scheme="https")
        return [check.clean(line) for line in self.cleaned_data["evidence_links"].split()]


class MergeForm(VerbForm):
    """Which claim it goes into."""

    into = forms.ModelChoiceField(
        label=_("Claim"),
        queryset=Claim.objects.none(),
        widget=AutocompleteSelect(Claim._meta.get_field("merged_into"), admin.site),
    )

    def prepare(self) -> None:
        """Offer the other claims of the team."""
        rows = Claim.objects.standing().filter(team_id=self.row.team_id)
        self.fields["into"].queryset = rows.exclude(  # type: ignore[attr-defined]
            pk=self.row.pk
        )


def _set_truth(act: Act) -> None:
    claim_verbs.set_truth(
        act.row,
        truth=act.values["truth"],
        note=act.values["evidence_note"],
        links=act.values["evidence_links"],
        by=act.by,
    )


def _merge(act: Act) -> None:
    claim_verbs.merge(act.row, into=act.values["into"], by=act.by)


def _stands(row: Claim) -> bool:
    return row.merged_into_id is None


@admin.register(Claim)
class ClaimAdmin(NounAdmin):
    """Claims of the person's teams, those said last first."""

    view_permission = "claims.view"
    change_permission = "claims.edit"
    form = ClaimForm
    fieldsets = (
        (None, {"fields": ("title", "incident", ("truth", "evidence"))}),
        (None, {"fields": (("mention_count", "negative_count", "author_count"), "about")}),
        (None, {"fields": (("first_seen_at", "last_seen_at"), "raid", "merged_into")}),
    )
    readonly_fields = (
        "truth",
        "evidence",
        "mention_count",
        "negative_count",
        "author_count",
        "about",
        "first_seen_at",
        "last_seen_at",
        "raid",
        "merged_into",
    )
    autocomplete_fields = ("incident",)
    list_display = ("called", "mention_count", "author_count", "says_truth", "raid", "seen")
    list_filter = (TeamFilter, "truth", ("incident", RelatedFilter))
    search_fields = ("title",)
    ordering = ("-last_seen_at", "-id")
    verbs = (
        Verb(
            "set_truth",
            _("Say whether it is true"),
            "claims.set_truth",
            _set_truth,
            form=TruthForm,
            offered=_stands,
            done=_("It is noted, with its evidence."),
            icon="fact_check",
        ),
        Verb(
            "merge",
            _("Put into another claim"),
            "claims.edit",
            _merge,
            form=MergeForm,
            offered=_stands,
            explains=_("Its mentions move there, and what says the same joins that one."),
            done=_("They are one claim now."),
            icon="merge",
        ),
    )

    @admin.display(description=_("claim"))
    def called(self, obj: Claim) -> str:
        """Its title, or the signs that its mentions carry."""
        return obj.title or self.about(obj)

    @admin.display(description=_("signs"))
    def about(self, obj: Claim) -> str:
        """The commonest signs of its mentions."""
        ranked = sorted(obj.signs, key=lambda code: (-obj.signs[code], code))
        named = (str(WORDS.get(code, code.replace("_", " "))) for code in ranked[:_SIGNS])
        return ", ".join(named) or display.NONE

    @admin.display(description=_("truth"), ordering="truth")
    def says_truth(self, obj: Claim) -> Any:
        """Whether it is true, as far as is known."""
        return obj.get_truth_display()

    @admin.display(description=_("evidence"))
    def evidence(self, obj: Claim) -> Any:
        """What shows whether it is true."""
        return display.lines("\n".join([obj.evidence_note, *obj.evidence_links]))

    @admin.display(description=_("raid, 0 to 100"), ordering="raid_score")
    def raid(self, obj: Claim) -> Any:
        """How much it looks like a copy-paste raid."""
        return display.badge("high" if obj.raid_score >= RAID_FROM else "plain", obj.raid_score)

    @admin.display(description=_("last seen"), ordering="last_seen_at")
    def seen(self, obj: Claim) -> str:
        """When it was said last."""
        return display.minute(obj.last_seen_at)

    def panels(self, request: HttpRequest, row: Claim) -> list[Panel]:
        """Show the riskiest of its mentions."""
        visible, mask = Mention.objects.visible_to(caller_of(request)), Mask()
        shown = [
            (
                display.minute(each.written_at),
                display.link(each, mask(each.text, each.team_id)[:200]),
                each.risk,
            )
            for each in visible.filter(claim=row).order_by("-risk", "-id")[:EXAMPLES]
        ]
        links = [Link(_("All its mentions"), display.list_of(Mention, claim=row.pk))]
        columns = (_("written"), _("what it says"), _("risk"))
        return [Panel("examples", _("Examples"), columns, shown, links=links)]

    def change(self, request: HttpRequest, row: Any, form: Any, formsets: Any) -> None:
        """Name it, or say which incident it belongs to."""
        by = caller_of(request).actor
        values = form.values("title", "incident")
        claim_verbs.change(row, by=by, version=row.version, values=values)
