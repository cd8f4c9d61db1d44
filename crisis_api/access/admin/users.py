"""Accounts that sign in: for those who run the installation."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin import display
from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.forms import RecordForm, VerbForm
from crisis_api.access.admin.scope import caller_of, is_superuser
from crisis_api.access.admin.verbs import Act, Verb
from crisis_api.access.models import Owner, User
from crisis_api.access.services import users

_PASSWORD = _("At least 8 characters, not a common word. Empty: nobody can sign in with it yet.")

_FLAGS = ("is_active", "is_staff", "is_superuser")


class AccountForm(RecordForm):
    """An account; its password only when it is made."""

    password = forms.CharField(
        label=_("Password"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_PASSWORD,
    )


class PasswordForm(VerbForm):
    """Another password, typed twice."""

    password = forms.CharField(
        label=_("New password"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    again = forms.CharField(
        label=_("Once more"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean(self) -> dict[str, Any]:
        """Refuse two that differ."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("password") != cleaned.get("again"):
            self.add_error("again", _("The two differ."))
        return cleaned


def _set_password(act: Act) -> None:
    users.set_password(act.row, password=act.values["password"], by=act.by)


@admin.register(User)
class UserAdmin(NounAdmin):
    """Accounts. What a person may do comes from their memberships."""

    view_permission = add_permission = change_permission = "superuser"
    form = AccountForm
    edition_fields = ("username", "email", "is_staff", "is_active", "is_superuser")
    record_fields = ("id", "last_login", "date_joined")
    fieldsets = ((None, {"fields": ("username", "email", _FLAGS)}),)
    add_fieldsets = ((None, {"fields": ("username", "email", "password", "is_superuser")}),)
    list_display = ("username", "email", "person", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("username", "email", "owner__name")
    ordering = ("username",)
    verbs = (
        Verb(
            "set_password",
            _("Set password"),
            "superuser",
            _set_password,
            form=PasswordForm,
            explains=_("Whoever is signed in with the old password is signed out."),
            done=_("The password is set."),
            icon="key",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return all accounts, to those who run the installation."""
        rows = User.objects.select_related("owner")
        return rows if is_superuser(request) else rows.none()

    def _may(self, request: HttpRequest, permission: str, row: Any) -> bool:
        return bool(permission) and is_superuser(request)

    def may(self, request: HttpRequest, permission: str, row: Any) -> bool:
        """Whether this is somebody who runs the installation."""
        return is_superuser(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the name: it is how people know the account."""
        return ["username", *self.record_fields] if obj is not None else self.record_fields

    @admin.display(description=_("person"))
    def person(self, obj: User) -> str:
        """Whose account it is."""
        owner = Owner.objects.filter(user=obj).only("name").first() if obj else None
        return display.NONE if owner is None else owner.name

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> User:
        """Make an account."""
        values = form.values("username", "email", "password", "is_superuser")
        return users.create(by=caller_of(request).actor, **values)

    def change(self, request: HttpRequest, row: Any, form: Any, formsets: Any) -> None:
        """Change an account."""
        values = form.values("email", "is_staff", "is_active", "is_superuser")
        users.change(row, by=caller_of(request).actor, values=values)
