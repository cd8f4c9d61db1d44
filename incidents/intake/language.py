"""Which language a comment is in: Russian, English, or another."""

import re
from collections.abc import Collection
from typing import Final, Literal

from incidents.intake.lexicons.signals import ENGLISH_WORDS, FOREIGN_WORDS, OTHER_CYRILLIC

Language = Literal["ru", "en", "other"]

_CYRILLIC = re.compile("[а-яё]+")
_LATIN = re.compile("[a-z]+")
_OTHER_LATIN = re.compile("[à-öø-ÿāăąćčďđēęěğıłńňőřśşšťūůűźżžñß]")
_OTHER_CYRILLIC = re.compile(f"[{OTHER_CYRILLIC}]")
_ENGLISH: Final = frozenset(ENGLISH_WORDS.split())
# A word that English has too says nothing.
_FOREIGN: Final = frozenset(FOREIGN_WORDS.split()) - _ENGLISH


def language_of(lowered: str, words: Collection[str]) -> Language:
    """The language of a text in lower case, given its words.

    Decided by alphabet first, then by letters and small words that Russian and English lack.
    A few Latin letters inside a Russian text (a brand's name) leave it Russian.
    """
    cyrillic = sum(map(len, _CYRILLIC.findall(lowered)))
    latin = sum(map(len, _LATIN.findall(lowered)))
    if not cyrillic and not latin:
        return "other"
    if 2 * cyrillic >= latin:
        return "other" if _OTHER_CYRILLIC.search(lowered) else "ru"
    known = sum(word in _ENGLISH for word in words)
    foreign = sum(word in _FOREIGN for word in words)
    foreign += len(_OTHER_LATIN.findall(lowered))
    return "other" if foreign > known else "en"
