"""What is typed about a support ticket: its sections, what is seen to, what the platform said."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crisis_api.access.admin.fields import RefsField
from crisis_api.access.admin.forms import RecordForm, VerbForm
from incidents.models import Category
from responses.services import ticket_gaps, tickets

_LONGEST = 20_000
TITLES = {
    "summary": _("What happened"),
    "what_is_asked": _("What is asked of the platform"),
    "facts": _("Facts and times"),
    "mentions": _("What is complained about"),
    "evidence": _("Evidence"),
    "contact": _("Contact"),
    "appeal": pgettext_lazy("part of a ticket", "Appeal"),
}


def section(name: str) -> str:
    """Return the name of a section's field."""
    return f"section_{name}"


class _Section(forms.CharField):
    """A section, which a browser sends back with line ends of its own."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether it differs by more than the line ends."""
        return _plain(initial) != _plain(data)


def _plain(text: Any) -> str:
    return (text or "").replace("\r\n", "\n")


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
    ticked = forms.MultipleChoiceField(
        label=_("Seen to"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Tick off what only you can know, such as that somebody agrees."),
    )
    external_refs = RefsField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in tickets.EDITABLE:
            if section(name) in self.fields:
                self.initial[section(name)] = self.instance.sections.get(name, "")
        if "ticked" in self.fields:
            self._offer_what_is_missing()

    def _offer_what_is_missing(self) -> None:
        """Offer what is missing now and what was ticked off; sections answer the rest."""
        row = self.instance
        mine = [each["code"] for each in row.settled or ()]
        offered = {*mine, *row.missing}
        field: Any = self.fields["ticked"]
        field.choices = [
            (each["code"], each["text"].removeprefix("- "))
            for each in ticket_gaps.known(row)
            if each["code"] in offered
        ]
        self.initial["ticked"] = mine

    def sections(self) -> dict[str, str]:
        """Return the sections that differ from those shown; a browser's line ends do not count.

        What was shown is sent along: the machine may have drafted others meanwhile.
        """
        return {
            name: self.cleaned_data[section(name)].replace("\r\n", "\n")
            for name in tickets.EDITABLE
            if section(name) in self.changed_data
        }

    def settled(self) -> list[str] | None:
        """Return the codes that are ticked, None where that is as it was shown."""
        return self.cleaned_data["ticked"] if "ticked" in self.changed_data else None


def with_sections() -> type[TicketForm]:
    """Return the form with a field for each section."""
    fields = {
        section(name): _Section(
            label=title,
            required=False,
            strip=False,
            max_length=tickets.LONGEST_SECTION,
            show_hidden_initial=True,
            widget=forms.Textarea(attrs={"rows": 8}),
        )
        for name, title in TITLES.items()
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
