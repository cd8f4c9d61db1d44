"""Forms of the admin: what people type becomes the values that one service takes."""

import re
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib.admin import AdminSite
from django.core.exceptions import ValidationError
from django.forms.models import construct_instance
from django.http import HttpRequest
from django.utils.translation import gettext as _
from unfold import widgets

from crisis_api.access import refs
from crisis_api.access.admin import problems
from crisis_api.access.callers import Caller
from crisis_api.lib.errors import Problem

_BREAKS = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]")
_DRESSED = ("unfold.", "django.contrib.admin.")


class RecordForm(forms.ModelForm):
    """A record's form. It stores nothing: a service does, and what that refuses is shown here.

    `edition` is what the person has read; where the row is another by now, nothing is stored.
    """

    edition = forms.CharField(required=False, widget=forms.HiddenInput)
    # Set by the admin, per request: which fields the page asks for, who types, what was refused.
    asked: ClassVar[set[str]]
    caller: ClassVar[Caller]
    problem: ClassVar[Problem | None] = None
    edition_now: ClassVar[str] = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in set(self.fields) - self.asked - {"edition"}:
            del self.fields[name]
        dress(self)
        self.fields["edition"].initial = self.edition_now
        if "external_refs" in self.fields and not self.instance._state.adding:
            self.initial["external_refs"] = refs.read(self.instance)

    def clean(self) -> dict[str, Any]:
        """Refuse what somebody else changed meanwhile, and what the service refused just now."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name, value in list(cleaned.items()):
            if isinstance(value, str) and _is_one_line(self.fields[name]) and _BREAKS.search(value):
                self.add_error(name, ValidationError(_("One line, please."), code="one_line"))
            if isinstance(value, datetime) and value == _to_the_second(self.initial.get(name)):
                # Shown without its fraction, so sending it back unchanged must not change it.
                cleaned[name] = self.initial[name]
        if self.edition_now and cleaned.get("edition") != self.edition_now:
            self.add_error(None, ValidationError(problems.STALE, code="stale"))
        elif self.problem is not None:
            for field, text in problems.spread(self.problem, self.fields):
                self.add_error(field, ValidationError(text, code=self.problem.code))
        return cleaned

    def _post_clean(self) -> None:
        """Look at each column by itself: rules over several are the services' to explain."""
        construct_instance(self, self.instance, self._meta.fields, self._meta.exclude)
        self.validate_unique()

    def values(self, *names: str) -> dict[str, Any]:
        """Return what was typed, by name."""
        return {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}


class VerbForm(forms.Form):
    """What a verb asks for before it is done; by itself nothing but a confirmation."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, row: Any, caller: Caller, site: AdminSite, request: HttpRequest, **kw: Any
    ) -> None:
        super().__init__(*args, **kw)
        self.row, self.caller, self.site, self.request = row, caller, site, request
        self.fields["version"].initial = getattr(row, "version", None)
        self.fields["version"].required = hasattr(row, "version")
        self.prepare()
        dress(self)

    def prepare(self) -> None:
        """Limit the choices to what the row's team has."""

    def refuse(self, problem: Problem) -> None:
        """Show what the service refused."""
        for field, text in problems.spread(problem, self.fields):
            self.add_error(field, ValidationError(text, code=problem.code))


def _to_the_second(at: Any) -> Any:
    return at.replace(microsecond=0) if isinstance(at, datetime) else None


def _is_one_line(field: forms.Field) -> bool:
    return not isinstance(field.widget, forms.Textarea | forms.HiddenInput)


def dress(form: Any) -> None:
    """Give the fields of a form the look of the admin, where they don't have it already."""
    for field in form.fields.values():
        widget = field.widget
        if widget.is_hidden or type(widget).__module__.startswith(_DRESSED):
            continue
        fresh = _dressed(field, widget)
        if fresh is None:
            continue
        kept = {name: value for name, value in widget.attrs.items() if name != "class"}
        fresh.attrs = {**fresh.attrs, **kept}
        fresh.is_required = field.required
        if hasattr(field, "choices"):
            fresh.choices = field.choices  # type: ignore[attr-defined]
        field.widget = fresh


def _dressed(field: forms.Field, widget: forms.Widget) -> forms.Widget | None:
    match field:
        case forms.SplitDateTimeField():
            return widgets.UnfoldAdminSplitDateTimeWidget()
        case forms.DateField():
            return widgets.UnfoldAdminSingleDateWidget()
        case forms.TimeField():
            return widgets.UnfoldAdminSingleTimeWidget()
        case forms.BooleanField():
            return widgets.UnfoldBooleanSwitchWidget()
        case forms.ModelMultipleChoiceField() | forms.MultipleChoiceField():
            return widgets.UnfoldAdminCheckboxSelectMultipleWidget()
        case forms.ChoiceField() | forms.ModelChoiceField():
            return widgets.UnfoldAdminSelectWidget()
        case forms.IntegerField():
            return widgets.UnfoldAdminIntegerFieldWidget()
        case forms.EmailField():
            return widgets.UnfoldAdminEmailInputWidget()
        case forms.CharField() if isinstance(widget, forms.Textarea):
            return widgets.UnfoldAdminTextareaWidget()
        case forms.CharField() if isinstance(widget, forms.PasswordInput):
            return widgets.UnfoldAdminPasswordWidget()
        case forms.CharField():
            return widgets.UnfoldAdminTextInputWidget()
    return None
