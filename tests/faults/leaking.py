"""A worker whose every task keeps memory that it does not need: `LEAK_MIB` each time."""

import os

from celery.signals import task_prerun

_kept: list[bytearray] = []


@task_prerun.connect(weak=False)
def keep(**_: object) -> None:
    """Keep some more, and touch it, so that it is really there."""
    _kept.append(bytearray(b"x") * (int(os.environ["LEAK_MIB"]) * 1024 * 1024))
