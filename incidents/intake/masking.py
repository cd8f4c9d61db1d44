"""Personal data made unreadable, the team's own published contacts left alone.

A masked text is as long as the text, so that places in the one are places in the other.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from incidents.intake.personal_data import Finding, find_personal_data

MASK: Final = "•"
_READABLE = re.compile(r"[^\W_]")
_NOT_DIGITS = re.compile(r"\D")


@dataclass(frozen=True, slots=True)
class Contacts:
    """What a team publishes of itself: phones, addresses, e-mail addresses.

    A whole domain of e-mail addresses is written with an @ before it: "@brand.example".
    """

    phones: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()

    @classmethod
    def of(cls, published: Iterable[str]) -> "Contacts":
        """Sort what people wrote into phones, e-mail addresses and other texts."""
        phones, emails, texts = set(), set(), set()
        for each in map(str.strip, published):
            if "@" in each:
                emails.add(each.lower())
            elif len(digits := _digits(each)) >= 5 and not re.search(r"[^\W\d_]{3}", each):
                phones.add(digits)
            elif each:
                texts.add(_plain(each))
        return cls(frozenset(phones), frozenset(emails), frozenset(texts))

    def include(self, written: str, kind: str) -> bool:
        """Whether this is the team's own."""
        if kind == "email":
            address = written.lower()
            return address in self.emails or address[address.find("@") :] in self.emails
        if kind == "phone":
            return _digits(written) in self.phones
        return _plain(written) in self.texts


NOBODY: Final = Contacts()


def leaks(text: str, own: Contacts = NOBODY) -> list[Finding]:
    """The personal data of a text but the team's own, in order, none within another."""
    found = [
        each
        for each in find_personal_data(text)
        if not own.include(text[each.start : each.end], each.kind)
    ]
    kept: list[Finding] = []
    for each in sorted(found, key=lambda one: (one.start, -one.end, -one.weight)):
        if kept and each.start < kept[-1].end:
            if each.weight > kept[-1].weight or each.end > kept[-1].end:
                kept[-1] = _united(kept[-1], each)
        else:
            kept.append(each)
    return kept


def mask(text: str, found: Iterable[Finding]) -> str:
    """The text with every letter and digit of what was found replaced; punctuation stays."""
    letters = list(text)
    for each in found:
        for place in range(each.start, each.end):
            if _READABLE.match(letters[place]):
                letters[place] = MASK
    return "".join(letters)


def masked(text: str, own: Contacts = NOBODY) -> str:
    """A text as those may read it who have no right to personal data."""
    return mask(text, leaks(text, own))


def proposes_hiding(found: Iterable[Finding]) -> bool:
    """Whether a leak is sure enough to propose hiding the mention at once."""
    return any(each.confidence == "high" for each in found)


def _united(one: Finding, other: Finding) -> Finding:
    surer = max(one, other, key=lambda each: each.weight)
    return Finding(one.start, max(one.end, other.end), surer.weight, surer.kind)


def _digits(written: str) -> str:
    digits = _NOT_DIGITS.sub("", written)
    # A Russian number begins with 8 at home and with +7 abroad.
    if len(digits) == 11 and digits[0] in "78":
        return digits[1:]
    return digits


def _plain(written: str) -> str:
    return " ".join(re.findall(r"\w+", written.lower()))
