"""Words without their endings, and words that mean the same as one: what claims are compared by."""

import re
from functools import lru_cache
from typing import Final

from incidents.intake.folding import LONGEST_WORD, fold
from incidents.intake.lexicons import meanings

_RUSSIAN: Final = re.compile(
    r"(?:иями|ями|ами|ого|его|ому|ему|ыми|ими|ешь|ишь|ете|ите|уют|ают|яют|ует|ает|яет|ала|яла|ила"
    r"|ела|али|яли|или|ели|ало|ило|ело|ать|ять|ить|еть|ией|иям|иях|ал|ял|ил|ел|ая|яя|ое|ее|ые|ие|ый|ий"
    r"|ой|ей|ую|юю|ом|ем|ам|ям|ах|ях|ов|ев|ых|их|ют|ут|ат|ят|ит|ет|ию|ия|ье|ью|ья|а|я|о|е|ы|и|у|ю|ь|й)$"
)
_REFLEXIVE: Final = re.compile(r"(?:ся|сь)$")
_ENGLISH: Final = re.compile(r"(?:ations?|ings?|edly|ed|ies|es|ly|ers?|s|'s|e|y)$")
_CYRILLIC: Final = re.compile("[а-я]")
_SHORTEST: Final = 3
_CACHE_SIZE: Final = 65_536


def _index(tables: tuple[dict[str, str], ...]) -> tuple[dict[str, str], dict[str, str]]:
    whole: dict[str, str] = {}
    stems: dict[str, str] = {}
    for table in tables:
        for meaning, words in table.items():
            for word in words.split():
                if word.startswith("="):
                    whole.setdefault(word[1:], f"+{meaning}")
                else:
                    stems.setdefault(word, f"+{meaning}")
    return whole, stems


_WHOLE, _STEMS = _index((meanings.SAID, meanings.ABOUT))
_LONGEST: Final = max(map(len, _STEMS))
_EMPTY: Final = frozenset(meanings.EMPTY.split())
SAID: Final = frozenset(f"+{meaning}" for meaning in meanings.SAID)


def stem(word: str) -> str:
    """A folded word without its commonest endings."""
    if _CYRILLIC.search(word):
        shorter = _REFLEXIVE.sub("", word)
        shorter = _RUSSIAN.sub("", shorter)
    else:
        shorter = _ENGLISH.sub("", word)
    return shorter if len(shorter) >= _SHORTEST else word


@lru_cache(maxsize=_CACHE_SIZE)
def term(word: str) -> str | None:
    """What a word in lower case counts as: a meaning ("+burn"), a stem, or nothing at all."""
    if len(word) > LONGEST_WORD:
        return None
    folded = fold(word)
    if folded in _EMPTY:
        return None
    known = _WHOLE.get(folded)
    if known is not None:
        return known
    for length in range(min(len(folded), _LONGEST), 1, -1):
        found = _STEMS.get(folded[:length])
        if found is not None and len(folded) - length <= _longest_ending(length):
            return found
    return stem(folded) if len(folded) >= _SHORTEST else None


def _longest_ending(length: int) -> int:
    """How many letters may follow a stem: few after a short one, or it would be any word."""
    return 2 if length <= 2 else 3 if length == 3 else 7
