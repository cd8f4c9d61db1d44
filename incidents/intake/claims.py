"""What many mentions say, found as they arrive: near-copies and rephrasings of one claim.

`signature(text)` makes of a text what it is compared by. Two texts are near-copies when their
shingles agree (`likeness`); they say the same in other words when what they say and of what
overlaps (`match`), rare words counting more than common ones. `lexicons.meanings` names words that
mean the same, so "the cream burns my skin" and «крем жжёт кожу» are one claim.

Nothing is kept here. The caller keeps a row for each `Signature` key it wants to find again
(`copy_keys`, `term_keys`), a `Centroid` for each claim (several, where people merged claims), and
one `Rarity` for a team. Everything is bounded: a claim's words, a signature's keys, the table of
rarity. The same mentions in the same order always make the same claims.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import log, sqrt
from typing import Final, Literal
from zlib import crc32

from incidents.intake.stemming import SAID, term

MAX_TEXT: Final = 2_000
MAX_TERMS: Final = 24  # Of one mention; the first so many say what it is about.
MAX_CENTROID: Final = 24  # Words kept for a claim, the most frequent.
BINS: Final = 16
_BAND: Final = 2
_SHINGLE: Final = 5
_COMPARED: Final = 300  # Letters of a text that near-copies are told by.
COPY_FROM: Final = 0.6  # Share of equal bins from which two texts are copies.
SAME_FROM: Final = 0.45  # Overlap from which they say the same.
_FEWEST_LETTERS: Final = 12  # Shorter texts are alike by chance.
_FEWEST_SHARED: Final = 3
_SAID_BOOST: Final = 2.0

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_NAME_OR_LINK = re.compile(r"@[\w.]+|https?://\S+|www\.\S+")

How = Literal["copy", "words"]


@dataclass(frozen=True, slots=True)
class Signature:
    """What one mention is compared by.

    `terms` are its meanings and stems, in the order of the text, each once. `bins` are the least
    hashes of its shingles (none for a very short text), `fingerprint` is the same for texts that
    differ in case, punctuation and names only. All numbers fit a signed 64-bit column.
    """

    terms: tuple[str, ...]
    bins: tuple[int, ...]
    fingerprint: int

    @property
    def copy_keys(self) -> tuple[int, ...]:
        """Keys of which near-copies share at least one: a row each finds them by an index."""
        return tuple(
            place << 56 | crc32(repr(self.bins[place : place + _BAND]).encode())
            for place in range(0, len(self.bins), _BAND)
        )

    @property
    def says(self) -> tuple[str, ...]:
        """What it says of something, without of what."""
        return tuple(each for each in self.terms if each in SAID)


@dataclass(frozen=True, slots=True)
class Rarity:
    """In how many mentions of a team each term stood, of `total`; what is not listed is rare.

    `counts` holds `limit` terms at most: what stood seldom is forgotten first.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    total: int = 0
    limit: int = 20_000
    _weights: dict[str, float] = field(default_factory=dict, repr=False, compare=False)

    def weight(self, term: str) -> float:
        """How telling a term is: 1 where all have it, 4 for a new one, twice that for what says."""
        known = self._weights.get(term)
        if known is not None:
            return known
        # Before much was heard every term is as rare as the next.
        share = (self.counts.get(term, 0) + 1) / (self.total + 50)
        weight = min(1.0 + log(1 / share) / 2, 4.0) * (_SAID_BOOST if term in SAID else 1.0)
        self._weights[term] = weight
        return weight

    def after(self, signatures: Iterable[Signature]) -> "Rarity":
        """This with more mentions counted."""
        counts, total = dict(self.counts), self.total
        for each in signatures:
            total += 1
            for word in each.terms:
                counts[word] = counts.get(word, 0) + 1
        if len(counts) > self.limit:
            kept = sorted(counts, key=lambda word: (-counts[word], word))[: self.limit * 9 // 10]
            counts = {word: counts[word] for word in kept}
        return Rarity(counts, total, self.limit)


@dataclass(frozen=True, slots=True)
class Centroid:
    """The middle of a claim, or of one part of a claim that people put together of several.

    `words` says in how many of its mentions each term stands. `bins` are those of the mention it
    began with. `refused` are fingerprints of which people said that they are not this claim.
    """

    claim: str
    words: Mapping[str, int]
    mentions: int
    bins: tuple[int, ...] = ()
    refused: frozenset[int] = frozenset()

    @property
    def term_keys(self) -> tuple[str, ...]:
        """Its most frequent terms, what is said first: a row each finds it by an index."""
        ranked = sorted(self.words, key=lambda word: (word not in SAID, -self.words[word], word))
        return tuple(ranked[:8])


@dataclass(frozen=True, slots=True)
class Match:
    """The claim that a mention belongs to, how alike they are (0..1), and by what."""

    claim: str
    likeness: float
    how: How


def signature(text: str) -> Signature:
    """What a text is compared by. Names, links, case, punctuation and disguises play no part."""
    plain = _NAME_OR_LINK.sub(" ", text[:MAX_TEXT].lower())
    words = _WORD.findall(plain)
    terms: dict[str, None] = {}
    for word in words:
        found = term(word)
        if found is not None and len(terms) < MAX_TERMS:
            terms[found] = None
    joined = "".join(words)
    return Signature(tuple(terms), _bins(joined), _hash(joined))


def likeness(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """The share of equal bins of two signatures, which estimates how many shingles they share."""
    if not one or not other:
        return 0.0
    return sum(map(int.__eq__, one, other)) / BINS


def overlap(mention: Signature, claim: Centroid, rarity: Rarity) -> float:
    """How much a mention says what a claim says, 0..1: the cosine of their weighted terms."""
    shared = norm = middle = 0.0
    weigh, words = rarity.weight, claim.words
    for word in mention.terms:
        square = weigh(word) ** 2
        norm += square
        if word in words:
            shared += square * words[word]
    if not shared:
        return 0.0
    for word, times in words.items():
        middle += (weigh(word) * times) ** 2
    return shared / sqrt(norm * middle)


def match(mention: Signature, candidates: Iterable[Centroid], rarity: Rarity) -> Match | None:
    """The claim that a mention belongs to, if any. The order of the candidates is of no matter.

    A near-copy belongs to what it copies. Otherwise it must say something that the claim says
    (or share two words with it where neither says anything we know), and overlap enough.
    """
    best: Match | None = None
    says = mention.says
    for each in candidates:
        found = _compared(mention, says, each, rarity)
        if found is not None and (best is None or _rank(found) > _rank(best)):
            best = found
    return best


def begun(claim: str, mention: Signature) -> Centroid:
    """A claim of one mention. Worth showing once a few mentions say it."""
    return Centroid(claim, dict.fromkeys(mention.terms, 1), 1, mention.bins)


def joined(claim: Centroid, mention: Signature) -> Centroid:
    """A claim with one mention more."""
    words = dict(claim.words)
    for word in mention.terms:
        words[word] = words.get(word, 0) + 1
    if len(words) > MAX_CENTROID:
        kept = sorted(words, key=lambda word: (-words[word], word))[:MAX_CENTROID]
        words = {word: words[word] for word in kept}
    return Centroid(claim.claim, words, claim.mentions + 1, claim.bins, claim.refused)


def refused(claim: Centroid, mention: Signature) -> Centroid:
    """A claim that a mention and its exact copies never join again: a person said so."""
    marks = claim.refused | {mention.fingerprint}
    return Centroid(claim.claim, claim.words, claim.mentions, claim.bins, marks)


def can_begin(mention: Signature) -> bool:
    """Whether a mention says enough for a claim to begin with it."""
    return len(mention.terms) >= 2 and (bool(mention.says) or len(mention.terms) >= 4)


def _compared(
    mention: Signature, says: tuple[str, ...], claim: Centroid, rarity: Rarity
) -> Match | None:
    if mention.fingerprint in claim.refused:
        return None
    copied = likeness(mention.bins, claim.bins)
    if copied >= COPY_FROM:
        return Match(claim.claim, copied, "copy")
    frequent = claim.mentions / 4
    speaks = any(claim.words.get(word, 0) >= frequent for word in says)
    if not speaks and len(claim.words.keys() & mention.terms) < _FEWEST_SHARED:
        return None
    alike = overlap(mention, claim, rarity)
    return Match(claim.claim, alike, "words") if alike >= SAME_FROM else None


def _rank(match: Match) -> tuple[bool, float, str]:
    return match.how == "copy", match.likeness, match.claim


def _hash(text: str) -> int:
    data = text.encode()
    return crc32(data) << 31 | crc32(data[::-1]) >> 1


def _bins(joined: str) -> tuple[int, ...]:
    """Of each sixteenth of all hashes, the least that the text's shingles have."""
    if len(joined) < _FEWEST_LETTERS:
        return ()
    data = joined[:_COMPARED].encode("utf-16-le")
    width = 2 * _SHINGLE
    hashes = {crc32(data[at : at + width]) for at in range(0, len(data) - width + 1, 2)}
    # Read from the greatest down, the least of each bin is what stays.
    least = {hashed & (BINS - 1): hashed for hashed in sorted(hashes, reverse=True)}
    bins = []
    for place in range(BINS):
        # An empty bin takes from the next that has something, so that short texts compare too.
        near = next(step for step in range(BINS) if (place + step) % BINS in least)
        bins.append(least[(place + near) % BINS] + (near << 32))
    return tuple(bins)
