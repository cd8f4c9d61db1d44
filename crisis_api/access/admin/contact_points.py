"""Contact points: how people and teams are reached."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin import display
from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.contact_lines import ADDRESS, offer_kinds, state_of
from crisis_api.access.admin.fields import HoursField, hours_text
from crisis_api.access.admin.filters import TeamFilter
from crisis_api.access.admin.forms import RecordForm
from crisis_api.access.admin.scope import caller_of
from crisis_api.access.admin.secret_page import shown_once
from crisis_api.access.admin.verbs import Act, Verb
from crisis_api.access.models import ContactPoint, Membership, Owner
from crisis_api.access.services import addresses, contact_points
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import Forbidden

_MANAGE = "contact_points.manage"
_WANTED = ("from_severity", "hours")


class PointForm(RecordForm):
    """A contact point; its address is typed anew or left as it is."""

    address = forms.CharField(label=_("Address"), max_length=1000, help_text=ADDRESS)
    position = forms.IntegerField(
        label=_("Place in its chain"),
        min_value=1,
        max_value=1000,
        required=False,
        help_text=_("1 is tried first. Empty: the last."),
    )

    hours = HoursField(
        label=_("Hours"),
        help_text=_("When it is used. A day a line, such as “mon 09:00-18:00”. Empty: always."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.pop("address", None)
        offer_kinds(self)
        if not self.instance._state.adding and "address" in self.fields:
            self.fields["address"].required = False
            self.fields["address"].label = _("New address")

    def clean(self) -> dict[str, Any]:
        """Ask for the person or the team, not for both."""
        cleaned = super().clean()
        if self.instance._state.adding and bool(cleaned.get("owner")) == bool(cleaned.get("team")):
            self.add_error("owner", _("Name the person or the team."))
        return cleaned

    def _post_clean(self) -> None:
        """Leave the instance as it is: its address must not be blanked by a form that keeps it."""


def _rotate(act: Act) -> Any:
    row = contact_points.rotate_secret(act.row, by=act.by)
    admin_of = admin.site.get_model_admin(ContactPoint)
    return shown_once(
        admin_of, act.request, title=_("The new signing secret"), secret=row.secret, row=row
    )


@admin.register(ContactPoint)
class ContactPointAdmin(NounAdmin):
    """The person's own contact points always; others' where they manage."""

    view_permission = "contact_points.view"
    add_permission = change_permission = delete_permission = _MANAGE
    form = PointForm
    edition_fields = ("kind", "urgency", "position", "label", "address_index", *_WANTED)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("owner", "team"),
                    "kind",
                    ("urgency", "position"),
                    "label",
                    "goes_to",
                    "address",
                    "state",
                )
            },
        ),
        (_("When it is used"), {"fields": ("from_severity", "hours")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "fields": (("owner", "team"), "kind", "address", ("urgency", "position"), "label"),
                "description": _(
                    "Name the person whom it reaches, or for a webhook the team that owns it."
                ),
            },
        ),
        (_("When it is used"), {"fields": ("from_severity", "hours")}),
    )
    autocomplete_fields = ("owner",)
    readonly_fields = ("goes_to", "state", "used_in", "last_success_at", "last_failure_at")
    shown_as = {"hours": "used_in"}
    list_display = ("whose", "kind", "urgency", "position", "label", "wanted", "goes_to", "state")
    list_filter = (TeamFilter, "kind", "urgency")
    list_select_related = ("owner", "team")
    search_fields = ("owner__name", "label")
    ordering = ("owner__name", "urgency", "position")
    verbs = (
        Verb(
            "rotate_secret",
            _("New signing secret"),
            _MANAGE,
            _rotate,
            offered=lambda row: row.kind == ContactPoint.Kind.WEBHOOK,
            explains=_("The old secret is void at once; the new one is shown on the next page."),
            icon="key",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ContactPoint]:
        """Return the person's own, and those of teams and people that they manage."""
        caller = caller_of(request)
        teams = caller.teams_for(self.view_permission)
        members = Membership.objects.filter(team_id__in=teams).values("owner_id")
        seen = Q(team_id__in=teams) | Q(owner_id__in=members)
        if caller.owner is not None:
            seen |= Q(owner=caller.owner)
        return ContactPoint.objects.filter(seen)

    def may(self, request: HttpRequest, permission: str, row: ContactPoint) -> bool:
        """Whether the contact point is the person's own, or they manage whose it is."""
        caller = caller_of(request)
        if permission == self.view_permission:
            return True
        if row.owner is None:
            return caller.may(permission, row.team_id)
        return self._may_for(request, row.owner)

    def _may_for(self, request: HttpRequest, owner: Owner) -> bool:
        me = caller_of(request).owner
        owner_admin: Any = self.admin_site.get_model_admin(Owner)
        mine = me is not None and me.pk == owner.pk
        return mine or bool(owner_admin.may(request, _MANAGE, owner))

    def _may(self, request: HttpRequest, permission: str, row: Any) -> bool:
        if row is None:
            return bool(permission) and caller_of(request).owner is not None
        return super()._may(request, permission, row)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for a new address only where it may be changed: else it would be shown."""
        parts = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return parts
        names = [name for name in parts[0][1]["fields"] if name != "address"]
        return [(None, {"fields": names}), *parts[1:]]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep whose it is, and of what kind."""
        fixed = super().get_readonly_fields(request, obj)
        return [*fixed, "owner", "kind"] if obj is not None else fixed

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Choose the person themself."""
        me = caller_of(request).owner
        given = super().get_changeform_initial_data(request)
        given.pop("team", None)
        return {**({"owner": str(me.pk)} if me else {}), **given}

    @admin.display(description=_("whose"), ordering="owner__name")
    def whose(self, obj: ContactPoint) -> str:
        """The person or the team."""
        return str(obj.owner or obj.team)

    @admin.display(description=_("goes to"))
    def goes_to(self, obj: ContactPoint) -> str:
        """Where it goes, so that it can be recognised and not used."""
        return addresses.masked(obj.kind, obj.address)

    @admin.display(description=_("hours"))
    def used_in(self, obj: ContactPoint) -> Any:
        """In which hours it is used."""
        return display.lines(hours_text(obj.hours)) if obj.hours else _("always")

    @admin.display(description=_("used from"), ordering="from_severity")
    def wanted(self, obj: ContactPoint) -> Any:
        """From which severity on it is used, and whether it has hours."""
        label = obj.get_from_severity_display()
        return f"{label}, {_('in its hours')}" if obj.hours else label

    @admin.display(description=_("state"))
    def state(self, obj: ContactPoint) -> Any:
        """Whether it works."""
        return state_of(obj)

    def _require_team(self, request: HttpRequest, form: Any) -> None:
        team, owner = form.cleaned_data["team"], form.cleaned_data["owner"]
        if team is not None:
            caller_of(request).require(_MANAGE, team.pk)
        if owner is not None and not self._may_for(request, owner):
            raise Forbidden

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> ContactPoint:
        """Add a contact point."""
        names = ("owner", "team", "kind", "address", "urgency", "label", "position", *_WANTED)
        return contact_points.add(by=caller_of(request).actor, **form.values(*names))

    def response_add(
        self, request: HttpRequest, obj: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show a webhook's secret, this once."""
        if obj.kind != ContactPoint.Kind.WEBHOOK:
            return super().response_add(request, obj, *args, **kwargs)
        return shown_once(self, request, title=_("The signing secret"), secret=obj.secret, row=obj)

    def change(self, request: HttpRequest, row: Any, form: Any, formsets: Any) -> None:
        """Change the address, the label, the chain or the place in it."""
        values = form.values("urgency", "label", "position", *_WANTED)
        address = form.cleaned_data["address"] or None
        by = caller_of(request).actor
        contact_points.change(row, by=by, version=row.version, address=address, **values)

    def delete(self, row: Any, *, by: Actor) -> None:
        """Take a contact point away."""
        contact_points.remove(row, by=by)
