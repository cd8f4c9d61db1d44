"""How many negative mentions an account usually gets in each hour of the week.

Learned as they come. `Usual` is one row for an account: 168 means, how often each hour was seen,
and how uneven the counts are. `learned` takes in one hour that is over. An hour far beyond what was
usual teaches no more than `_BELIEVED` times that, so a storm is not usual the week after.

An hour seen seldom leans on the same hour of other days, and that on the account's mean; an
account without history has `FLOOR` an hour.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

HOURS: Final = 168
FLOOR: Final = 0.5
_DAY: Final = 24
_HOUR: Final = timedelta(hours=1)
_MEMORY: Final = (
    0.2  # What the latest week weighs: half of what is known is four weeks old or less.
)
_BELIEVED: Final = 3.0
_LEAN: Final = 2.0  # Weeks that the hour of the day weighs beside an hour of the week.
_UNEVEN_AT_FIRST: Final = 0.15
_UNEVEN_MEMORY: Final = 0.01
_MOST_UNEVEN: Final = 1.0


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual for one account. Plain numbers, as they are stored."""

    means: tuple[float, ...] = (0.0,) * HOURS
    weeks: tuple[int, ...] = (0,) * HOURS
    # The variance beyond chance, as a share of the squared mean.
    unevenness: float = _UNEVEN_AT_FIRST

    def rate(self, moment: datetime) -> float:
        """Mentions an hour that are usual at a moment, between the hours' means."""
        place = hour_of_week(moment)
        part = (moment.minute * 60 + moment.second) / 3600 - 0.5
        near = (place + (1 if part > 0 else -1)) % HOURS
        return self._expected(place) * (1 - abs(part)) + self._expected(near) * abs(part)

    def expected(self, begin: datetime, end: datetime) -> float:
        """How many mentions are usual between two moments, FLOOR an hour at least."""
        steps = max(1, round((end - begin) / timedelta(minutes=15)))
        step = (end - begin) / steps
        rates = [self.rate(begin + step * (n + 0.5)) for n in range(steps)]
        return max(sum(rates) / steps, FLOOR) * ((end - begin) / _HOUR)

    def _expected(self, place: int) -> float:
        same = range(place % _DAY, HOURS, _DAY)
        seen = sum(self.weeks[each] for each in same)
        daily = sum(self.means[each] * self.weeks[each] for each in same)
        if seen < _LEAN:
            daily, seen = daily + self._mean() * (_LEAN - seen), int(_LEAN)
        daily /= seen
        weeks = self.weeks[place]
        return (self.means[place] * weeks + daily * _LEAN) / (weeks + _LEAN)

    def _mean(self) -> float:
        seen = sum(self.weeks)
        if not seen:
            return FLOOR
        return sum(mean * n for mean, n in zip(self.means, self.weeks, strict=True)) / seen


def hour_of_week(moment: datetime) -> int:
    """Monday's first hour is 0, Sunday's last 167, in the zone of the moment."""
    return moment.weekday() * _DAY + moment.hour


def learned(usual: Usual, hour: datetime, count: int) -> Usual:
    """What is usual after an hour that is over, given when it began and how many there were."""
    place = hour_of_week(hour)
    expected = usual.expected(hour, hour + _HOUR)
    known = usual.weeks[place]
    seldom = sum(usual.weeks) < _DAY
    # The first day is believed: there is nothing to doubt it by.
    believed = float(count) if seldom else min(float(count), _BELIEVED * expected + 3)
    memory = max(_MEMORY, 1 / (known + 1))
    means, weeks = list(usual.means), list(usual.weeks)
    means[place] += memory * (believed - means[place])
    weeks[place] = min(known + 1, 52)
    unevenness = usual.unevenness
    if not seldom and expected >= 1:
        beyond = ((believed - expected) ** 2 - expected) / expected**2
        unevenness += _UNEVEN_MEMORY * (min(beyond, 4.0) - unevenness)
        unevenness = min(max(unevenness, 0.02), _MOST_UNEVEN)
    return Usual(tuple(means), tuple(weeks), unevenness)


def learned_all(usual: Usual, hours: Iterable[tuple[datetime, int]]) -> Usual:
    """As `learned`, hour by hour. Hours without a mention must be among them."""
    for hour, count in hours:
        usual = learned(usual, hour, count)
    return usual
