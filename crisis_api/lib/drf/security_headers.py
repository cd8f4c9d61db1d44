"""What browsers are told on every answer, and methods that nothing here knows."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from crisis_api.lib.drf import problems

# Data: whatever a browser finds in it, it runs and loads nothing of it.
NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# The admin's own files. Its widgets' expressions are evaluated, and its colours are written into
# the page, so neither can be forbidden; scripts that stand in a page never run.
ADMIN = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class SecurityHeadersMiddleware:
    """Adds what a view has not said itself; stands outside of everything that answers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the headers."""
        if request.method in _METHODS:
            response = self.get_response(request)
        else:
            # TRACE would send back what a script may not read, such as cookies.
            refusal = problems.MethodNotAllowed(headers={"Allow": ", ".join(_METHODS)})
            response = problems.respond(refusal, request)
        for name, value in _ALWAYS.items():
            response.headers.setdefault(name, value)
        if not settings.DEBUG:
            # Django's pages for developers have scripts in them.
            response.headers.setdefault("Content-Security-Policy", _policy(request.path))
        if request.path.startswith(problems.API_PREFIX):
            # Kept by nobody between us and the caller, and asked for again each time.
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


def _policy(path: str) -> str:
    return ADMIN if path.startswith("/admin/") else NOTHING
