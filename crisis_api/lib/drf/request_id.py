"""A name for each request: on the answer, in every error, and on every line of the log."""

import logging
import re
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from crisis_api.lib import logs
from crisis_api.lib.ids import uuid7

HEADER = "X-Request-Id"
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,127}")

log = logging.getLogger("crisis.requests")


def current() -> str:
    """Return the id of the request being answered, "" outside of one."""
    return logs.context().get("request_id", "")


class RequestIdMiddleware:
    """Takes a sane `X-Request-Id` from a caller or makes one, and sends it back.

    With ACCESS_LOG it also writes a line for each answer. That names the route and not the address,
    which may hold a link of one person's, a name that somebody looks for, or a key by mistake.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request under its id."""
        asked = request.headers.get(HEADER, "")
        # fullmatch, or a line break at the end would pass into headers and logs.
        request_id = asked if _SANE.fullmatch(asked) else str(uuid7())
        request.crisis_id = request_id  # type: ignore[attr-defined]
        began = time.monotonic()
        with logs.about(request_id=request_id):
            response = self.get_response(request)
            response.headers[HEADER] = request_id
            if settings.ACCESS_LOG:
                took = round((time.monotonic() - began) * 1000)
                method = request.method if request.method in _METHODS else "?"
                log.info("%s %s %s in %s ms", method, _route(request), response.status_code, took)
        return response


_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


def _route(request: HttpRequest) -> str:
    match = request.resolver_match
    return f"/{match.route}" if match else "(no such address)"
