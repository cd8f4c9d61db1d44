"""The admin's menu, as far as whoever looks may see what it leads to."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from crisis_api.access.admin.display import page_of
from crisis_api.access.admin.scope import caller_of
from crisis_api.access.models import SendingHold
from crisis_api.access.services import addresses
from crisis_api.settings.admin import MENU


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of the menu; Unfold's SIDEBAR.navigation."""
    overview = {"title": _("Overview"), "icon": "dashboard", "link": reverse("admin:index")}
    groups: list[dict[str, Any]] = [{"items": [overview, *_inbox(request)]}]
    for title, nouns in MENU:
        items = [item for label, icon in nouns if (item := _item(request, label, icon))]
        if items:
            groups.append({"title": title, "separator": True, "items": items})
    return groups


def _item(request: HttpRequest, label: str, icon: str) -> dict[str, Any] | None:
    model = apps.get_model(label)
    if not admin.site.is_registered(model):
        return None
    if not admin.site.get_model_admin(model).has_module_permission(request):
        return None
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    title = capfirst(str(model._meta.verbose_name_plural))
    return {"title": title, "icon": icon, "link": reverse(name)}


def _inbox(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the way to what waits for somebody, for those who may see it."""
    mentions = _item(request, "incidents.mention", "inbox")
    if mentions is None:
        return []
    return [{**mentions, "title": _("Inbox"), "link": f"{mentions['link']}?unanswered=yes"}]


def held(request: HttpRequest) -> list[str] | None:
    """Return what stands beside the person's name while nothing goes out; Unfold's ENVIRONMENT.

    Of mail too, unless it is the demo, which prints everything.
    """
    if SendingHold.current():
        return [_("Sending is held"), "danger"]
    if addresses.mail_is_only_printed() and not addresses.console_allowed():
        return [_("Mail reaches nobody: no server is set"), "warning"]
    return None


def account(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the links below the person's name; Unfold's ACCOUNT.navigation."""
    owner = caller_of(request).owner
    mine = [{"title": _("My settings"), "link": page_of(owner)}] if owner is not None else []
    return [*mine, {"title": _("Change password"), "link": reverse("admin:password_change")}]
