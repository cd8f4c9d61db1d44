"""Tells a copy-paste raid from people who complain each in their own words.

`raid_score` looks at the mentions of a short time, or of one claim, and says from 0 to 100 how much
they look like a raid, with the reasons that made it. Nothing of it says that what is claimed is
untrue: a raid may be right. It never hides anything by itself.

What counts, each as a share of the mentions or of their authors:

- `near_copies`: mentions that are near-copies of another author's mention
- `little_variety`: how few different words there are for so many texts
- `unknown_authors`: authors never seen here before, beyond the share that is usual
- `burst`: mentions within the busiest hour, where there are several hours
- `repeaters`: authors who wrote several copies themselves

Near-copies alone never make a raid of fewer than `FEWEST` mentions, and unknown authors and a burst
alone never do: both are what an honest storm looks like too.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import Final

from incidents.intake.claims import COPY_FROM, Signature, likeness

FEWEST: Final = 8
RAID_FROM: Final = 60
MAX_LOOKED_AT: Final = 2_000
_HOUR: Final = timedelta(hours=1)
_USUALLY_UNKNOWN: Final = 0.5
# What each reason adds at its fullest. The first two are the proof, the others only strengthen it.
_WEIGHTS: Final = {
    "near_copies": 55,
    "little_variety": 15,
    "unknown_authors": 10,
    "burst": 8,
    "repeaters": 12,
}
_PROVING: Final = frozenset({"near_copies", "repeaters"})
_LEAST_PROOF: Final = 0.25
# People quote each other too; and a raid has bystanders.
_USUALLY_COPIED: Final = 0.15
_ALL_COPIED: Final = 0.6


@dataclass(frozen=True, slots=True)
class Said:
    """One mention as a raid is told by: who, when, what, and whether the author was known."""

    author: str
    written_at: datetime
    signature: Signature
    author_is_known: bool = False


@dataclass(frozen=True, slots=True)
class RaidReason:
    """One reason: its code, the share 0..1 that was seen, and the points that it gave."""

    code: str
    share: float
    points: int


@dataclass(frozen=True, slots=True)
class Raid:
    """How much some mentions look like a raid, and why, the heaviest reason first."""

    score: int
    mentions: int
    authors: int
    reasons: tuple[RaidReason, ...]

    @property
    def is_raid(self) -> bool:
        """Whether it is worth telling people."""
        return self.score >= RAID_FROM


def raid_score(said: Iterable[Said], *, usually_unknown: float = _USUALLY_UNKNOWN) -> Raid:
    """Judge some mentions. `usually_unknown` is the share of unknown authors on a normal day.

    The order is of no matter, except that beyond `MAX_LOOKED_AT` only the latest are looked at.
    """
    looked_at = sorted(said, key=lambda each: (each.written_at, each.author))[-MAX_LOOKED_AT:]
    authors = Counter(each.author for each in looked_at)
    if len(looked_at) < FEWEST:
        return Raid(0, len(looked_at), len(authors), ())
    groups = _copies([each.signature for each in looked_at])
    shares = {
        "near_copies": _copied(looked_at, groups),
        "little_variety": _sameness([each.signature for each in looked_at]),
        "unknown_authors": _unknown(looked_at, usually_unknown),
        "burst": _burst([each.written_at for each in looked_at]),
        "repeaters": _repeaters(looked_at, groups),
    }
    # Strangers and haste are no proof: they count as far as copies do.
    strengths = {**shares, "near_copies": _beyond_usual(shares["near_copies"])}
    proof = min(1.0, max(strengths[code] for code in _PROVING) / _LEAST_PROOF)
    points = {
        code: _WEIGHTS[code] * strength * (1.0 if code in _PROVING else proof)
        for code, strength in strengths.items()
    }
    reasons = [
        RaidReason(code, round(shares[code], 3), round(given))
        for code, given in points.items()
        if round(given)
    ]
    ranked = tuple(sorted(reasons, key=lambda each: (-each.points, each.code)))
    return Raid(min(round(sum(points.values())), 100), len(looked_at), len(authors), ranked)


def _beyond_usual(copied: float) -> float:
    return min(1.0, max(0.0, (copied - _USUALLY_COPIED) / (_ALL_COPIED - _USUALLY_COPIED)))


def _copies(signatures: Sequence[Signature]) -> list[int]:
    """A number for each text, the same for near-copies of one."""
    by_key: dict[int, list[int]] = {}
    groups: list[int] = []
    by_fingerprint: dict[int, int] = {}
    for place, each in enumerate(signatures):
        group = by_fingerprint.get(each.fingerprint, -1)
        if group < 0:
            group = _like(each, signatures, by_key)
        groups.append(place if group < 0 else groups[group])
        by_fingerprint.setdefault(each.fingerprint, place)
        for key in each.copy_keys if each.bins else ():
            # A few are enough to be found by: copies are like the first ones.
            if len(known := by_key.setdefault(key, [])) < 4:
                known.append(place)
    return groups


def _like(mention: Signature, signatures: Sequence[Signature], by_key: dict[int, list[int]]) -> int:
    if not mention.bins:
        return -1
    near = {place for key in mention.copy_keys for place in by_key.get(key, ())}
    alike = [place for place in near if likeness(mention.bins, signatures[place].bins) >= COPY_FROM]
    return min(alike, default=-1)


def _copied(said: Sequence[Said], groups: Sequence[int]) -> float:
    """The share of mentions that several authors wrote alike. Very short ones don't count."""
    writers: dict[int, set[str]] = {}
    for each, group in zip(said, groups, strict=True):
        writers.setdefault(group, set()).add(each.author)
    copied = sum(
        len(writers[group]) > 2 and bool(each.signature.bins)
        for each, group in zip(said, groups, strict=True)
    )
    return copied / len(said)


def _repeaters(said: Sequence[Said], groups: Sequence[int]) -> float:
    """The share of mentions whose author wrote the same thing before."""
    times = Counter((each.author, group) for each, group in zip(said, groups, strict=True))
    return sum(number - 1 for number in times.values()) / len(said)


def _sameness(signatures: Sequence[Signature]) -> float:
    """0 where the texts use as many different words as so many people would, 1 for one text."""
    words = [word for each in signatures for word in each.terms]
    if not words:
        return 0.0
    # Vocabulary grows with about the square root of what is said; 2.5 is usual for comments.
    return max(0.0, 1.0 - len(set(words)) / (2.5 * sqrt(len(words))))


def _unknown(said: Sequence[Said], usually: float) -> float:
    known = {each.author: each.author_is_known for each in said}
    share = sum(not each for each in known.values()) / len(known)
    return max(0.0, (share - usually) / max(1.0 - usually, 0.01))


def _burst(times: Sequence[datetime]) -> float:
    """The share in the busiest hour beyond an even spread over the time looked at."""
    hours = (times[-1] - times[0]) / _HOUR
    begin = busiest = 0
    for end, moment in enumerate(times):
        while times[begin] <= moment - _HOUR:
            begin += 1
        busiest = max(busiest, end - begin + 1)
    if hours < 1:
        return 1.0
    even = 1 / hours
    return max(0.0, (busiest / len(times) - even) / max(1 - even, 0.01))
