"""Tells a storm of negative mentions from an ordinary bad day. Pure arithmetic over times.

A rule fires at `now` when both hold for the window `(now - window, now]`:

1. `count >= min_negative`: at least so many negative mentions stand in it.
2. `count >= factor * usual`: it holds at least `factor` times the usual number.

`usual` is the mean number in a slot as long as the window, over the baseline that ends where
the window begins. The busiest tenth of the slots is left out, so that yesterday's storm, or the
first minutes of this one, does not pass for usual. `usual` is never below `floor`: an account
without history, or one that hears nothing bad for days, is compared with the floor.

An account watched for a shorter time than the baseline is compared with the time it was
watched; `watched_since` says since when. Without one whole slot of history, `usual` is `floor`.

Example: window 10 minutes, min_negative 15, factor 3, baseline 24 hours (144 slots, of which
the busiest 14 are left out). 26 negative mentions in the other 130 slots make `usual` 0.2,
raised to the floor of 1; 15 in the last ten minutes are 15 times usual: a storm.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

Category = Literal[
    "negative_comments",
    "spam",
    "personal_data_leak",
    "misinformation",
    "harassment",
    "product_safety",
]
Severity = Literal["low", "medium", "high", "critical"]

_SEVERITIES: Final[tuple[Severity, ...]] = ("low", "medium", "high", "critical")
_LEFT_OUT: Final = 10  # One slot in so many, the busiest ones, is not usual.


@dataclass(frozen=True, slots=True)
class StormRule:
    """When many negative mentions are a storm. See the module's docstring for the arithmetic.

    Raises ValueError for a rule that would fire always or never.
    """

    window: timedelta
    min_negative: int
    factor: float
    baseline: timedelta = timedelta(hours=24)
    floor: float = 1.0

    def __post_init__(self) -> None:
        if self.window <= timedelta(0) or self.baseline < self.window:
            raise ValueError("the window must be positive and no longer than the baseline")
        if self.min_negative < 1 or self.factor <= 1 or self.floor <= 0:
            raise ValueError("min_negative starts at 1, factor above 1, floor above 0")


@dataclass(frozen=True, slots=True)
class Storm:
    """A rule that fired.

    `usual` and `count` are per window; `times_usual` is one by the other, `per_minute` the rate
    in the window; `since` is the first negative mention in the window. Category and severity
    are suggestions: a person may change both.
    """

    count: int
    usual: float
    times_usual: float
    per_minute: float
    since: datetime
    category: Category
    severity: Severity


def detect(
    negatives: Iterable[datetime],
    *,
    now: datetime,
    rule: StormRule,
    reasons: Mapping[str, int] | None = None,
    watched_since: datetime | None = None,
) -> Storm | None:
    """The storm at `now`, or None. The order of the times is of no matter.

    `negatives` holds the times of negative mentions of one account since the beginning of the
    baseline; older ones and ones after `now` are ignored. `reasons` counts, among those in the
    window, how many mentions carry each code of `scoring.REASON_CODES`.
    """
    counted = ((written_at, 1) for written_at in negatives)
    return detect_counts(counted, now=now, rule=rule, reasons=reasons, watched_since=watched_since)


def detect_counts(
    counts: Iterable[tuple[datetime, int]],
    *,
    now: datetime,
    rule: StormRule,
    reasons: Mapping[str, int] | None = None,
    watched_since: datetime | None = None,
) -> Storm | None:
    """As `detect`, from counts per moment or bucket: `(time, number of negative mentions)`.

    A bucket counts where its time stands, so give the time of its end.
    """
    window_start = now - rule.window
    slots = _slots(rule, window_start, watched_since)
    before = [0] * slots
    count, since = 0, now
    for moment, number in counts:
        if moment > now or number <= 0:
            continue
        if moment > window_start:
            count += number
            since = min(since, moment)
        else:
            slot = (window_start - moment) // rule.window
            if slot < slots:
                before[slot] += number
    usual = max(_usual(before), rule.floor)
    if count < rule.min_negative or count < rule.factor * usual:
        return None
    category = categorise(count, reasons or {})
    return Storm(
        count=count,
        usual=usual,
        times_usual=count / usual,
        per_minute=count / (rule.window / timedelta(minutes=1)),
        since=since,
        category=category,
        severity=_severity(count, usual, rule, category, (reasons or {}).get("injury", 0)),
    )


def categorise(count: int, reasons: Mapping[str, int]) -> Category:
    """What a storm of `count` mentions looks like, from how many carry which reason.

    The first that fits: personal data in a quarter of them; injury in 15 % and at least three;
    spam in half; insults or threats in 60 %; accusations in half; else negative comments.
    """
    if count <= 0:
        return "negative_comments"
    share = {code: number / count for code, number in reasons.items()}
    if share.get("personal_data", 0) >= 0.25:
        return "personal_data_leak"
    if share.get("injury", 0) >= 0.15 and reasons["injury"] >= 3:
        return "product_safety"
    if share.get("spam", 0) >= 0.5:
        return "spam"
    if max(share.get("insult", 0), share.get("threat", 0)) >= 0.6:
        return "harassment"
    if share.get("accusation", 0) >= 0.5:
        return "misinformation"
    return "negative_comments"


def _severity(
    count: int, usual: float, rule: StormRule, category: Category, injuries: int
) -> Severity:
    """Medium as it fires. High from 3 times `min_negative`, or 10 times usual and twice the
    minimum; critical from 10 times `min_negative`. A leak, or 3 injuries, is high at least;
    10 injuries are critical. Spam is one step lower: it annoys, it hurts nobody.
    """
    size = count / rule.min_negative
    level = 1
    if size >= 3 or (size >= 2 and count >= 10 * usual):
        level = 2
    if size >= 10:
        level = 3
    if category == "spam":
        level -= 1
    if category == "personal_data_leak" or injuries >= 3:
        level = max(level, 2)
    if injuries >= 10:
        level = 3
    return _SEVERITIES[level]


def _slots(rule: StormRule, window_start: datetime, watched_since: datetime | None) -> int:
    span = rule.baseline
    if watched_since is not None:
        span = min(span, window_start - watched_since)
    return max(span // rule.window, 0)


def _usual(before: list[int]) -> float:
    kept = sorted(before)[: len(before) - len(before) // _LEFT_OUT]
    return sum(kept) / len(kept) if kept else 0.0
