"""How soon a mention needs somebody: one number, the higher the sooner. Pure.

An injury comes before everything else. Then counts what it could cost, who listens, what kind of
thing it is, and how long it has waited, in steps, so that nothing is passed over for ever and
nobody has to write the number anew every minute.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

# Nobody has worked it out yet, as for what an earlier release took in.
UNPLACED: Final = -1
# It waits for nobody.
NOT_WAITING: Final = 0

INJURY: Final = 10_000
LEAK: Final = 1_000
# What is older waits for no answer any more: nobody would understand what it is about.
LONGEST_WAIT: Final = timedelta(days=30)

_PER_RISK = 10
_PER_CLAIM_WEIGHT = 3
# From so many listeners on.
_LISTENERS = ((1_000_000, 400), (100_000, 300), (10_000, 200), (1_000, 100))
# Those who come across a video are not those who read the comment.
_REACH_PER_LISTENER = 10
_KINDS = {"press_enquiry": 300, "direct_message": 100}
_AUTHORS = {"press": 200, "creator": 100}
_WAITED = ((timedelta(hours=1), 40), (timedelta(hours=4), 80), (timedelta(hours=24), 120))
# Signs that call for somebody whatever the tone.
_CALLING = frozenset({"injury", "personal_data", "question", "refund_request", "complaint"})
_TOXIC = frozenset({"insult", "profanity", "threat"})
_TOXIC_FROM = 40


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a mention that nobody has dealt with. `signs` are codes of its reasons."""

    kind: str
    risk: int = 0
    is_negative: bool = False
    signs: Collection[str] = ()
    author_kind: str = "unknown"
    followers: int = 0
    reach: int = 0
    claim_weight: int = 0
    has_deadline: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where it stands, and after how long a wait that changes by itself; None for never."""

    points: int
    changes_after: timedelta | None = None


def place_of(facts: Facts, waited: timedelta) -> Place:
    """Return where a mention stands that has waited so long."""
    if not calls_for_somebody(facts) or waited >= LONGEST_WAIT:
        return Place(NOT_WAITING)
    steps = [points for after, points in _WAITED if waited >= after]
    points = 1 + _weight(facts) + (steps[-1] if steps else 0)
    ahead = [after for after, _points in _WAITED if waited < after]
    return Place(points, ahead[0] if ahead else LONGEST_WAIT)


def calls_for_somebody(facts: Facts) -> bool:
    """Whether anybody need answer it: praise waits for nobody, and neither do our own people."""
    if facts.author_kind == "employee":
        return False
    return (
        facts.is_negative
        or facts.has_deadline
        or facts.kind in _KINDS
        or not _CALLING.isdisjoint(facts.signs)
    )


def is_toxic(reasons: Collection[tuple[str, int]]) -> bool:
    """Whether reading it wears people out: insults and threats, by (code, weight)."""
    return any(code in _TOXIC and weight >= _TOXIC_FROM for code, weight in reasons)


def _weight(facts: Facts) -> int:
    listeners = max(facts.followers, facts.reach // _REACH_PER_LISTENER)
    points = facts.risk * _PER_RISK + min(facts.claim_weight, 100) * _PER_CLAIM_WEIGHT
    points += next((more for from_, more in _LISTENERS if listeners >= from_), 0)
    points += _KINDS.get(facts.kind, 0) + _AUTHORS.get(facts.author_kind, 0)
    if "injury" in facts.signs:
        points += INJURY
    if "personal_data" in facts.signs:
        points += LEAK
    return points
