"""Personal data in what people wrote is masked wherever that is shown, exported or sent.

What is stored stays whole, since the platform's support may need it. The team's own published
contacts are no secret and are left alone. Each sign is masked by itself, so that the places of
other findings in the text stay where they are.
"""

import re
from collections.abc import Collection, Iterable
from typing import Any, Final
from uuid import UUID

from incidents.intake.personal_data import find_personal_data
from incidents.models import InboxSettings

SIGN: Final = "•"
# Of a number what counts is its end: +7 and 8 begin the same Russian telephone number.
_DIGITS: Final = 10
_HIDDEN = re.compile(r"[^\W_]")


def masked(text: str, own: Collection[str] = ()) -> str:
    """Return a text with each letter and digit of personal data replaced, `own` contacts apart."""
    shown = text
    for found in find_personal_data(text):
        if contact(text[found.start : found.end]) not in own:
            hidden = _HIDDEN.sub(SIGN, text[found.start : found.end])
            shown = shown[: found.start] + hidden + shown[found.end :]
    return shown


def contact(written: str) -> str:
    """Return what two ways of writing one contact have in common."""
    if "@" in written:
        return written.strip().casefold()
    digits = re.sub(r"\D", "", written)
    return digits[-_DIGITS:] if len(digits) >= _DIGITS else " ".join(written.casefold().split())


class Mask:
    """Masks the texts of one page; the contacts of a team are read once, when there is need."""

    def __init__(self) -> None:
        self._own: dict[UUID, frozenset[str]] = {}

    def __call__(self, text: str, team_id: UUID) -> str:
        """Return a text of the team's without personal data."""
        if masked(text) == text:
            return text
        if team_id not in self._own:
            rows = InboxSettings.objects.filter(team_id=team_id)
            listed = rows.values_list("own_contacts", flat=True).first() or ()
            self._own[team_id] = frozenset(contact(each) for each in listed)
        return masked(text, self._own[team_id])


def mask_rows(rows: Iterable[dict[str, Any]]) -> None:
    """Mask the texts of mentions as they are served, and the names of who wrote them."""
    mask = Mask()
    for row in rows:
        row["text"] = mask(row["text"], row["team"])
        if row.get("author"):
            row["author"]["name"] = mask(row["author"]["name"], row["team"])
