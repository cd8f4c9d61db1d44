"""Lines of people in order, of a rotation or of a layer."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.forms import PaginationInlineFormSet

_LAST = 10_000


class ParticipantForm(forms.ModelForm):
    """One person's place in the order."""

    position = forms.IntegerField(label=_("Order"), min_value=1, max_value=_LAST, required=False)

    def _post_clean(self) -> None:
        """Leave the instance as it is: the service writes the whole order anew."""


class ParticipantFormSet(PaginationInlineFormSet):
    """Everybody who takes part, in order."""

    def validate_unique(self) -> None:
        """Let two people change places."""

    def people(self) -> list[UUID]:
        """Return the ids of the participants, in order."""
        kept = [
            form.cleaned_data
            for form in self.forms
            if form not in self.deleted_forms and form.cleaned_data.get("owner")
        ]
        kept.sort(key=lambda typed: typed.get("position") or _LAST)
        return [typed["owner"].pk for typed in kept]


def people_of(formsets: Any) -> list[UUID]:
    """Return the ids of the people typed into the lines of a page, in order."""
    (people,) = (each.people() for each in formsets if isinstance(each, ParticipantFormSet))
    return people
