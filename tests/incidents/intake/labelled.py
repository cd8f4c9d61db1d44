"""Examples written for these tests, and how well mentions are grouped into claims."""

import random
from collections import Counter
from itertools import combinations
from pathlib import Path

from incidents.intake.grouping import SHOWN_FROM, Grouping

EXAMPLES = Path(__file__).parent / "examples"
NOISE = "-"


def claims():
    """Pairs of a claim, or NOISE, and a text that says it."""
    lines = (EXAMPLES / "claims.tsv").read_text(encoding="utf-8").splitlines()
    return [tuple(line.split("\t")) for line in lines]


def grouped(pairs):
    """The claim that each was put into, None where it stays alone."""
    grouping = Grouping()
    found = [grouping.take(text) for _, text in pairs]
    sizes = Counter(found)
    return [each if sizes[each] >= SHOWN_FROM else None for each in found]


def pairwise(pairs, found):
    """How many of the pairs put together belong together, and how many that belong together are."""
    right = wrong = missed = 0
    for (one, mine), (other, theirs) in combinations(zip(pairs, found, strict=True), 2):
        belong = one[0] == other[0] != NOISE
        together = mine is not None and mine == theirs
        right += belong and together
        wrong += together and not belong
        missed += belong and not together
    return right / (right + wrong), right / (right + missed)


def shuffled(pairs, seed):
    """The same in another order."""
    return random.Random(seed).sample(pairs, len(pairs))
