"""How well mentions are put together into claims, on the tests' own examples; and how fast."""

import random
import statistics

from bench.scoring import per_cpu_second
from bench.table import Figure
from incidents.intake.claims import signature
from incidents.intake.grouping import Grouping
from incidents.intake.raid import raid_score
from incidents.intake.scoring import score
from tests.incidents.intake import labelled
from tests.incidents.intake.test_raid import complaints, raid

ORDERS = 10
MENTIONS = 20_000


def figures(*, quick: bool) -> list[Figure]:
    """Precision and recall of pairs in several orders, raids, and the speed with scoring."""
    orders = [labelled.shuffled(labelled.claims(), seed) for seed in range(ORDERS)]
    told = [labelled.pairwise(pairs, labelled.grouped(pairs)) for pairs in orders]
    precision, recall = zip(*told, strict=True)
    raids = [raid_score(raid(seed, own_words=0.3)).is_raid for seed in range(50)]
    honest = [raid_score(complaints(seed)).is_raid for seed in range(50)]
    return [
        Figure("-", "claims, precision of pairs, mean", statistics.mean(precision), "", 0.9),
        Figure("-", "claims, recall of pairs, mean", statistics.mean(recall), "", 0.85),
        Figure("-", "claims, recall of pairs, worst order", min(recall), "", 0.8),
        Figure("-", "raids told, a third of it other voices", statistics.mean(raids), "", 0.95),
        Figure("-", "honest storms taken for raids", statistics.mean(honest), "", 0.02, False),
        *_speed(MENTIONS // 10 if quick else MENTIONS),
    ]


def _speed(number: int) -> list[Figure]:
    dice = random.Random(1)
    texts = [text for _, text in labelled.claims()]
    words = [word for text in texts for word in text.split()]
    # Claims with other words around them, so that most are no copies.
    stream = [" ".join([dice.choice(texts), *dice.sample(words, 6)]) for _ in range(number)]
    grouping = Grouping()

    def both() -> int:
        for text in stream:
            score(text)
            grouping.take(text)
        return number

    together = per_cpu_second(both)
    signatures = per_cpu_second(lambda: sum(bool(signature(text)) for text in stream))
    return [
        Figure("-", "mentions scored and grouped, one core", together, "/s", 2_000),
        Figure("-", "signatures made, one core", signatures, "/s"),
    ]
