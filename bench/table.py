"""Timing, figures, and the one table of them."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

ROUNDS = 3


@dataclass(frozen=True)
class Figure:
    """One measure: what was seen, and its ratio to an anchor of the same run.

    `row` is the number of the goal. A goal without an anchor is in the unit of `seen`; `least` says
    whether the goal is the least that is good, or the most.
    """

    row: str
    name: str
    seen: float
    unit: str
    goal: float | None = None
    least: bool = True
    anchor_name: str = ""
    anchor: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times the anchor it is."""
        return self.seen / self.anchor if self.anchor else None

    @property
    def is_good(self) -> bool | None:
        """Whether it reaches its goal; None where there is none."""
        if self.goal is None:
            return None
        judged = self.seen if self.ratio is None else self.ratio
        return judged >= self.goal if self.least else judged <= self.goal


def seconds(work: Callable[[], object]) -> float:
    """Return how long it took, once."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def rate(work: Callable[[], int], rounds: int = ROUNDS) -> float:
    """Return how many a second `work` does, the median of some rounds; it returns how many."""
    rates = []
    for _ in range(rounds):
        began = time.perf_counter()
        done = work()
        rates.append(done / (time.perf_counter() - began))
    return statistics.median(rates)


def rates(ours: Callable[[], int], bare: Callable[[], int]) -> tuple[float, float]:
    """Return the rates of both, measured in turns, so that a busy machine is as busy for both."""
    pairs = [(rate(ours, 1), rate(bare, 1)) for _ in range(ROUNDS)]
    mine, theirs = zip(*pairs, strict=True)
    return statistics.median(mine), statistics.median(theirs)


def show(found: dict[str, list[Figure]]) -> None:
    """Print all figures, a column for each database."""
    print(
        "\nEach cell: the ratio to the anchor, what was seen (the anchor), and whether it is good."
    )
    print("Goals are ratios where there is an anchor: absolute figures swing with the machine.\n")
    print(f"{'':>4} {'measure':<50}{'goal':>9}" + "".join(f"  {name:<34}" for name in found))
    names = list(dict.fromkeys((f.row, f.name) for figures in found.values() for f in figures))
    by_name = {database: {(f.row, f.name): f for f in rows} for database, rows in found.items()}
    for key in names:
        cells = [rows.get(key) for rows in by_name.values()]
        first = next(cell for cell in cells if cell is not None)
        print(
            f"{first.row:>4} {first.name:<50}{_goal(first):>9}"
            + "".join(f"  {_cell(cell):<34}" for cell in cells).rstrip()
        )
    print("\nAnchors, the same work without the product:")
    every = (f for rows in found.values() for f in rows if f.anchor_name)
    for name, anchor in dict.fromkeys((f.name, f.anchor_name) for f in every):
        print(f"  {name}: {anchor}")


def _goal(figure: Figure) -> str:
    if figure.goal is None:
        return "-"
    return f"{'>=' if figure.least else '<='} {figure.goal:g}"


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return "not measured"
    verdict = {True: "good", False: "SHORT", None: ""}[figure.is_good]
    seen = f"{_number(figure.seen)} {figure.unit}"
    if figure.ratio is None:
        return f"{seen:<27}{verdict}"
    return f"{figure.ratio:>6.2f}  {f'{seen} ({_number(figure.anchor or 0)})':<19}{verdict}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
