"""Every measurement on the database of this process's settings; the figures go to a file."""

import pickle
import sys
import time
from datetime import timedelta
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from bench import (  # noqa: E402
    claims,
    detection,
    due,
    hints,
    intake,
    lists,
    opening,
    scale,
    scoring,
    storm,
)
from bench.table import Figure  # noqa: E402
from crisis_api.lib.drf.throttles import RATES, Rate  # noqa: E402

# Hints are for a broker; none is measured here.
settings.NUDGE_ENABLED = False
# So is the limit of requests.
settings.THROTTLE_RATES = dict.fromkeys(RATES, Rate(10**9, timedelta(minutes=1)))

MEASURES = {
    "lists": lists.figures,
    "intake": intake.figures,
    "opening": opening.figures,
    "due": due.figures,
    "hints": hints.figures,
    "storm": storm.figures,
    "scale": scale.figures,
    "scoring": scoring.figures,
    "claims": claims.figures,
    "detection": detection.figures,
}
# Pure arithmetic, the same on every database: measured once.
PURE = {"scoring", "claims", "detection"}


def main(results: Path, *words: str) -> None:
    """Measure what is named, everything by default."""
    quick = "--quick" in words
    named = [word for word in words if word in MEASURES] or list(MEASURES)
    call_command("migrate", verbosity=0)
    found: list[Figure] = []
    for name in named:
        if name in PURE and connection.vendor != "sqlite":
            continue
        began = time.perf_counter()
        found += MEASURES[name](quick=quick)
        took = time.perf_counter() - began
        print(f"{connection.vendor}: {name} took {took:.0f} s", file=sys.stderr, flush=True)
    results.write_bytes(pickle.dumps(found))


main(Path(sys.argv[1]), *sys.argv[2:])
