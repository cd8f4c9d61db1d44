"""How a text feels, from its words: the arithmetic.

Every word has a valence from -4 to 4. A word before it may strengthen, weaken or negate it;
shouting strengthens it; what follows "but" counts more than what stands before. The sum s is
brought between -1 and 1 by s / sqrt(s*s + 15), the form that Hutto and Gilbert used in 2014.
"""

import math
import re
from dataclasses import dataclass
from typing import Final

from incidents.intake.lexicons.signals import EMOJI, EMOTICONS
from incidents.intake.vocabulary import Phrase, Sense

_REACH: Final = 3  # How many words back a booster or a negation is heard.
_FADING: Final = (1.0, 0.95, 0.9)
_NEGATED_PRAISE: Final = -0.75
_NEGATED_BLAME: Final = -0.5
_SHOUTED: Final = 0.7
_EXCLAIMED: Final = 0.29
_NORMALISER: Final = 15.0
_CONTRAST: Final = frozenset({"but", "however", "но", "однако", "зато"})

_EMOJI: Final = {sign: valence for valence, signs in EMOJI.items() for sign in signs}
_EMOTICONS: Final = {sign: valence for valence, signs in EMOTICONS.items() for sign in signs}
_EMOJI_PATTERN = re.compile("[" + "".join(_EMOJI) + "]")
_EMOTICON_PATTERN = re.compile(
    r"(?<![^\s\w.,!?)(])(?:"
    + "|".join(re.escape(sign) for sign in sorted(_EMOTICONS, key=len, reverse=True))
    + r")(?!\w)"
)
# The Russian smile and frown: brackets without eyes.
_BRACKETS = re.compile(r"(?<=[\w\s!?.,])(?:(\){2,})|(\({2,}))")


@dataclass(slots=True)
class Word:
    """One word where it stands. `start` and `end` are offsets into the original text."""

    folded: str
    start: int
    end: int
    sense: Sense | None
    phrases: tuple[Phrase, ...] = ()
    # Counts the stretches between commas, stops and the like: no negation reaches past one.
    clause: int = 0
    shouted: bool = False
    # Covered by a phrase, which speaks for it.
    spoken_for: bool = False
    negated: bool = False


def mark_negated(words: list[Word]) -> None:
    """Note which words have a negation shortly before them."""
    for place, word in enumerate(words):
        if word.sense is None or word.sense.negates:
            continue
        before = words[max(0, place - _REACH) : place]
        word.negated = any(
            other.sense is not None
            and other.sense.negates
            # The negation inside "не работает" belongs to that phrase alone.
            and (word.spoken_for or not other.spoken_for)
            and other.clause == word.clause
            for other in before
        )


def valences(words: list[Word]) -> list[float]:
    """The valence of every word after boosters, negations, shouting and "but"."""
    found = [_valence(words, place) for place in range(len(words))]
    for place, word in enumerate(words):
        if word.folded in _CONTRAST:
            return [v * (0.5 if i < place else 1.4) for i, v in enumerate(found)]
    return found


def _valence(words: list[Word], place: int) -> float:
    word = words[place]
    if word.sense is None or word.spoken_for or not word.sense.valence:
        return 0.0
    valence = word.sense.valence
    sign = math.copysign(1.0, valence)
    if word.shouted:
        valence += sign * _SHOUTED
    for distance, fading in enumerate(_FADING, start=1):
        if distance > place:
            break
        before = words[place - distance].sense
        if before is not None and before.boost:
            valence += sign * before.boost * fading
    if not word.negated:
        return valence
    # "Not angry" is no praise, "not good" is blame.
    return valence * (_NEGATED_PRAISE if valence > 0 else _NEGATED_BLAME)


def sign_valences(text: str) -> list[float]:
    """The valences of the emoji and emoticons in a text, repeated ones counted three times."""
    counts: dict[str, int] = {}
    found: list[float] = []
    for sign in _EMOJI_PATTERN.findall(text):
        counts[sign] = counts.get(sign, 0) + 1
        if counts[sign] <= 3:
            found.append(_EMOJI[sign] / counts[sign])
    found.extend(_EMOTICONS[sign] for sign in _EMOTICON_PATTERN.findall(text))
    for smile, frown in _BRACKETS.findall(text):
        found.append(1.0 if smile else -1.2 if frown else 0.0)
    return found


def feeling(parts: list[float], text: str) -> float:
    """All valences of a text and its exclamation marks as one number from -1 to 1."""
    total = sum(parts)
    if total:
        emphasis = min(text.count("!"), 4) * _EXCLAIMED
        total += math.copysign(emphasis, total)
    return total / math.sqrt(total * total + _NORMALISER)
