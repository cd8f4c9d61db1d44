"""What parsers find wrong with a line or an item, in the words of whoever asks."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crisis_api.lib.errors import FieldError
from incidents.channels.protocol import ParseError

_SENTENCES = {
    "broken_csv": gettext_lazy("This line is no CSV."),
    "broken_json": gettext_lazy("This is no JSON."),
    "invalid_language": gettext_lazy("Expected a language, such as ru or en-GB."),
    "invalid_number": gettext_lazy("Expected a whole number."),
    "invalid_time": gettext_lazy("Expected a time, such as 2026-11-22T09:30:00Z."),
    "invalid_type": gettext_lazy("Expected: %(expected)s."),
    "invalid_url": gettext_lazy("Expected an http or https address."),
    "missing_columns": gettext_lazy(
        "The first line must name the columns. Missing: %(missing)s. Found: %(found)s."
    ),
    "other_account": gettext_lazy("This belongs to another account: %(account)s (%(count)s)."),
    "out_of_range": gettext_lazy("The value is out of range."),
    "required": gettext_lazy("This is needed."),
    "time_zone_missing": gettext_lazy("The time needs its zone, such as Z or +03:00."),
    "too_large": gettext_lazy("At most %(max_bytes)s bytes."),
    "too_long": gettext_lazy("At most %(max)s characters."),
    "too_many_cells": gettext_lazy("%(found)s cells where there are %(columns)s columns."),
    "too_many_items": gettext_lazy("Only the first %(max)s are read."),
    "unknown_field": gettext_lazy("There is no such field."),
    "unknown_word": gettext_lazy("One of: %(allowed)s."),
}


def sentence(code: str, params: Mapping[str, Any]) -> str:
    """Return what is wrong, in the language of whoever asks."""
    try:
        return str(_SENTENCES[code]) % params
    except KeyError:
        return _("This is not valid.")


def of_a_field(error: ParseError, *, below: str = "") -> FieldError:
    """Return an error of an item of the request; `below` is where the item stands in it."""
    return FieldError(below + error.pointer, error.code, sentence(error.code, error.params))


def of_a_line(error: ParseError) -> dict[str, Any]:
    """Return an error of a line of a file. The line is null where it is of no one line."""
    return {
        "line": error.line or None,
        "pointer": error.pointer or _pointer(error),
        "code": error.code,
        "detail": sentence(error.code, error.params),
    }


def _pointer(error: ParseError) -> str:
    name = error.params.get("name")
    return f"/{name}" if error.code == "unknown_field" and name else ""
