"""A person's contact points, on the person's page."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin import display
from crisis_api.access.admin.forms import dress
from crisis_api.access.admin.lines import Lines
from crisis_api.access.admin.scope import caller_of
from crisis_api.access.models import ContactPoint, Owner
from crisis_api.access.services import addresses, contact_points
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Problem

ADDRESS = _(
    "An e-mail address, an https address, or an Apprise address such as tgram://TOKEN/CHAT."
)


def offer_kinds(form: forms.ModelForm) -> None:
    """Leave the console out where it would be refused, unless the contact point is one already."""
    console = ContactPoint.Kind.CONSOLE
    field = form.fields.get("kind")
    if field is None or addresses.console_allowed() or form.instance.kind == console:
        return
    left = [each for each in field.choices if each[0] != console]  # type: ignore[attr-defined]
    field.choices = left  # type: ignore[attr-defined]


class ContactPointForm(forms.ModelForm):
    """One way to reach a person. The address is typed anew or left as it is."""

    address = forms.CharField(
        label=_("New address"),
        max_length=1000,
        required=False,
        help_text=ADDRESS,
    )
    position = forms.IntegerField(label=_("Place"), min_value=1, max_value=1000, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["address"] = ""
        offer_kinds(self)
        if not self.instance._state.adding and "kind" in self.fields:
            self.fields["kind"].disabled = True
        dress(self)

    def clean(self) -> dict[str, Any]:
        """Say at once what is wrong with an address; the service looks again."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        address = cleaned.get("address", "")
        if not address and self.instance._state.adding:
            self.add_error("address", _("Where should it go?"))
        elif address and "kind" in cleaned:
            try:
                addresses.check(cleaned["kind"], address)
            except Problem as problem:
                for error in problem.errors:
                    self.add_error("address", error.detail)
        return cleaned

    def _post_clean(self) -> None:
        """Leave the instance as it is: its address must not be blanked by a form that keeps it."""


class ContactPointLines(Lines):
    """Contact points in their two chains; each chain is tried from its first place on."""

    model = ContactPoint
    fk_name = "owner"
    form = ContactPointForm
    fields = ("urgency", "position", "kind", "label", "reached_at", "address", "state")
    readonly_fields = ("reached_at", "state")
    verbose_name = _("contact point")
    verbose_name_plural = _("contact points, tried in this order")
    show_change_link = True

    def _editable(self, request: HttpRequest, obj: Any) -> bool:
        if obj is None:
            return False
        me = caller_of(request).owner
        owner_admin: Any = self.admin_site.get_model_admin(Owner)
        mine = me is not None and me.pk == obj.pk
        return mine or bool(owner_admin.may(request, "contact_points.manage", obj))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for an address only where it may be changed: else it would be shown."""
        if self._editable(request, obj):
            return self.fields
        return [name for name in self.fields if name != "address"]

    @admin.display(description=_("address"))
    def reached_at(self, obj: ContactPoint) -> str:
        """Where it goes, so that it can be recognised and not used."""
        return addresses.masked(obj.kind, obj.address) if obj and obj.address else display.NONE

    @admin.display(description=_("state"))
    def state(self, obj: ContactPoint) -> Any:
        """Whether it works."""
        return state_of(obj)


def state_of(point: ContactPoint) -> Any:
    """Return whether a contact point works, as far as is known."""
    if point.disabled_at is not None:
        return display.badge("disabled", _("given up"))
    if point.last_failure_at and (
        point.last_success_at is None or point.last_failure_at > point.last_success_at
    ):
        return display.badge("failed", _("failed last"))
    return display.badge("sent", _("works")) if point.last_success_at else _("not tried yet")


def store_points(owner: Owner, formset: Any, *, by: Actor) -> None:
    """Add, change and take away what the form's lines say."""
    for form in formset.forms:
        if not form.has_changed() and form not in formset.deleted_forms:
            continue
        point = None if form.instance._state.adding else form.instance
        if form in formset.deleted_forms:
            if point is not None:
                contact_points.remove(ContactPoint.objects.get(pk=point.pk), by=by)
            continue
        values = form.cleaned_data
        if point is None:
            contact_points.add(
                owner=owner,
                kind=values["kind"],
                address=values["address"],
                urgency=values["urgency"],
                label=values["label"],
                position=values["position"],
                by=by,
            )
        else:
            contact_points.change(
                ContactPoint.objects.get(pk=point.pk),
                address=values["address"] or None,
                urgency=values["urgency"],
                label=values["label"],
                position=values["position"],
                by=by,
            )
