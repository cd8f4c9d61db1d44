"""A name for each request: on the answer, in every error, and on every line of the log."""

import logging
import re
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from crisis_api.lib.ids import uuid7

HEADER = "X-Request-Id"
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,127}")
_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """Return the id of the request being answered, "" outside of one."""
    return _current.get()


class RequestIdMiddleware:
    """Takes a sane `X-Request-Id` from a caller or makes one, and sends it back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request under its id."""
        asked = request.headers.get(HEADER, "")
        # fullmatch, or a line break at the end would pass into headers and logs.
        request_id = asked if _SANE.fullmatch(asked) else str(uuid7())
        token = _current.set(request_id)
        try:
            response = self.get_response(request)
            response.headers[HEADER] = request_id
            return response
        finally:
            _current.reset(token)


class RequestIdFilter(logging.Filter):
    """Gives log records a `request_id`, "-" outside of a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the id and let the record pass."""
        record.request_id = current() or "-"
        return True
