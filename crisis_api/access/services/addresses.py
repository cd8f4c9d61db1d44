"""Where a contact point leads: checked before it is stored, and shown without giving it away."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from crisis_api.access.models import ContactPoint
from crisis_api.lib.errors import FieldError, Invalid
from crisis_api.lib.http import check_url

Kind = ContactPoint.Kind
_MAX_LENGTH = 1000
_SCHEME = re.compile(r"([a-z][a-z0-9]{0,19})://", re.IGNORECASE)
# What an Apprise address may say after its question mark. Most of the rest is harmless too, but
# `template=` reads any file of ours, and others name further hosts.
_PARAMETERS = frozenset(
    {
        *("to", "from", "source", "thread", "topic", "silent", "preview", "format", "method"),
        *("priority", "sound", "blocks", "footer", "image", "name", "cc", "bcc", "batch"),
    }
)
# Schemes whose service has no host of its own: which hosts it may be.
_HOSTS = {
    "workflow": (".logic.azure.com", ".powerplatform.com"),
    "workflows": (".logic.azure.com", ".powerplatform.com"),
}

_PRINTS = "django.core.mail.backends.console.EmailBackend"


def check(kind: str, address: str) -> str:
    """Return the address as it is stored, or raise Invalid with the reason at `/address`."""
    address = address.strip()
    if not address or len(address) > _MAX_LENGTH or not address.isprintable():
        raise _bad("bad_address", f"1 to {_MAX_LENGTH} visible characters.")
    if kind == Kind.EMAIL:
        _check_email(address)
    elif kind == Kind.APPRISE:
        apprise_service(address)
    elif kind == Kind.WEBHOOK:
        _check_webhook(address)
    elif kind == Kind.CONSOLE and not console_allowed():
        raise _bad("console_off", "The console is for development and demonstrations only.")
    return address


def console_allowed() -> bool:
    """Whether messages may be printed instead of sent: while developing, and in the demo."""
    return bool(settings.DEBUG or settings.DEMO)


def mail_is_only_printed() -> bool:
    """Whether no mail server is named, so that e-mail reaches nobody (EMAIL_URL)."""
    return bool(settings.EMAIL_BACKEND == _PRINTS)


def masked(kind: str, address: str) -> str:
    """Return what others may see of an address: enough to recognise it, not to use it."""
    if kind == Kind.EMAIL:
        name, _, domain = address.rpartition("@")
        return f"{name[:1]}***@{domain}"
    if kind == Kind.APPRISE:
        return f"{address.partition('://')[0]}://***"
    if kind == Kind.WEBHOOK:
        parts = urlsplit(address)
        return f"{parts.scheme}://{parts.hostname}/***"
    return address


def apprise_service(address: str) -> Any:
    """Return Apprise's object that sends to this address, or raise Invalid.

    The scheme must be one of APPRISE_SCHEMES, whatever was allowed when it was stored.
    """
    match = _SCHEME.match(address)
    scheme = match.group(1).lower() if match else ""
    if scheme not in settings.APPRISE_SCHEMES:
        allowed = ", ".join(sorted(settings.APPRISE_SCHEMES))
        raise _bad("scheme_not_allowed", f"Schemes that may be used: {allowed}.")
    # Its hundreds of plugins take long to import, and only those who send need them.
    from apprise import Apprise, AppriseAsset
    from apprise.utils.parse import parse_url

    parsed = parse_url(address, verify_host=False) or {}
    if refused := sorted(set(parsed.get("qsd", {})) - _PARAMETERS):
        raise _bad("parameter_not_allowed", f"Not allowed here: {', '.join(refused)}.")
    if scheme in _HOSTS and not str(parsed.get("host")).lower().endswith(_HOSTS[scheme]):
        raise _bad("host_not_allowed", f"The host must end with {' or '.join(_HOSTS[scheme])}.")
    # A redirect would take the message, and tokens, to whoever answered.
    service = Apprise.instantiate(address, asset=AppriseAsset(http_redirects=False))
    if service is None:
        raise _bad("bad_address", f"Apprise cannot read this as an address of {scheme}://.")
    return service


def _check_webhook(address: str) -> None:
    try:
        check_url(address)
    except Invalid as error:
        found = [(each.code, each.detail) for each in error.errors] or [(error.code, error.detail)]
        raise Invalid(errors=[FieldError("/address", *each) for each in found]) from None


def _check_email(address: str) -> None:
    try:
        validate_email(address)
    except ValidationError:
        raise _bad("bad_address", "Not an e-mail address.") from None


def _bad(code: str, detail: str) -> Invalid:
    return Invalid(errors=[FieldError("/address", code, detail)])
