"""How bodies that bring mentions are read: what was sent is kept as it was, byte by byte."""

from collections.abc import Mapping
from hashlib import sha256
from io import BytesIO
from typing import IO, Any

from rest_framework import parsers

from crisis_api.lib.drf.parsers import (
    MAX_BODY_BYTES,
    StrictJSONParser,
    read_at_most,
    refuse_encodings,
)
from crisis_api.lib.errors import TooLarge
from incidents.channels.manual import MAX_BYTES

RAW = "raw_body"
# Boundaries and the other fields of a form.
_AROUND_A_FILE = 64 * 1024


class KeepingJSONParser(StrictJSONParser):
    """Strict JSON, whose bytes stay with the request."""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the body's object, and put its bytes where the door finds them."""
        context = parser_context or {}
        request = context.get("request")
        limit = getattr(context.get("view"), "max_body_bytes", MAX_BODY_BYTES)
        raw = read_at_most(stream, request, limit)
        setattr(request, RAW, raw)
        return super().parse(BytesIO(raw), media_type, parser_context)


class _FileParser(parsers.BaseParser):
    """The whole body is a file. What it holds is read later; here it is a hash and a size."""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return what the retry of a request is recognised by, and keep the bytes."""
        request = (parser_context or {}).get("request")
        # Files come in the charsets of old spreadsheets, too; only compression is refused.
        refuse_encodings(request, (media_type or "").partition(";")[0])
        raw = read_at_most(stream, request, MAX_BYTES)
        setattr(request, RAW, raw)
        return {"sha256": sha256(raw).hexdigest(), "bytes": len(raw)}


class CsvFile(_FileParser):
    """A table, with its columns named in the first line."""

    media_type = "text/csv"


class TabbedFile(_FileParser):
    """A table with tabs between its cells."""

    media_type = "text/tab-separated-values"


class JsonLinesFile(_FileParser):
    """One JSON object in each line."""

    media_type = "application/x-ndjson"


class JsonFile(_FileParser):
    """A list of JSON objects."""

    media_type = "application/json"


class Form(parsers.MultiPartParser):
    """A form with the file in it."""

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the form, unless more is announced than a file may hold."""
        request: Any = (parser_context or {}).get("request")
        refuse_encodings(request, "")
        announced = request.META.get("CONTENT_LENGTH") or "0"
        if announced.isdigit() and int(announced) > MAX_BYTES + _AROUND_A_FILE:
            raise TooLarge(f"At most {MAX_BYTES} bytes.", max_bytes=MAX_BYTES)
        return super().parse(stream, media_type, dict(parser_context or {}))


FILES = (CsvFile, TabbedFile, JsonLinesFile, JsonFile, Form)
TEXTS = tuple(each.media_type for each in (CsvFile, TabbedFile, JsonLinesFile))
