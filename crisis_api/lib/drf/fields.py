"""Fields that our serializers add to DRF's."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

# All but line feed and tab.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Line breaks, reversed writing, and what takes no width: a title must look like what it is.
_NOT_IN_A_TITLE = re.compile(
    "[\n\t\u2028\u2029\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_YEARS = range(1970, 2200)


class TitleField(serializers.CharField):
    """One line of text: no line breaks, no reversed writing, nothing invisible."""

    default_error_messages = {
        "forbidden_character": _("Line breaks and invisible characters are not allowed here.")
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 200)
        kwargs.setdefault("trim_whitespace", False)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Return the text as it is, or refuse it."""
        text: str = super().to_internal_value(data)
        if _NOT_IN_A_TITLE.search(text):
            self.fail("forbidden_character")
        return text


class InstantField(serializers.DateTimeField):
    """A moment in RFC 3339 with its offset (`2026-11-22T09:30:00Z`); inside, in UTC.

    Years from 1970 to 2199, so that adding to it never leaves the calendar; `any_year` for what is
    only compared with.
    """

    default_error_messages = {
        "invalid": _("Expected RFC 3339 with an offset, such as 2026-11-22T09:30:00Z."),
        "out_of_range": _("The year is out of range."),
    }

    def __init__(self, *, any_year: bool = False, **kwargs: Any) -> None:
        self.any_year = any_year
        super().__init__(**kwargs)

    def to_internal_value(self, value: Any) -> datetime:
        """Return the moment in UTC."""
        if not isinstance(value, str) or not _RFC3339.fullmatch(value):
            self.fail("invalid")
        try:
            at = datetime.fromisoformat(value.upper())
        except ValueError:
            self.fail("invalid")
        if self.any_year:
            return _clamped(at)
        # Before converting: year 1 or 9999 with an offset has no equal in UTC.
        if at.year not in _YEARS:
            self.fail("out_of_range")
        return at.astimezone(UTC)


def _clamped(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
        return first if at.year == 1 else last


class SecondsField(serializers.IntegerField):
    """A duration as whole seconds, for fields named `*_seconds`; inside, a timedelta.

    `min_value` and `max_value` are seconds; without them 0 to one year.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("min_value", 0)
        kwargs.setdefault("max_value", 366 * 24 * 3600)
        super().__init__(**kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Return the timedelta, checked as a number first."""
        seconds = super().run_validation(data)
        return timedelta(seconds=seconds) if isinstance(seconds, int) else seconds

    def to_representation(self, value: Any) -> int:
        """Return whole seconds."""
        return int(value.total_seconds()) if isinstance(value, timedelta) else int(value)


class WordField(serializers.ChoiceField):
    """A number in the database that is a word outside: `WordField(words={1: "low", 2: "high"})`."""

    def __init__(self, *, words: Mapping[int, str], **kwargs: Any) -> None:
        self.words = dict(words)
        self.numbers = {word: number for number, word in words.items()}
        super().__init__(choices=list(words.values()), **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """Return the number of the word."""
        if not isinstance(data, str) or data not in self.numbers:
            self.fail("invalid_choice", input=str(data)[:60])
        return self.numbers[data]

    def to_representation(self, value: Any) -> Any:
        """Return the word of the number."""
        return self.words.get(value)
