"""How answers are written: JSON in UTF-8, times in UTC with microseconds and a Z."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import orjson
from django.utils.functional import Promise
from rest_framework.renderers import BaseRenderer

from crisis_api.lib.drf import problems

# Left to `_default`, because orjson leaves the fraction out where it is nought.
_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME


def dumps(data: Any) -> bytes:
    """Return the JSON of plain data, UUIDs, aware datetimes, dates and lazy translations.

    Raises TypeError for anything else, floats that hide in a Decimal or a naive time among them.
    """
    return orjson.dumps(data, default=_default, option=_OPTIONS)


def instant(at: datetime) -> str:
    """Return an aware time as RFC 3339 in UTC, always with six decimals: `…T09:30:00.000000Z`."""
    if at.tzinfo is None:
        raise TypeError("A naive time has no instant.")
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return at.isoformat(timespec="microseconds")[:-6] + "Z"


def _default(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Promise):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form here.")


class JSONRenderer(BaseRenderer):
    """Writes what a view returns."""

    media_type = "application/json"
    format = "json"
    # RFC 8259 knows no charset parameter: JSON is UTF-8.
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return the bytes; nothing for an answer without a body."""
        return b"" if data is None else dumps(data)


class ProblemRenderer(JSONRenderer):
    """The media type of errors, for negotiation and the schema."""

    media_type = problems.MEDIA_TYPE
    format = "problem"
