"""Says that a process works on a SQLite file, so that no restore pulls it away from under it.

By a lock on a file beside it, which the kernel lets go however the process ends.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.db import connection

# Kept open for the life of the process, and by the children it forks.
_held: list[IO[str]] = []


class Busy(Exception):
    """Somebody works on the database."""


def join() -> None:
    """Say for the rest of this process's life that it works on the database.

    Waits while a restore is under way. On PostgreSQL there is nothing to say.
    """
    if connection.vendor != "sqlite" or _held:
        return
    stream = _beside(Path(connection.settings_dict["NAME"])).open("a", encoding="ascii")
    fcntl.flock(stream, fcntl.LOCK_SH)
    _held.append(stream)


@contextmanager
def alone(database: Path) -> Iterator[None]:
    """Keep everybody else from starting; raise Busy where somebody works on it already."""
    with _beside(database).open("a", encoding="ascii") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Busy from None
        yield


def _beside(database: Path) -> Path:
    return database.with_name(f"{database.name}.processes")
