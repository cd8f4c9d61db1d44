"""Reads what networks send in JSON: ids that lose no digit, times, texts that can be stored."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

MAX_TEXT: Final = 20_000
MAX_ID: Final = 255
MAX_URL: Final = 2_048

# NUL is refused by PostgreSQL's text, lone surrogates by every UTF-8 encoder.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# From this number on it counts milliseconds: in seconds it would be the year 5138.
_MILLISECONDS_FROM = 10**11
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)


class Unreadable(Exception):
    """A part that must be there is not, or is of another kind; `pointer` says which."""

    def __init__(self, pointer: str, code: str, **params: str | int) -> None:
        super().__init__(f"{pointer}: {code}")
        self.pointer = pointer
        self.code = code
        self.params = params


def storable(text: str) -> str:
    """The text with what no database keeps (NUL, lone surrogates) replaced by U+FFFD."""
    return _UNSTORABLE.sub("�", text)


def moment(value: object) -> datetime | None:
    """Return a time told in seconds or milliseconds, as number or text; None where it is none."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 16:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 10**16:
        return None
    milliseconds = value if value >= _MILLISECONDS_FROM else value * 1000
    seconds, rest = divmod(milliseconds, 1000)
    try:
        at = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000)
    except (ValueError, OverflowError, OSError):
        return None
    return at if _EARLIEST < at < _LATEST else None


def loaded(raw: bytes | str, pointer: str = "") -> "Fields":
    """Read an object of JSON, or raise Unreadable."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        raise Unreadable(pointer, "broken_json") from None
    return Fields(value, pointer)


class Fields:
    """An object of JSON, asked for its parts by what they should be.

    What is there and of another kind is Unreadable where it must be there, and else as if absent.
    """

    def __init__(self, value: object, pointer: str = "") -> None:
        if not isinstance(value, dict):
            raise Unreadable(pointer, "invalid_type", expected="object")
        self.values: Mapping[str, Any] = value
        self.pointer = pointer

    def id(self, name: str) -> str:
        """Return an id that must be there, digit by digit as it was sent."""
        found = self.id_or_none(name)
        if found is None:
            code = "invalid_type" if self.values.get(name) else "required"
            raise Unreadable(f"{self.pointer}/{name}", code)
        return found

    def id_or_none(self, name: str) -> str | None:
        """Return an id; 0 and the empty text are none. A float is none either: it lost digits."""
        value = self.values.get(name)
        if isinstance(value, bool) or not isinstance(value, int | str):
            return None
        text = storable(str(value)).strip()
        if len(text) > MAX_ID:
            raise Unreadable(f"{self.pointer}/{name}", "too_long", max=MAX_ID)
        return None if text in ("", "0") else text

    def text(self, name: str, most: int = MAX_TEXT) -> str:
        """Return a text, empty where there is none; what is beyond the limit is cut off."""
        value = self.values.get(name)
        return storable(value[:most]) if isinstance(value, str) else ""

    def url(self, name: str) -> str:
        """Return a web address, empty where there is none."""
        value = self.text(name, MAX_URL + 1).strip()
        is_web = value.lower().startswith(("https://", "http://"))
        return value if is_web and len(value) <= MAX_URL else ""

    def count(self, name: str) -> int | None:
        """Return a number of things."""
        value = self.values.get(name)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 10**15:
            return None
        return value

    def flag(self, name: str) -> bool | None:
        """Return yes or no, None where it is not told."""
        value = self.values.get(name)
        return value if isinstance(value, bool) else None

    def moment(self, name: str) -> datetime:
        """Return a time that must be there."""
        found = moment(self.values.get(name))
        if found is None:
            code = "required" if self.values.get(name) is None else "invalid_time"
            raise Unreadable(f"{self.pointer}/{name}", code)
        return found

    def moment_or_none(self, name: str) -> datetime | None:
        """Return a time."""
        return moment(self.values.get(name))

    def fields(self, name: str) -> "Fields":
        """Return an object inside; an empty one where there is none."""
        value = self.values.get(name)
        return Fields(value if isinstance(value, dict) else {}, f"{self.pointer}/{name}")

    def items(self, name: str) -> list[Any]:
        """Return a list inside; an empty one where there is none."""
        value = self.values.get(name)
        return value if isinstance(value, list) else []
