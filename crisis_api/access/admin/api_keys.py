"""API keys: issued once, shown once, revoked."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from crisis_api.access import keys as stored
from crisis_api.access.admin import display
from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.fields import MomentField
from crisis_api.access.admin.filters import TeamFilter
from crisis_api.access.admin.forms import RecordForm
from crisis_api.access.admin.scope import caller_of
from crisis_api.access.admin.secret_page import shown_once
from crisis_api.access.admin.verbs import Act, Verb
from crisis_api.access.models import ApiKey
from crisis_api.access.permissions import Scope
from crisis_api.access.services import keys
from crisis_api.lib import clock

_SCOPES = (
    (Scope.READ, _("read: see what the team has")),
    (Scope.INTAKE, _("intake: bring mentions in")),
    (Scope.INCIDENTS, _("incidents: open, acknowledge, escalate, resolve")),
    (Scope.RESPONSES, _("responses: statements, tickets, follow-ups")),
    (Scope.MANAGE, _("manage: people, policies, keys, webhooks")),
)


class KeyForm(RecordForm):
    """A new key: of a team, or without one of the person who makes it."""

    scopes = forms.MultipleChoiceField(label=_("Scopes"), choices=_SCOPES)
    expires_at = MomentField(
        label=_("Expires"), required=False, help_text=_("Empty: never, until it is revoked.")
    )


def _revoke(act: Act) -> None:
    stored.revoke(act.row, by=act.by)


@admin.register(ApiKey)
class ApiKeyAdmin(NounAdmin):
    """Keys that act in the teams which the person manages, and their own."""

    view_permission = "api_keys.view"
    add_permission = "api_keys.manage"
    form = KeyForm
    fieldsets = (
        (None, {"fields": ("name", "shown_prefix", "team", "owner", "scopes_shown", "state")}),
        (None, {"fields": ("created_by", "expires_at", "revoked_at", "last_used_at")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "fields": ("name", "team", "scopes", "expires_at"),
                "description": _(
                    "A key of a team acts as itself; what it writes counts as written by you. "
                    "Without a team it is yours and acts as you."
                ),
            },
        ),
    )
    readonly_fields = ("shown_prefix", "scopes_shown", "state", "revoked_at", "last_used_at")
    list_display = ("name", "shown_prefix", "whose", "scopes_shown", "state", "last_used_at")
    list_filter = (TeamFilter,)
    list_select_related = ("owner", "team")
    search_fields = ("name", "prefix")
    verbs = (
        Verb(
            "revoke",
            _("Revoke"),
            "api_keys.manage",
            _revoke,
            offered=lambda row: row.revoked_at is None,
            explains=_("It is useless at once, and for good."),
            done=_("The key is revoked."),
            icon="block",
            variant=ActionVariant.DANGER,
            bulk=True,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        """Return the keys that act in teams which the person manages, and their own."""
        return keys.seen_by(caller_of(request))

    def may(self, request: HttpRequest, permission: str, row: ApiKey) -> bool:
        """Whether the key is the person's own, or acts in a team that they manage."""
        caller = caller_of(request)
        if caller.owner is not None and row.owner_id == caller.owner.pk:
            return True
        return keys.may(caller, permission, row)

    def _may(self, request: HttpRequest, permission: str, row: Any) -> bool:
        if row is None:
            return bool(permission) and caller_of(request).owner is not None
        return super()._may(request, permission, row)

    @admin.display(description=_("begins with"))
    def shown_prefix(self, obj: ApiKey) -> str:
        """By what it can be recognised."""
        return f"ck_{obj.prefix}_…"

    @admin.display(description=_("whose"))
    def whose(self, obj: ApiKey) -> str:
        """The team, or the person."""
        return str(obj.team or obj.owner)

    @admin.display(description=_("scopes"))
    def scopes_shown(self, obj: ApiKey) -> str:
        """What it is for."""
        return ", ".join(obj.scopes)

    @admin.display(description=_("state"))
    def state(self, obj: ApiKey) -> Any:
        """Whether it opens anything."""
        if obj.revoked_at is not None:
            return display.badge("disabled", _("revoked"))
        if obj.expires_at is not None and obj.expires_at <= clock.now():
            return display.badge("disabled", _("expired"))
        return display.badge("active", _("good"))

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> ApiKey:
        """Make a key; its text is shown on the next page and nowhere else."""
        caller = caller_of(request)
        values = form.values("name", "scopes", "expires_at")
        team = form.cleaned_data["team"]
        if team is None:
            key, text = keys.issue_for_self(by=caller, **values)
        else:
            key, text = keys.issue_for_team(team, by=caller, **values)
        request.issued_key = text  # type: ignore[attr-defined]
        return key

    def response_add(
        self, request: HttpRequest, obj: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the key's text, this once."""
        secret: str = request.issued_key  # type: ignore[attr-defined]
        return shown_once(self, request, title=_("The new key"), secret=secret, row=obj)
