"""How soon a storm is found, and how often one that is not there, on weeks that did not happen."""

import statistics
from datetime import timedelta

from bench.table import Figure
from bench.weeks import MINUTE, delay, false_alarms

RATES = (15.0, 60.0, 300.0)  # Negative mentions an hour, on average.
NEVER = timedelta(hours=6)
STORMS, WEEKS = 8, 6


def figures(*, quick: bool) -> list[Figure]:
    """Delays of a spike and a slow burn, and false alarms, for small and busy accounts."""
    found = []
    storms, weeks = (3, 2) if quick else (STORMS, WEEKS)
    for rate in RATES:
        spikes = [_delay(seed, rate, 10) for seed in range(storms)]
        burns = [_delay(seed, rate, 2) for seed in range(storms)]
        name = f"at {rate:g} an hour"
        found += [
            Figure("-", f"10x found, median, {name}", _minutes(spikes), "min", 5, False),
            Figure("-", f"2x found, median, {name}", _minutes(burns) / 60, "h", 3, False),
            Figure("-", f"2x found in six hours, {name}", _share(burns), "of all", 0.8),
            Figure(
                "-", f"false alarms, {name}",
                statistics.mean(false_alarms(seed, rate, weeks) for seed in range(2)),
                "a week", 1, False,
            ),
        ]  # fmt: skip
    return found


def _delay(seed: int, rate: float, times: float) -> timedelta:
    begin = timedelta(days=seed % 7, hours=9 + 3 * seed % 11)
    return delay(seed, rate, times, begin=begin) or NEVER


def _minutes(delays: list[timedelta]) -> float:
    return statistics.median(each / MINUTE for each in delays)


def _share(delays: list[timedelta]) -> float:
    return statistics.mean(each < NEVER for each in delays)
