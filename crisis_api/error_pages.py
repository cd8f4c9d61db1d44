"""What is answered where no view does: a problem to programs, a page to people."""

import base64
import hashlib
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import requires_csrf_token

from crisis_api.lib.drf import problems
from crisis_api.lib.errors import Forbidden, Invalid, NotFound, Problem

_STYLE = (Path(__file__).parent / "error_pages.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_WORDS: dict[int, tuple[Promise, Promise]] = {
    400: (_("This cannot be understood"), _("Something in the address or the form is damaged.")),
    403: (
        _("This is not for you"),
        _("Your account may not do this, or the form had lain open for too long: open it again."),
    ),
    404: (
        _("There is nothing here"),
        _("The address is wrong, or it leads to what you may not see or what is gone."),
    ),
    500: (
        _("Something went wrong here"),
        _("Nothing was changed. It is in the log; whoever runs this installation can see it."),
    ),
}


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django found suspicious."""
    if request.path.startswith(problems.API_PREFIX):
        return problems.respond(problems.problem_of(exception) or Invalid(), request)
    return _page(request, 400)


@requires_csrf_token
def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django itself refused."""
    if request.path.startswith(problems.API_PREFIX):
        return problems.respond(Forbidden(), request)
    return _page(request, 403)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that does not come from a page of ours, or from too long ago."""
    return handler403(request, PermissionError(reason))


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a path that does not exist."""
    if request.path.startswith(problems.API_PREFIX):
        return problems.respond(NotFound(), request)
    return _page(request, 404)


def handler500(request: HttpRequest) -> HttpResponse:
    """Answer after an error outside of our views; Django has logged it with its trace."""
    if request.path.startswith(problems.API_PREFIX):
        return problems.respond(Problem(code="internal_error"), request)
    return _page(request, 500)


def _page(request: HttpRequest, status: int) -> HttpResponse:
    heading, text = _WORDS[status]
    back, name = _way_back(request.path)
    context = {
        "style": SafeString(_STYLE),
        "language": get_language() or "en",
        "status": status,
        "heading": heading,
        "text": text,
        "back": back,
        "name": name,
    }
    # Without the request: what asks the database or the session may be what failed.
    response = HttpResponse(render_to_string("error_page.html", context), status=status)
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def _way_back(path: str) -> tuple[str, Promise | str]:
    """Return where to go from here: the public to public pages, staff to the Overview."""
    first, *others = path.strip("/").split("/")
    if first != "status":
        return "/admin/", _("Overview")
    # Relative, so that the pages of all teams say the same: whether there is one shows nowhere.
    up = "../" if path.endswith("/") else "./"
    return (up, _("All statements")) if len(others) > 1 else ("", "")
