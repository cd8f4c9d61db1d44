"""The word lists, arranged so that looking a word up is a few dictionary reads.

English words are looked up whole, with the regular endings written out beforehand. Russian
words are looked up by their longest known stem, since a stem has dozens of endings.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from incidents.intake.lexicons import (
    english,
    english_abuse,
    english_phrases,
    russian,
    russian_abuse,
    russian_phrases,
)

MAX_GAP: Final = 3  # Words that may stand between two parts of a phrase.


@dataclass(frozen=True, slots=True)
class Sense:
    """What one word contributes.

    `valence` -4..4; `signs` pairs a reason's code with its weight 0..100; `hostility` 0..100 is
    how rude it is to a person; `boost` strengthens the next word; `negates` turns it round.
    """

    valence: float = 0.0
    signs: tuple[tuple[str, int], ...] = ()
    hostility: int = 0
    boost: float = 0.0
    negates: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One place of a phrase: any of these words, or any word with one of these stems."""

    words: frozenset[str]
    stems: tuple[str, ...]

    def matches(self, word: str) -> bool:
        return word in self.words or (bool(self.stems) and word.startswith(self.stems))


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that mean something together, such as "верните деньги"."""

    rest: tuple[Part, ...]
    sense: Sense


@dataclass(slots=True)
class _Draft:
    valence: float = 0.0
    signs: dict[str, int] = field(default_factory=dict)
    hostility: int = 0
    boost: float = 0.0
    negates: bool = False

    def freeze(self) -> Sense:
        signs = tuple(sorted(self.signs.items()))
        # A sign of harm is bad news even where the word itself is neutral ("ambulance").
        valence = self.valence or min((_IMPLIED.get(code, 0.0) for code in self.signs), default=0)
        return Sense(valence, signs, self.hostility, self.boost, self.negates)


INNOCENT: Final = Sense()
_IMPLIED: Final = {
    "injury": -1.8,
    "accusation": -1.6,
    "threat": -1.4,
    "complaint": -1.3,
    "refund_request": -1.0,
}
_VOWELS = frozenset("aeiou")


def endings(word: str) -> Iterator[str]:
    """The regular forms of an English word: plural, past, -ing, -er, -est, -ly."""
    if len(word) < 3 or not word.isalpha():
        return
    stem, last = word, word[-1]
    if last == "e":
        yield from (word + "s", word + "d", word + "r", word + "st", word[:-1] + "ing", word + "ly")
        return
    if last == "y" and word[-2] not in _VOWELS:
        stem = word[:-1] + "i"
        yield from (word + "ing", stem + "ly", stem + "es", stem + "ed", stem + "er", stem + "est")
        return
    sibilant = last in "sxz" or word.endswith(("ch", "sh"))
    yield word + ("es" if sibilant else "s")
    if last not in _VOWELS | set("wxy") and word[-2] in _VOWELS and word[-3] not in _VOWELS:
        yield from (stem + last + ending for ending in ("ed", "ing", "er", "est"))
    yield from (stem + ending for ending in ("ed", "ing", "er", "est", "ly", "in"))


def _drafts(
    language: "type[_English] | type[_Russian]",
) -> dict[str, _Draft]:
    drafts: dict[str, _Draft] = {}

    def draft(word: str) -> _Draft:
        return drafts.setdefault(word, _Draft())

    for valence, words in language.valence.items():
        for word in words.split():
            draft(word).valence = valence
    for code, weights in language.signs.items():
        for weight, words in weights.items():
            for word in words.split():
                draft(word).signs[code] = weight
    for code, ranks in language.hostile.items():
        for (weight, hostility), words in ranks.items():
            for word in words.split():
                entry = draft(word)
                entry.signs[code] = weight
                entry.hostility = max(entry.hostility, hostility)
                entry.valence = min(entry.valence, -1.0 - 2.0 * hostility / 100)
    for boost, words in language.boosters.items():
        for word in words.split():
            draft(word).boost = boost
    for word in language.negations.split():
        draft(word).negates = True
    return drafts


class _English:
    valence = english.VALENCE
    signs = english.SIGNS
    hostile = english_abuse.HOSTILE
    boosters = english.BOOSTERS
    negations = english.NEGATIONS


class _Russian:
    valence = russian.VALENCE
    signs = russian.SIGNS
    hostile = russian_abuse.HOSTILE
    boosters = russian.BOOSTERS
    negations = " ".join(f"={word}" for word in russian.NEGATIONS.split())


def _english_words() -> dict[str, Sense]:
    words = {word: draft.freeze() for word, draft in _drafts(_English).items()}
    for word, sense in list(words.items()):
        if sense.negates or sense.boost:
            continue
        for form in endings(word):
            own = words.setdefault(form, sense)
            if sense.signs and not (own.signs or own.hostility or own.negates):
                # A form may have a feeling of its own, and is a sign of the same all the same.
                words[form] = replace(own, signs=sense.signs)
    hostile = Sense(-2.5, (("profanity", 60),), 70)
    words.update((word, hostile) for word in english_abuse.TRANSLIT.split())
    words.update((word, INNOCENT) for word in english_abuse.INNOCENT.split())
    return words


def _russian_words() -> tuple[dict[str, Sense], dict[str, Sense]]:
    whole: dict[str, Sense] = {}
    stems: dict[str, Sense] = {}
    drafts = _drafts(_Russian)
    for word, draft in drafts.items():
        _inherit(word.removeprefix("="), draft, drafts)
        (whole if word.startswith("=") else stems)[word.removeprefix("=")] = draft.freeze()
    for word in russian_abuse.INNOCENT.split():
        (whole if word.startswith("=") else stems)[word.removeprefix("=")] = INNOCENT
    return whole, stems


def _inherit(word: str, draft: _Draft, drafts: Mapping[str, _Draft]) -> None:
    """A longer stem hides the shorter one it begins with: take over how that one feels."""
    for length in range(len(word), 2, -1):
        shorter = drafts.get(word[:length])
        if draft.valence or draft.boost or draft.negates:
            return
        if shorter is not None and shorter is not draft:
            draft.valence = shorter.valence


def _part(source: str) -> Part:
    choices = source.split("|")
    stems = tuple(choice[:-1] for choice in choices if choice.endswith("*"))
    return Part(frozenset(choice for choice in choices if not choice.endswith("*")), stems)


def _phrases() -> Iterator[tuple[Part, Phrase]]:
    tables: list[tuple[str, Mapping[tuple[int, float, int], str]]] = [
        *english_phrases.PHRASES.items(),
        *russian_phrases.PHRASES.items(),
        ("insult", russian_abuse.RUDE_PHRASES),
    ]
    for code, ranks in tables:
        for (weight, valence, hostility), lines in ranks.items():
            sense = Sense(valence, ((code, weight),), hostility)
            for line in filter(None, map(str.strip, lines.splitlines())):
                first, *rest = map(_part, line.split())
                yield first, Phrase(tuple(rest), sense)


def _index_phrases() -> tuple[dict[str, list[Phrase]], dict[str, list[Phrase]]]:
    whole: dict[str, list[Phrase]] = {}
    stems: dict[str, list[Phrase]] = {}
    for first, phrase in _phrases():
        for word in first.words:
            whole.setdefault(word, []).append(phrase)
        for stem in first.stems:
            stems.setdefault(stem, []).append(phrase)
    return whole, stems


_ENGLISH = _english_words()
_RUSSIAN, _RUSSIAN_STEMS = _russian_words()
_PHRASES, _PHRASE_STEMS = _index_phrases()
_LONGEST_STEM = max(map(len, _RUSSIAN_STEMS))
_OBSCENE = re.compile(russian_abuse.OBSCENE_ROOTS)
_OBSCENITY = Sense(-3.0, (("profanity", 80),), 50)
_RUDE_PARTS = re.compile(russian_abuse.RUDE_PARTS)
_RUDE_COMPOUND = Sense(-2.8, (("insult", 85),), 90)


def sense_of(word: str) -> Sense | None:
    """What a folded word means to us; None for the great many words that mean nothing."""
    known = _ENGLISH.get(word)
    if known is not None:
        return known
    known = _RUSSIAN.get(word)
    if known is not None:
        return known
    for length in range(min(len(word), _LONGEST_STEM), 1, -1):
        known = _RUSSIAN_STEMS.get(word[:length])
        if known is not None:
            break
    if known is not None and (known is INNOCENT or known.hostility > _OBSCENITY.hostility):
        return known
    # New words for people are made every day of the same few parts.
    if _RUDE_PARTS.search(word):
        return _RUDE_COMPOUND
    return _OBSCENITY if _OBSCENE.search(word) else known


def phrases_from(word: str) -> tuple[Phrase, ...]:
    """The phrases that may begin with this folded word."""
    found = list(_PHRASES.get(word, ()))
    for length in range(2, len(word) + 1):
        found.extend(_PHRASE_STEMS.get(word[:length], ()))
    return tuple(found)
