"""Timing, and the table of figures."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

ROUNDS = 3


@dataclass(frozen=True)
class Figure:
    """What was measured, how much of it a second, and the anchor of the same run."""

    name: str
    rate: float
    anchor_name: str
    anchor: float


def rate(work: Callable[[], int], rounds: int = ROUNDS) -> float:
    """Return how many a second `work` does, the median of some rounds; it returns how many."""
    rates = []
    for _ in range(rounds):
        began = time.perf_counter()
        done = work()
        rates.append(done / (time.perf_counter() - began))
    return statistics.median(rates)


def show(title: str, figures: list[Figure]) -> None:
    """Print the table."""
    print(f"\n{title}\n")
    print(f"{'measure':<52}{'a second':>10}   {'anchor':<42}{'a second':>10}{'ratio':>8}")
    for f in figures:
        ratio = f.rate / f.anchor
        print(f"{f.name:<52}{f.rate:>10,.0f}   {f.anchor_name:<42}{f.anchor:>10,.0f}{ratio:>8.2f}")
