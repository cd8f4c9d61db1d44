"""What is typed about an incident: to open it, to edit it, to move it on."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin.fields import LinksField, MomentField, RefsField, SpanField
from crisis_api.access.admin.forms import RecordForm, VerbForm
from crisis_api.access.models import Owner
from incidents.masking import Mask
from incidents.models import Category, Incident, IncidentStatus, Severity

LONGEST_TEXT = 20_000
MOST_TO_SPLIT = 200


def long_text(label: Any, help_text: Any = "", **kwargs: Any) -> forms.CharField:
    """Return a field for several lines."""
    return forms.CharField(
        label=label,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=help_text,
        **kwargs,
    )


class IncidentForm(RecordForm):
    """An incident's own words, and what decides whom to remind."""

    summary = long_text(
        _("Summary"),
        _("What is known, what is done. For example: burns after batch 0427, sale stopped."),
        required=False,
    )
    links = LinksField(
        label=_("Links"),
        required=False,
        help_text=_("One a line: the address, then what it is."),
    )
    external_refs = RefsField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            # What it is and how grave it is decide whom to wake: nobody's default will do.
            for name in ("category", "severity"):
                field: Any = self.fields[name]
                field.choices = [("", _("Choose")), *(each for each in field.choices if each[0])]

    def clean(self) -> dict[str, Any]:
        """Let a policy be replaced, not removed: nobody would be reminded any more."""
        cleaned = super().clean()
        had_one = not self.instance._state.adding and self.initial.get("policy")
        if "policy" in self.fields and had_one and cleaned.get("policy") is None:
            self.add_error("policy", _("Choose another one: without any nobody is reminded."))
        return cleaned


class AcknowledgeForm(VerbForm):
    """For how long the acknowledgement holds."""

    expires_in = SpanField(
        label=_("For how long"),
        required=False,
        help_text=_(
            "For example 30m. When it is over without an end, the escalation starts anew. "
            "Empty: it holds until somebody ends it."
        ),
    )

    def clean_expires_in(self) -> timedelta | None:
        """Return the span, a minute at least."""
        seconds = self.cleaned_data["expires_in"]
        if seconds is None:
            return None
        if seconds < 60:
            raise forms.ValidationError(_("A minute at least."))
        return timedelta(seconds=seconds)


class AssignForm(VerbForm):
    """Who is responsible from now on."""

    owner = forms.ModelChoiceField(label=_("Person"), queryset=Owner.objects.none())

    def prepare(self) -> None:
        """Offer the active members of the team."""
        people = Owner.objects.of_team(self.row.team_id).order_by("name")
        self.fields["owner"].queryset = people  # type: ignore[attr-defined]
        self.fields["owner"].initial = self.caller.owner


class SnoozeForm(VerbForm):
    """Until when everybody is left in peace."""

    snoozed_until = MomentField(label=_("Until"))


class ResolveForm(VerbForm):
    """What came of it."""

    resolution_note = long_text(
        _("What came of it"),
        _("For example: the batch was recalled, everybody who wrote got an answer."),
    )


class ReopenForm(VerbForm):
    """Why it is not over."""

    reason = long_text(_("Why"), _("Kept as a note."), required=False)


class NoteForm(VerbForm):
    """What somebody wants to have written down."""

    text = long_text(
        _("Note"), _("A note is never changed: what is wrong in it is said in the next.")
    )


def _another() -> forms.ModelChoiceField:
    widget = AutocompleteSelect(Incident._meta.get_field("merged_into"), admin.site)
    return forms.ModelChoiceField(
        label=_("Incident"), queryset=Incident.objects.none(), widget=widget
    )


class _OtherForm(VerbForm):
    def prepare(self) -> None:
        """Offer the other incidents of the team."""
        for field in self.fields.values():
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = self.others()

    def others(self) -> Any:
        """Return what may be chosen."""
        return Incident.objects.filter(team_id=self.row.team_id).exclude(pk=self.row.pk)


class MergeForm(_OtherForm):
    """Which incident it goes into."""

    into = _another()

    def others(self) -> Any:
        """Return those that were not merged themselves."""
        return super().others().exclude(status=IncidentStatus.MERGED)


class RelateForm(_OtherForm):
    """Which incident it has to do with."""

    other = _another()


class SplitForm(VerbForm):
    """Which of its mentions make a second incident, and what that one is about."""

    title = forms.CharField(label=_("Title of the new incident"), max_length=200)
    category = forms.ChoiceField(label=_("Category"), choices=Category.choices)
    severity = forms.TypedChoiceField(label=_("Severity"), choices=Severity.choices, coerce=int)
    mention_ids = forms.MultipleChoiceField(
        label=_("Mentions"), help_text=_("The riskiest 200 of this incident.")
    )

    def prepare(self) -> None:
        """Offer the riskiest mentions, and what the incident is as a start."""
        mentions = self.row.mentions.order_by("-risk", "-id")[:MOST_TO_SPLIT]
        mask = Mask()
        self.fields["mention_ids"].choices = [  # type: ignore[attr-defined]
            (str(mention.pk), f"{mention.risk}: {_short(mask(mention.text, mention.team_id))}")
            for mention in mentions
        ]
        self.fields["category"].initial = self.row.category
        self.fields["severity"].initial = self.row.severity


def _short(text: str) -> str:
    return str(Truncator(text).chars(120))
