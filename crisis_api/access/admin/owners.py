"""People: the accounts' persons, how they are reached, what they belong to."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import transaction
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from crisis_api.access.admin import display
from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.contact_lines import ContactPointLines, store_points
from crisis_api.access.admin.fields import HoursField, ZoneField, hours_text
from crisis_api.access.admin.forms import RecordForm
from crisis_api.access.admin.panels import Link, Panel
from crisis_api.access.admin.scope import caller_of, is_superuser
from crisis_api.access.admin.verbs import Act, Verb
from crisis_api.access.models import ContactPoint, Membership, Owner, Role, Team
from crisis_api.access.services import owners

# Where those who run the installation find everybody; wherever else people are chosen, only those
# who share a team are offered.
_PAGES = frozenset({"access_owner_changelist", "access_owner_change"})
_EDITED = ("name", "email", "language", "time_zone", "working_hours", "wants_digest")


class OwnerForm(RecordForm):
    """A person; when they are made, with their account and their role in a team."""

    team = forms.ModelChoiceField(label=_("Team"), queryset=Team.objects.none())
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.RESPONDER)
    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        help_text=_("For example: anna. Letters, digits and @ . + - _"),
    )
    password = forms.CharField(
        label=_("Password"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 8 characters. Empty: nobody can sign in as them until one is set."),
    )
    email = forms.EmailField(label=_("E-mail"), required=False)
    time_zone = ZoneField(help_text=_("For example: Europe/Moscow."))
    working_hours = HoursField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "team" in self.fields:
            self.fields["team"].queryset = self.teams  # type: ignore[attr-defined]
        else:
            self.initial["email"] = self.instance.user.email


def shared_by(owner: Owner) -> list[Membership]:
    """Return the memberships that a person's own list read with the person."""
    found: list[Membership] = owner.shared  # type: ignore[attr-defined]
    return found


def _deactivate(act: Act) -> None:
    owners.deactivate(act.row, by=act.by)


def _reactivate(act: Act) -> None:
    owners.reactivate(act.row, by=act.by)


@admin.register(Owner)
class OwnerAdmin(NounAdmin):
    """People who share a team with whoever looks; everybody, to those who run the installation."""

    view_permission = "owners.view"
    add_permission = change_permission = "owners.manage"
    form = OwnerForm
    fieldsets = ((None, {"fields": _EDITED}), (None, {"fields": ("signs_in_as", "deactivated_at")}))
    add_fieldsets = ((None, {"fields": (("team", "role"), ("username", "password"), *_EDITED)}),)
    shown_as = {"email": "address", "working_hours": "hours"}
    readonly_fields = ("signs_in_as", "deactivated_at", "hours", "address")
    list_display = ("name", "signs_in_as", "roles", "language", "time_zone", "is_active")
    list_filter = ("language",)
    search_fields = ("name", "user__username")
    ordering = ("name",)
    verbs = (
        Verb(
            "deactivate",
            _("Deactivate"),
            "owners.manage",
            _deactivate,
            offered=lambda row: row.deactivated_at is None,
            explains=_(
                "Their access ends at once, in every team: sessions, keys, reminders. What they "
                "did stays under their name, and their shifts are nobody's from now on."
            ),
            done=_("They can no longer sign in."),
            icon="person_off",
            variant=ActionVariant.DANGER,
        ),
        Verb(
            "reactivate",
            _("Reactivate"),
            "owners.manage",
            _reactivate,
            offered=lambda row: row.deactivated_at is not None,
            explains=_("They get back in with the roles they had; their keys stay revoked."),
            done=_("They can sign in again."),
            icon="person_add",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Owner]:
        """Return the people of the person's teams, and themself."""
        caller = caller_of(request)
        shared = Membership.objects.select_related("team")
        people = Owner.objects.select_related("user")
        if not self._shows_everybody(request):
            seen = Q(memberships__team_id__in=caller.team_ids())
            mine = Q(pk=caller.owner.pk) if caller.owner else Q(pk=None)
            people = people.filter(seen | mine).distinct()
            # What else they belong to stays unseen.
            shared = shared.filter(team_id__in=caller.team_ids())
        return people.prefetch_related(Prefetch("memberships", shared, to_attr="shared"))

    def _shows_everybody(self, request: HttpRequest) -> bool:
        """Whether these are the pages on which they are found whom a superuser has added.

        Accounts and memberships of everybody are shown to superusers too; how somebody is reached
        is not.
        """
        where = request.resolver_match
        return is_superuser(request) and where is not None and where.url_name in _PAGES

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Offer, where somebody is chosen, only those who can still answer."""
        if request.path.endswith("/autocomplete/"):
            queryset = queryset.filter(deactivated_at=None)
        return super().get_search_results(request, queryset, search_term)

    def may(self, request: HttpRequest, permission: str, row: Owner) -> bool:
        """Whether the person may do this in every team that the other belongs to.

        Somebody is one person in all of their teams; a manager of one must not change them for
        the others.
        """
        caller = caller_of(request)
        if permission == self.view_permission:
            return True
        teams = list(Membership.objects.filter(owner=row).values_list("team_id", flat=True))
        return bool(teams) and all(caller.may(permission, team) for team in teams)

    def _is_self(self, request: HttpRequest, row: Owner | None) -> bool:
        me = caller_of(request).owner
        return me is not None and row is not None and me.pk == row.pk

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the person has a team, or runs the installation, who adds the first manager."""
        return is_superuser(request) or super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether the person manages people, or runs the installation."""
        return is_superuser(request) or super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the person manages this one, or is it."""
        return self._is_self(request, obj) or super().has_change_permission(request, obj)

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        """Show contact points to the person they belong to, and to who manages them."""
        if obj is None or not (
            self._is_self(request, obj) or self.may(request, "contact_points.view", obj)
        ):
            return []
        return [ContactPointLines]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return the form with the teams to which somebody may be added."""
        form = super().get_form(request, obj, change, **kwargs)
        caller = caller_of(request)
        mine = set(caller.teams_for("owners.manage")) & set(caller.teams_for("memberships.manage"))
        teams = Team.objects.all() if is_superuser(request) else Team.objects.filter(pk__in=mine)
        return type(form.__name__, (form,), {"teams": teams})

    @admin.display(description=_("user name"), ordering="user__username")
    def signs_in_as(self, obj: Owner) -> str:
        """What they sign in with."""
        return obj.user.username

    @admin.display(description=_("e-mail"))
    def address(self, obj: Owner) -> str:
        """The account's e-mail."""
        return obj.user.email or display.NONE

    @admin.display(description=_("working hours"))
    def hours(self, obj: Owner) -> Any:
        """When they are at work."""
        text = hours_text(obj.working_hours)
        return display.lines(text) if text else _("always")

    @admin.display(description=_("active"), boolean=True)
    def is_active(self, obj: Owner) -> bool:
        """Whether they can still be reminded."""
        return obj.deactivated_at is None

    @admin.display(description=_("roles"))
    def roles(self, obj: Owner) -> str:
        """What they are in the teams that they share with whoever looks."""
        return ", ".join(f"{each.team}: {each.get_role_display()}" for each in shared_by(obj))

    def panels(self, request: HttpRequest, row: Owner) -> Sequence[Panel]:
        """Show what they are in the teams that they share with whoever looks."""
        rows = [
            (str(each.team), each.get_role_display(), display.link(each, _("change")))
            for each in shared_by(row)
        ]
        links = [Link(_("Make a member of another team"), display.add_to(Membership, owner=row.pk))]
        if not (is_superuser(request) or caller_of(request).may("memberships.manage")):
            links = []
        columns = (_("team"), _("role"), "")
        return [Panel("memberships", _("Teams"), columns, rows, count=len(rows), links=links)]

    def response_change(self, request: HttpRequest, obj: Owner) -> HttpResponse:
        """Say that it is stored in the language which the person has just chosen for themself."""
        if not self._is_self(request, obj) or settings.LANGUAGE_COOKIE_NAME in request.COOKIES:
            return super().response_change(request, obj)
        with translation.override(obj.language):
            return super().response_change(request, obj)

    def _require_team(self, request: HttpRequest, form: Any) -> None:
        if not is_superuser(request):
            super()._require_team(request, form)
            caller_of(request).require("memberships.manage", form.cleaned_data["team"].pk)

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> Owner:
        """Make a person with their account, as a member of a team."""
        values = form.values("team", "role", "username", *_EDITED)
        password = form.cleaned_data["password"] or None
        return owners.create(by=caller_of(request).actor, password=password, **values)

    def change(self, request: HttpRequest, row: Any, form: Any, formsets: Any) -> None:
        """Change a person and how they are reached: all of it or nothing."""
        by = caller_of(request).actor
        with transaction.atomic():
            owners.change(row, by=by, version=row.version, values=form.values(*_EDITED))
            for formset in formsets:
                if issubclass(formset.model, ContactPoint):
                    store_points(row, formset, by=by)
