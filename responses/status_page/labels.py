"""What the public page calls things, and how it tells the time."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from responses.models import Statement

Kind = Statement.Kind

# Staff call the first one a holding statement; the public needs no such word.
KINDS: dict[str, Any] = {
    Kind.HOLDING: _("Statement"),
    Kind.EXPLANATION: _("Explanation"),
    Kind.APOLOGY: _("Apology"),
    Kind.MEASURES: _("What we are doing"),
    Kind.UPDATE: _("Update"),
    Kind.CORRECTION: _("Correction"),
}
REASONS: dict[str, Any] = dict(Statement.PublicReason.choices)
LANGUAGES = {"en": "English", "ru": "Русский"}


def moment(at: datetime, zone: str) -> str:
    """Return a time in UTC, and what clocks show in the team's zone where they differ."""
    text = f"{date_format(at, 'j E Y, H:i')} UTC"
    there = at.astimezone(ZoneInfo(zone))
    if there.utcoffset() == at.utcoffset():
        return text
    pattern = "H:i" if there.date() == at.date() else "j E, H:i"
    return f"{text} ({date_format(there, pattern)}, {zone})"


def day(at: datetime, zone: str) -> str:
    """Return the day that the team has at that time."""
    return date_format(at.astimezone(ZoneInfo(zone)), "j E Y")


def instant(at: datetime) -> str:
    """Return a time for machines, RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
