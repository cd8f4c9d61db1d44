"""Words as people meant them: look-alike letters, digits, stars and stretched letters undone."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from incidents.intake.lexicons import english_abuse, russian_abuse
from incidents.intake.vocabulary import Phrase, Sense, phrases_from, sense_of

_TO_CYRILLIC: Final = str.maketrans("aceopxykmthbruzё@0136$4iv", "асеорхукмтхвгузеаоизбсчив")
# The same letters by how they look handwritten, and by how they sound.
_BY_SHAPE: Final = str.maketrans(
    "aceopxykmthbruzё@0136$4ivndgwjlq",
    "асеорхукмтнвгизеаоизбсчивпддшйлг",
)
_BY_SOUND: Final = str.maketrans(
    "aceopxykmthbruzё@0136$4ivndgwjlfs",
    "асеопхикмтхбрузеаоизбсчивндгвйлфс",
)
_TO_LATIN: Final = str.maketrans("асеорхукмтнвіѕ@013457$!|€", "aceopxykmthbisaoieastsiie")
_CYRILLIC = re.compile("[а-яё]")
_LATIN = re.compile("[a-z]")
_STRETCHED = re.compile(r"(\w)\1{2,}")
_DOUBLED = re.compile(r"(\w)\1+")
_NOT_LETTERS = re.compile(r"[\W\d_]+")
_MASK_AT = re.compile(r"(?<=\w)[*#@$%&.•·_\-+]+(?=\w)")
_CUT_OFF = re.compile(r"([^\W\d_]{1,8})\*{2,8}")
_FILLERS: Final = {"ru": "аеиоуыя", "en": "aeiou"}
_ENDINGS: Final = tuple(russian_abuse.ENDINGS.split(" "))
_MASKED: Final = {
    "ru": tuple(
        dict.fromkeys(
            [
                *russian_abuse.MASKED.split(),
                *(
                    stem + ending
                    for stem in russian_abuse.MASKED_STEMS.split()
                    for ending in _ENDINGS
                ),
            ]
        )
    ),
    "en": tuple(english_abuse.MASKED.split()),
}
_HIDDEN_CODES: Final = frozenset({"accusation", "spam", "threat"})
_CACHE_SIZE: Final = 32_768
LONGEST_WORD: Final = 40


def fold(word: str) -> str:
    """Lower case, one alphabet, no letter three times running. Keeps no length."""
    word = word.lower()
    if _CYRILLIC.search(word):
        word = word.translate(_alphabet(word)[1])
    elif not word.isascii():
        word = word.replace("’", "'")
    return _STRETCHED.sub(r"\1\1", word)


@lru_cache(maxsize=_CACHE_SIZE)
def read_word(word: str) -> tuple[str, Sense | None, tuple[Phrase, ...]]:
    """A word's folded form, what it means, and the phrases that it may begin."""
    folded = fold(word)
    sense = sense_of(folded)
    if sense is None:
        single = _DOUBLED.sub(r"\1", folded)
        if single != folded and len(single) > 2 and (sense := sense_of(single)) is not None:
            folded = single
    return folded, sense, phrases_from(folded)


@lru_cache(maxsize=_CACHE_SIZE)
def read_disguised(chunk: str) -> Sense | None:
    """What a word hidden by digits, stars, dots or foreign letters means, if anybody hides it.

    Only what people hide from filters counts (abuse, accusations, offers): any other word
    that merely looks odd stays what it is.
    """
    return next(filter(_is_hidden, map(sense_of, _readings(chunk.lower()))), None)


def _alphabet(word: str) -> tuple[str, dict[int, int]]:
    cyrillic, latin = len(_CYRILLIC.findall(word)), len(_LATIN.findall(word))
    # On equal terms it is Russian: there are more Latin letters to borrow than the other way.
    return ("ru", _TO_CYRILLIC) if cyrillic and cyrillic >= latin else ("en", _TO_LATIN)


def is_mixed(word: str) -> bool:
    """Whether a word is written in two alphabets at once."""
    return not word.isascii() and bool(_LATIN.search(word) and _CYRILLIC.search(word))


def _is_hidden(sense: Sense | None) -> bool:
    if sense is None:
        return False
    return sense.hostility >= 40 or any(code in _HIDDEN_CODES for code, _ in sense.signs)


def _readings(chunk: str) -> Iterator[str]:
    chunk = chunk.strip(".,!?:;()[]{}\"'«»…-_")
    if not 2 <= len(chunk) <= LONGEST_WORD:
        return
    chunk = chunk.replace("3.14", "пи").replace("3,14", "пи")
    language, table = _alphabet(chunk)
    letters = _NOT_LETTERS.sub("", chunk.translate(table))
    yield _STRETCHED.sub(r"\1\1", letters)
    yield _DOUBLED.sub(r"\1", letters)
    yield _NOT_LETTERS.sub("", chunk)
    if language == "ru" and letters != _NOT_LETTERS.sub("", chunk):
        yield from (
            _DOUBLED.sub(r"\1", _NOT_LETTERS.sub("", chunk.translate(other)))
            for other in (_BY_SHAPE, _BY_SOUND)
        )
    yield from _filled(chunk, language)


def _filled(chunk: str, language: str) -> Iterator[str]:
    """Words that a masked chunk may stand for: one star is one letter, several are some."""
    cut_off = _CUT_OFF.fullmatch(chunk)
    if cut_off:
        head, length = cut_off[1], len(chunk)
        yield from (
            word
            for word in _MASKED[language]
            if word.startswith(head) and length <= len(word) <= length + 1
        )
        return
    masks = _MASK_AT.findall(chunk)
    letters = len(_NOT_LETTERS.sub("", chunk))
    # "P.S." is no swearing: dots hide a word only where enough of it is left.
    if not masks or letters < (2 if "*" in chunk else 3):
        return
    if len(masks) == 1 and len(masks[0]) == 1 and len(chunk) >= 4:
        head, tail = _MASK_AT.split(chunk)
        yield from (head + filler + tail for filler in _FILLERS[language])
    pieces = _MASK_AT.split(chunk)
    if all(piece.isalpha() for piece in pieces):
        gaps = [rf"\w{{1,{len(mask) + 1}}}" for mask in masks]
        pattern = re.compile("".join(map("".join, zip(pieces, [*gaps, ""], strict=True))))
        yield from (word for word in _MASKED[language] if pattern.fullmatch(word))
