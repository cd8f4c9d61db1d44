"""Weeks of negative mentions that did not happen: hours of the day, busy evenings, storms.

Counts are a minute each. The rate follows the hour and the day, wavers for hours, and each evening
in three a post of the brand makes it 1.8 times as much for two hours, which is no storm.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from incidents.intake.alarms import Alarm, alarm
from incidents.intake.usual import Usual, learned

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)  # A Monday.
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY_CURVE = [0.35, 0.25, 0.2, 0.2, 0.2, 0.3, 0.5, 0.7, 0.9, 1, 1.1, 1.1]
DAY_CURVE += [1.2, 1.2, 1.1, 1.1, 1.2, 1.3, 1.5, 1.8, 2, 1.9, 1.4, 0.8]
QUIET = timedelta(hours=1)  # Alarms closer than this are one.


@dataclass(frozen=True)
class Storm:
    """From `begin` on, for `lasts`, the rate is `times` the usual one."""

    begin: datetime
    lasts: timedelta
    times: float


def _poisson(dice: random.Random, mean: float) -> int:
    if mean > 40:
        return max(0, round(dice.gauss(mean, math.sqrt(mean))))
    limit, product, number = math.exp(-mean), dice.random(), 0
    while product > limit:
        product *= dice.random()
        number += 1
    return number


def minutes(seed: int, per_hour: float, weeks: int, storm: Storm | None = None) -> list[int]:
    """How many negative mentions came in each minute."""
    dice = random.Random(seed)
    counts = []
    wavering, busy = 0.0, 1.0
    for hour in range(weeks * 168):
        at = BEGIN + hour * HOUR
        wavering = 0.7 * wavering + dice.gauss(0, 0.18)
        if at.hour == 19:
            busy = 1.8 if dice.random() < 1 / 3 else 1.0
        elif at.hour == 21:
            busy = 1.0
        weekend = 1.3 if at.weekday() >= 5 else 1.0
        rate = per_hour * DAY_CURVE[at.hour] * weekend * busy * math.exp(wavering)
        for minute in range(60):
            moment = at + minute * MINUTE
            times = 1.0
            if storm is not None and storm.begin <= moment < storm.begin + storm.lasts:
                times = storm.times
            counts.append(_poisson(dice, rate * times / 60))
    return counts


def watched(counts: list[int], *, learning: float) -> Iterator[tuple[datetime, Alarm]]:
    """Learn for some weeks, then look every minute and learn on; alarms that follow are one."""
    usual = Usual()
    total = [0, *accumulate(counts)]
    last: datetime | None = None
    for place in range(len(counts)):
        now = BEGIN + (place + 1) * MINUTE
        if place >= learning * 168 * 60:
            found = alarm(usual, lambda since, end=place + 1: _since(total, since, end), now)
            if found is not None:
                if last is None or now - last > QUIET:
                    yield now, found
                last = now
        if (place + 1) % 60 == 0:
            usual = learned(usual, now - HOUR, total[place + 1] - total[place - 59])


def _since(total: list[int], since: datetime, end: int) -> int:
    begin = max(0, (since - BEGIN) // MINUTE)
    return total[end] - total[min(begin, end)]


def delay(seed: int, per_hour: float, times: float, *, begin: timedelta) -> timedelta | None:
    """How long after a storm began it was found; None if not within six hours."""
    start = BEGIN + timedelta(weeks=4) + begin
    storm = Storm(start, timedelta(hours=6), times)
    counts = minutes(seed, per_hour, 5, storm)
    end = (start + storm.lasts - BEGIN) // MINUTE
    # What was found an hour before would hide the storm's own alarm.
    learning = (start - BEGIN) / timedelta(weeks=1)
    found = next(watched(counts[:end], learning=learning), None)
    return found[0] - start if found is not None else None


def false_alarms(seed: int, per_hour: float, weeks: int) -> float:
    """How many alarms a week there are where nothing happens."""
    found = list(watched(minutes(seed, per_hour, 4 + weeks), learning=4))
    return len(found) / weeks
