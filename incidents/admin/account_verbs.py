"""Connecting an account and what may go out through it: the buttons, and what its page shows."""

from functools import partial
from typing import Any

from django import forms
from django.contrib.admin import site
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin import display
from crisis_api.access.admin.forms import VerbForm
from crisis_api.access.admin.panels import Panel
from crisis_api.access.admin.secret_page import shown_once
from crisis_api.access.admin.verbs import Act, Verb
from incidents.channels.protocol import Capability
from incidents.models import Account, Connection
from incidents.services import connections, networks

PERMISSION = "accounts.connect"
_WAYS: dict[str, tuple[str | Promise, str | Promise]] = {
    "replies": (_("Allow replies"), _("Stop replies")),
    "hides": (_("Allow hiding"), _("Stop hiding")),
    "publishing": (_("Allow publishing"), _("Stop publishing")),
}


class BotForm(VerbForm):
    """The token of a bot."""

    token = forms.CharField(
        label=_("Token"), max_length=255, widget=forms.PasswordInput(render_value=False)
    )


def _connection(account: Account) -> Connection | None:
    return Connection.objects.filter(account=account).first()


def _is_connected(account: Account) -> bool:
    known = _connection(account)
    return known is not None and known.status != Connection.Status.DISCONNECTED


def _can(account: Account, capability: Capability) -> bool:
    return capability in networks.channel_of(account).capabilities


def _takes_a_token(account: Account) -> bool:
    return _can(account, Capability.WEBHOOKS) and not _can(account, Capability.AUTHORISE)


def verbs() -> tuple[Verb, ...]:
    """Return the verbs of accounts, for their pages."""
    turning = []
    for what, (on, off) in _WAYS.items():
        turning.append(
            Verb(
                f"enable_{what}",
                on,
                PERMISSION,
                partial(_turn, connections.enable, what),
                offered=partial(_is_off, what),
                more=True,
            )
        )
        turning.append(
            Verb(
                f"disable_{what}",
                off,
                PERMISSION,
                partial(_turn, connections.disable, what),
                offered=partial(_is_on, what),
                explains=_("What is being sent at this moment may still arrive."),
                more=True,
            )
        )
    return (
        Verb(
            "authorize",
            _("Connect"),
            PERMISSION,
            _authorize,
            offered=lambda row: _can(row, Capability.AUTHORISE),
            explains=_("You get an address to open where somebody is signed in to the account."),
            icon="link",
        ),
        Verb(
            "connect",
            _("Connect by a token"),
            PERMISSION,
            lambda act: connections.connect_bot(act.row, token=act.values["token"], by=act.by),
            form=BotForm,
            offered=_takes_a_token,
            icon="link",
        ),
        Verb(
            "disconnect",
            _("Disconnect"),
            PERMISSION,
            _disconnect,
            offered=_is_connected,
            explains=_("Nothing comes in or goes out through it any more. What came in stays."),
            more=True,
        ),
        *turning,
    )


def _authorize(act: Act) -> Any:
    url, _until = connections.begin(act.row, by=act.by)
    pages = site._registry[Account]
    title = _("Open this address within ten minutes")
    return shown_once(pages, act.request, title=title, secret=url, row=act.row)


def _disconnect(act: Act) -> None:
    connections.disconnect(act.row, by=act.by)


def _turn(verb: Any, what: str, act: Act) -> None:
    verb(act.row, what=what, by=act.by)


def _is_on(what: str, row: Account) -> bool:
    return bool(getattr(row, f"{what}_enabled"))


def _is_off(what: str, row: Account) -> bool:
    return not _is_on(what, row) and _can(row, connections.WAYS_OUT[what])


def panel(account: Account) -> Panel:
    """Show how the account is connected."""
    row = _connection(account)
    rows: list[tuple[Any, Any]] = []
    if row is not None:
        rows = [
            (_("status"), display.badge(row.status, row.get_status_display())),
            (_("connected"), display.moment(row.connected_at)),
            (_("webhooks set up"), display.moment(row.subscribed_at)),
            (_("last webhook"), display.moment(row.delivered_at)),
            (_("token ends"), display.moment(row.access_expires_at)),
            (_("to be authorised again by"), display.moment(row.refresh_expires_at)),
            (_("what it does not"), ", ".join(row.missing_scopes) or display.NONE),
            (_("last error"), row.last_error_code or display.NONE),
        ]
    columns = (_("what"), _("how it is"))
    return Panel("connection", _("Connection"), columns, rows, empty=_("Not connected."))
