"""How bad a comment is, and why: by rules, for Russian and English, without a model.

`score("Your cream burned my face!")` says that it is negative (`negativity`), what it is a sign
of (`reasons`, each with its place in the text and a weight) and how much it could cost the brand
(`risk`). The word lists stand in `lexicons`. Nothing here reads sarcasm reliably or knows what
is true: a score orders the work and counts towards a storm, it never decides about a person.
Codes only: doors put them into words.

Every rule takes time linear in the text. Texts beyond `MAX_TEXT` characters are cut.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from incidents.intake.findings import (
    HOSTILE_FROM,
    Reason,
    find_disguised,
    find_phrases,
    hostilities,
    sarcasm_reasons,
    spam_reasons,
    word_reasons,
    words_of,
)
from incidents.intake.language import Language, language_of
from incidents.intake.personal_data import find_personal_data
from incidents.intake.sentiment import Word, feeling, mark_negated, sign_valences, valences

__all__ = ["REASON_CODES", "Reason", "Score", "score"]

MAX_TEXT: Final = 6_000
MAX_REASONS: Final = 24
NEGATIVE_FROM: Final = 60
TOXIC_FROM: Final = 60
SPAM_FROM: Final = 60
SPAM_SHOWN_FROM: Final = 40
_SURE_INJURY: Final = 70

REASON_CODES: Final = (
    "injury",
    "insult",
    "profanity",
    "threat",
    "complaint",
    "accusation",
    "refund_request",
    "question",
    "personal_data",
    "spam",
    "support",
    "sarcasm_marker",
)
# The share of its weight with which the heaviest reason of a code raises the risk.
_RISK: Final = {
    "injury": 0.90,
    "threat": 0.80,
    "personal_data": 0.75,
    "accusation": 0.60,
    "spam": 0.40,
    "refund_request": 0.35,
    "complaint": 0.30,
    "insult": 0.20,
    "profanity": 0.15,
    "sarcasm_marker": 0.10,
}
# Spam praises, asks, pities and offers refunds without meaning it.
_MIMICKED: Final = frozenset({"support", "refund_request", "question", "injury", "complaint"})

# Said to somebody's face: "you", and Russian verbs in the second person singular.
_THOU = re.compile(
    r"(?:ты|теб[яе]|тобой|тво[йяеию]|твоей|твоего|you|u|your|youre|you're|ur|[а-я]{3,}[еи]шь(?:ся)?)$"
)
_VOCATIVE: Final = 5
# Mockery (40), swearing (45) and obscenity (50) become rude when said to somebody's face.
_TO_THE_FACE: Final = {40: 65, 45: 60, 50: 65}


@dataclass(frozen=True, slots=True)
class Score:
    """What the rules make of one text.

    `negativity` runs from 0 (praise) over 50 (neutral) to 100 (fury). `risk` 0..100 says what
    it could cost the brand whatever its tone: a polite report of a burn is a great risk.
    `toxicity` 0..100 says how rude it is to people. `reasons` are in the order of the text,
    their offsets count characters.
    """

    language: Language
    negativity: int
    reasons: tuple[Reason, ...]
    risk: int
    toxicity: int = 0

    @property
    def is_negative(self) -> bool:
        """Whether it counts as negative in a storm."""
        return self.negativity >= NEGATIVE_FROM

    @property
    def is_toxic(self) -> bool:
        """Whether it insults, curses or threatens somebody."""
        return self.toxicity >= TOXIC_FROM

    @property
    def is_spam(self) -> bool:
        """Whether its signs of spam are enough together."""
        return together(r.weight for r in self.reasons if r.code == "spam") >= SPAM_FROM

    @property
    def codes(self) -> frozenset[str]:
        """The codes of its reasons, each once."""
        return frozenset(reason.code for reason in self.reasons)


def score(text: str) -> Score:
    """Score one text. Never raises, and the same text always gets the same score."""
    text = text[:MAX_TEXT]
    lowered = _lower(text)
    words = words_of(text)
    findings = [*find_phrases(words), *find_disguised(text, words)]
    mark_negated(words)
    parts = [found.valence for found in findings]
    parts += valences(words)
    parts += sign_valences(text)
    reasons = [found.reason for found in findings]
    addressed = _is_addressed(text, words)
    reasons += word_reasons(words, lowered, addressed=addressed)
    reasons += spam_reasons(lowered)
    reasons += (Reason("personal_data", *found[:3]) for found in find_personal_data(text))
    if min(parts, default=0.0) <= -1:
        reasons += sarcasm_reasons(text)
        if any(reason.code == "sarcasm_marker" for reason in reasons):
            parts = [part if part < 0 else -0.5 * part for part in parts]
    if _is_hurt(reasons):
        # "Great cream, now I have a burn": what is praised beside an injury is not.
        parts = [part if part < 0 else 0.2 * part for part in parts]
    feels = feeling(parts, text)
    kept = _kept(reasons, feels)
    rudeness = [found.hostility for found in findings]
    rudeness += hostilities(text, words)
    return Score(
        language=language_of(lowered, [word.folded for word in words]),
        negativity=round(50 - 50 * feels),
        reasons=kept,
        risk=_risk(kept),
        toxicity=_toxicity(rudeness, addressed),
    )


def together(weights: Iterable[int]) -> int:
    """Several weights as one: 50 and 50 make 75, and nothing passes 100."""
    left = 1.0
    for weight in weights:
        left *= 1 - weight / 100
    return round(100 * (1 - left))


def _lower(text: str) -> str:
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    # A few letters grow when lowered (İ), which would shift every offset after them.
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _kept(reasons: list[Reason], feels: float) -> tuple[Reason, ...]:
    """The reasons worth showing: the heaviest of each code in each place, few enough to read."""
    spam = together(reason.weight for reason in reasons if reason.code == "spam")
    praise = [reason for reason in reasons if reason.code == "support" and feels > 0][:MAX_REASONS]
    heaviest: dict[tuple[str, int], Reason] = {}
    for reason in reasons:
        if reason.code == "spam" and spam < SPAM_SHOWN_FROM:
            continue
        if reason.code in _MIMICKED and spam >= SPAM_FROM:
            continue
        if reason.code == "support" and feels <= 0:
            continue
        # "No allergy at all" and "the rash has gone" are praise.
        if reason.code == "injury" and any(_covers(other, reason) for other in praise):
            continue
        here = (reason.code, reason.start)
        if here not in heaviest or _rank(heaviest[here]) < _rank(reason):
            heaviest[here] = reason
    strongest = sorted(heaviest.values(), key=lambda reason: -reason.weight)[:MAX_REASONS]
    return tuple(sorted(strongest, key=lambda reason: (reason.start, reason.code)))


def _is_hurt(reasons: list[Reason]) -> bool:
    relief = [reason for reason in reasons if reason.code == "support"]
    return any(
        reason.code == "injury" and reason.weight >= _SURE_INJURY
        for reason in reasons
        if not any(_covers(other, reason) for other in relief)
    )


def _rank(reason: Reason) -> tuple[int, int]:
    return reason.weight, reason.end


def _covers(outer: Reason, inner: Reason) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _risk(reasons: Iterable[Reason]) -> int:
    heaviest: dict[str, int] = {}
    for reason in reasons:
        heaviest[reason.code] = max(heaviest.get(reason.code, 0), reason.weight)
    return together(round(_RISK.get(code, 0) * weight) for code, weight in heaviest.items())


def _is_addressed(text: str, words: list[Word]) -> bool:
    if any(_THOU.match(word.folded) for word in words):
        return True
    # "@anna, ну ты и бот": what follows a name directly is said to that person.
    vocative = words[:_VOCATIVE] if text.startswith("@") else ()
    return any(word.sense is not None and word.sense.hostility == HOSTILE_FROM for word in vocative)


def _toxicity(rudeness: list[int], addressed: bool) -> int:
    worst = sorted(rudeness, reverse=True)[:3]
    if worst and addressed:
        worst[0] = _TO_THE_FACE.get(worst[0], worst[0])
    return together(
        hostility if place == 0 else hostility // 3 for place, hostility in enumerate(worst)
    )
