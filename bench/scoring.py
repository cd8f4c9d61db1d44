"""How well comments are judged, on labelled ones that are not part of this project; and how fast.

The files lie beside the checkout (`LABELLED_COMMENTS` names another folder); without them only the
speed is measured. Lists of words were written looking at one half of them, told by a hash of the
text, so the other half says more about comments nobody has seen.
"""

import csv
import hashlib
import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from bench.table import Figure
from incidents.intake.scoring import score

BESIDE: Final = Path(__file__).parent.parent.parent / "shared" / "data"
LOOKED_AT, HELD_OUT = "looked at", "held out"


def figures(*, quick: bool) -> list[Figure]:
    """Precision, recall and correlation for each half and for all, and the speed."""
    folder = Path(os.environ.get("LABELLED_COMMENTS") or BESIDE)
    if not folder.is_dir():
        print(f"No labelled comments in {folder}: how well comments are judged is not measured.")
        return [_speed([(f"Крем жжёт, верните деньги {n}", "") for n in range(2_000)])]
    russian = _rows(folder / "comments-ru-labelled.tsv")
    english = _rows(folder / "comments-en-labelled.tsv")
    found = []
    for part in ("all", LOOKED_AT, HELD_OUT):
        found += _russian(part, [row for row in russian if _is_in(part, row[0])])
        found += _english(part, [row for row in english if _is_in(part, row[0])])
    return [*found, _speed([*russian, *english])]


def per_cpu_second(work: Callable[[], int]) -> float:
    """How many a second of processor time: others at work on the machine do not count."""
    began = time.process_time()
    return work() / (time.process_time() - began)


def _rows(path: Path) -> list[Sequence[str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines, delimiter="\t"))[1:]


def _is_in(part: str, text: str) -> bool:
    half = HELD_OUT if int(hashlib.sha256(text.encode()).hexdigest(), 16) % 2 else LOOKED_AT
    return part in ("all", half)


def _russian(part: str, rows: list[Sequence[str]]) -> list[Figure]:
    told = [(score(text).is_toxic, toxic == "1", hidden == "1") for text, toxic, hidden in rows]
    right = sum(found and toxic for found, toxic, _ in told)
    precision = right / sum(found for found, _, _ in told)
    recall = right / sum(toxic for _, toxic, _ in told)
    hidden = [found for found, toxic, hides in told if toxic and hides]
    return [
        Figure("-", f"toxic Russian, precision, {part}", precision, "", 0.80),
        Figure("-", f"toxic Russian, recall, {part}", recall, "", 0.75),
        Figure("-", f"obfuscated ones, recall, {part}", sum(hidden) / len(hidden), "", 0.85),
    ]


def _english(part: str, rows: list[Sequence[str]]) -> list[Figure]:
    ours = [-score(text).negativity for text, _ in rows]
    alike = statistics.correlation(ours, [float(mean) for _, mean in rows])
    return [Figure("-", f"English sentiment, correlation, {part}", alike, "", 0.75)]


def _speed(rows: list[Sequence[str]]) -> Figure:
    def work() -> int:
        for row in rows:
            score(row[0])
        return len(rows)

    return Figure("-", "mentions scored, one core", per_cpu_second(work), "/s")
