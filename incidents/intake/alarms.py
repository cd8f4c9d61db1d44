"""When the present rate is out of proportion to what is usual, quickly or patiently.

Counts of several windows up to now are compared with what is usual for these very hours. A short
window fires on a great excess only, a long one on a smaller excess that lasts, so a spike is found
within minutes and a slow burn within hours, while a normal busy evening is neither. `surprise` says
how many standard deviations the count is beyond what is usual, on the scale of square roots where
counts are nearly normal; the deviation includes how uneven the account's hours are.

Beside these: one loud author, silence while the volume rises, whether a storm that was over comes
back, and whether it is over. Pure arithmetic; codes only.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import Final, Literal

from incidents.intake.usual import Usual

Shape = Literal["spike", "surge", "slow_burn"]
CountSince = Callable[[datetime], int]


@dataclass(frozen=True, slots=True)
class Watch:
    """One window that is watched: it fires when all three are reached."""

    shape: Shape
    window: timedelta
    least: int
    times_usual: float
    surprise: float


_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
WATCHES: Final = (
    Watch("spike", 2 * _MINUTE, 8, 6.0, 5.0),
    Watch("spike", 5 * _MINUTE, 7, 4.0, 4.0),
    Watch("surge", 20 * _MINUTE, 12, 2.5, 4.2),
    Watch("slow_burn", 90 * _MINUTE, 18, 1.7, 3.6),
    Watch("slow_burn", 150 * _MINUTE, 24, 1.55, 3.1),
)
# Uneven hours even out over several of them.
_EVENED_OVER: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A window out of proportion, with its figures: what was counted, and what is usual for it."""

    shape: Shape
    window: timedelta
    count: int
    expected: float
    times_usual: float
    surprise: float


def alarm(
    usual: Usual, count_since: CountSince, now: datetime, *, watches: Sequence[Watch] = WATCHES
) -> Alarm | None:
    """The most surprising window that is out of proportion now, or None.

    `count_since` gives the number of negative mentions after a moment, up to now.
    """
    fired = (found for each in watches if (found := _fired(each, usual, count_since, now)))
    return max(fired, key=lambda each: each.surprise, default=None)


def surprise(count: int, expected: float, unevenness: float, window: timedelta) -> float:
    """How far beyond what is usual a count is, in standard deviations."""
    hours = max(window / _EVENED_OVER, 1.0)
    spread = 1.0 + expected * unevenness / hours
    return 2 * (sqrt(count + 0.375) - sqrt(expected + 0.375)) / sqrt(spread)


def _fired(watch: Watch, usual: Usual, count_since: CountSince, now: datetime) -> Alarm | None:
    begin = now - watch.window
    count = count_since(begin)
    if count < watch.least:
        return None
    expected = usual.expected(begin, now)
    if count < watch.times_usual * expected:
        return None
    beyond = surprise(count, expected, usual.unevenness, watch.window)
    if beyond < watch.surprise:
        return None
    return Alarm(watch.shape, watch.window, count, expected, count / expected, beyond)


@dataclass(frozen=True, slots=True)
class Heard:
    """Who said something negative, and to how many."""

    mention: str
    followers: int | None
    risk: int


def loud_author(heard: Iterable[Heard], *, followers_from: int, risk_from: int = 0) -> Heard | None:
    """The loudest author whose mention alone is worth an alarm, or None.

    Unknown numbers of followers are not guessed.
    """
    loud = [
        each
        for each in heard
        if each.followers is not None
        and each.followers >= followers_from
        and each.risk >= risk_from
    ]
    return max(loud, key=lambda each: (each.followers or 0, each.mention), default=None)


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing was said in public for `silent_for` while the volume was `times_usual`."""

    silent_for: timedelta
    count: int
    times_usual: float


def silence(
    usual: Usual,
    count_since: CountSince,
    now: datetime,
    *,
    began: datetime,
    last_said: datetime | None,
    patience: timedelta,
    times_usual: float = 2.0,
) -> Silence | None:
    """Whether people wait for a word: the volume rises and nothing public was said for `patience`.

    `began` is when the storm began; what was said in public before it does not count. The volume is
    that since the later of the two.
    """
    since = max(began, last_said) if last_said is not None else began
    if now - since < patience:
        return None
    count = count_since(since)
    expected = usual.expected(since, now)
    if count < times_usual * expected:
        return None
    return Silence(now - since, count, count / expected)


def reignition_threshold(usual: Usual, now: datetime, *, window: timedelta, peak: int) -> int:
    """How many negative mentions in a window reopen what was resolved.

    Twice what is usual, and a quarter of the worst window of the storm that is over, or, after a
    great storm, six times usual, which is a new one by itself; never fewer than five.
    """
    expected = usual.expected(now - window, now)
    return max(5, round(max(2 * expected, min(peak / 4, 6 * expected))))


@dataclass(frozen=True, slots=True)
class ExitCriteria:
    """Written conditions for "over". None means that nobody asked for it."""

    quiet_for: timedelta | None = timedelta(hours=24)
    at_most_times_usual: float = 1.5
    unanswered_at_most: int | None = 0
    grave_open_at_most: int | None = 0
    claims_unverified_at_most: int | None = 0
    promises_overdue_at_most: int | None = 0
    said_in_public: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand. `loudest` is the greatest times-usual of any hour of `quiet_for`."""

    watched_for: timedelta
    loudest: float
    unanswered: int
    grave_open: int
    claims_unverified: int
    promises_overdue: int
    said_in_public: bool


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: its code, what is asked, what is seen, and whether it is met."""

    code: str
    asked: float
    seen: float
    met: bool


def exit_conditions(criteria: ExitCriteria, standing: Standing) -> tuple[Condition, ...]:
    """Every condition that is asked for, met or not. It is over when all are met."""
    found = []
    if criteria.quiet_for is not None:
        hours = (criteria.quiet_for / _HOUR, standing.watched_for / _HOUR)
        found.append(Condition("watched_hours", *hours, hours[1] >= hours[0]))
        most = criteria.at_most_times_usual
        found.append(Condition("times_usual", most, standing.loudest, standing.loudest <= most))
    counted: tuple[tuple[str, int | None, int], ...] = (
        ("unanswered", criteria.unanswered_at_most, standing.unanswered),
        ("grave_open", criteria.grave_open_at_most, standing.grave_open),
        ("claims_unverified", criteria.claims_unverified_at_most, standing.claims_unverified),
        ("promises_overdue", criteria.promises_overdue_at_most, standing.promises_overdue),
    )
    for code, most_of, seen in counted:
        if most_of is not None:
            found.append(Condition(code, most_of, seen, seen <= most_of))
    if criteria.said_in_public:
        said = standing.said_in_public
        found.append(Condition("said_in_public", 1, int(said), said))
    return tuple(found)
