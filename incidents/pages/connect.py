"""`/connect/tiktok/`: an account holder comes back from the network that let us in, or did not.

The `state` in the address is what authorises it: drawn by chance for one account, good once and for
ten minutes. No session is looked at, since whoever holds the account need not have a login here.
"""

import base64
import hashlib
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from crisis_api.lib.errors import Problem
from incidents.services import connections

_STYLE: Final = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    # The address holds the code.
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
_LONGEST: Final = 2_000


@require_GET
@never_cache
def tiktok(request: HttpRequest) -> HttpResponse:
    """Finish connecting an account, and say how that went."""
    given = {name: request.GET.get(name, "")[:_LONGEST] for name in ("state", "code", "error")}
    try:
        account = connections.finish(**given)
    except Problem as problem:
        again = _("Begin again from the account's page.")
        return _page(request, problem.status, _("Not connected"), f"{problem.detail} {again}")
    link = f"{settings.PUBLIC_URL}/admin/incidents/account/{account.pk}/change/"
    text = _("%(handle)s is connected. Nothing goes out through it until a manager enables that.")
    return _page(request, 200, _("Connected"), text % {"handle": account.handle}, link)


def _page(
    request: HttpRequest, status: int, heading: str, text: str, link: str = ""
) -> HttpResponse:
    context: dict[str, Any] = {
        "heading": heading,
        "text": text,
        "link": link,
        "language": translation.get_language(),
        "style": SafeString(_STYLE),
    }
    page = render(request, "incidents/connected.html", context, status=status)
    for name, value in _HEADERS.items():
        page.headers[name] = value
    return page
