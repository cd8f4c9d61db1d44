"""How a request's body is read: strict JSON, never more of it than is allowed."""

import logging
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import IO, Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.http import parse_header_parameters
from rest_framework.parsers import BaseParser

from crisis_api.lib.drf import problems, strict_json
from crisis_api.lib.errors import Invalid, TooLarge, UnsupportedMedia

log = logging.getLogger("crisis.api")

MAX_BODY_BYTES = 256 * 1024
_UTF8_NAMES = frozenset({"", "utf-8", "utf8"})


class StrictJSONParser(BaseParser):
    """JSON as an object, 256 KiB at most.

    A view may say otherwise: `max_body_bytes = 2 * 1024 * 1024`, `accepts_list = True`.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the body's object, or raise a Problem (400, 413, 415)."""
        context = parser_context or {}
        view = context.get("view")
        request = context.get("request")
        refuse_encodings(request, media_type or "")
        raw = read_at_most(stream, request, getattr(view, "max_body_bytes", MAX_BODY_BYTES))
        if not raw.strip():
            return {}
        value = strict_json.loads(raw)
        if isinstance(value, list) and getattr(view, "accepts_list", False):
            return value
        if not isinstance(value, dict):
            raise Invalid("The body must be a JSON object.", code="not_an_object")
        return value


def refuse_encodings(request: Any, media_type: str) -> None:
    """Raise 415 for a compressed body or another charset than UTF-8."""
    _kind, parameters = parse_header_parameters(media_type)
    charset = str(parameters.get("charset", "")).strip("\"' ").lower()
    if charset not in _UTF8_NAMES:
        raise UnsupportedMedia("Only UTF-8 is read.", code="unsupported_charset")
    headers = getattr(request, "headers", {})
    encoding = headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise UnsupportedMedia("Bodies are sent uncompressed.", code="unsupported_encoding")


def read_at_most(stream: IO[bytes], request: Any, limit: int) -> bytes:
    """Return the whole body, or raise 413 without reading more than one byte past the limit."""
    too_large = TooLarge(f"At most {limit} bytes.", max_bytes=limit)
    if _declared_length(request) > limit:
        raise too_large
    parts: list[bytes] = []
    missing = limit + 1
    while missing > 0 and (part := stream.read(missing)):
        parts.append(part)
        missing -= len(part)
    if missing <= 0:
        raise too_large
    return b"".join(parts)


def _declared_length(request: Any) -> int:
    try:
        return int(getattr(request, "META", {}).get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


class ChunkedBodyMiddleware:
    """Reads bodies that come in chunks, whose length nobody declared.

    Django takes such a body for an empty one, which would make a POST succeed without it. As much
    as DATA_UPLOAD_MAX_MEMORY_SIZE is read; more is 413, the rest unread.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request with its body in place."""
        chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
        if chunked and request.META.get("wsgi.input_terminated"):
            limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or MAX_BODY_BYTES
            try:
                body = read_at_most(request.META["wsgi.input"], None, limit)
            except TooLarge as problem:
                return problems.respond(problem, request)
            except Exception:
                log.info("a body in broken chunks was refused", exc_info=True)
                return problems.respond(
                    Invalid("The body's chunks are broken.", code="broken_body"), request
                )
            request.META["CONTENT_LENGTH"] = str(len(body))
            # What WSGIRequest itself made of the missing length is an empty stream.
            request._stream = BytesIO(body)
        return self.get_response(request)
