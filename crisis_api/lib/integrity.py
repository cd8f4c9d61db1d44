"""Reads a SQLite file through for damage; PostgreSQL has checksums of its own."""

import os
import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from django.db import DatabaseError

_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_WAIT_SECONDS = 5.0


def is_damage(error: BaseException | None) -> bool:
    """Whether an error of the database, or of its driver, says that the file is damaged."""
    cause = error.__cause__ if isinstance(error, DatabaseError) else error
    return getattr(cause, "sqlite_errorcode", 0) & 0xFF in _DAMAGE


def flaw(file: Path) -> str:
    """Return what is wrong with the structure of a database, "" for nothing.

    Reads all of it, on a connection of its own and while others write. What is wrong inside of a
    value nobody can tell.
    """
    address = f"file:{quote(str(file))}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=_WAIT_SECONDS)) as reading:
            (said,) = reading.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        return str(error) if is_damage(error) else ""
    return "" if said == "ok" else str(said)


class Reading(threading.Thread):
    """One reading, behind everybody else; `said` is there once it is over."""

    def __init__(self, file: Path) -> None:
        super().__init__(name="integrity", daemon=True)
        self.file = file
        self.said = ""

    def run(self) -> None:
        """Read it through."""
        with suppress(OSError, AttributeError):
            # On Linux a thread may be nicer than its process.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
        self.said = flaw(self.file)
