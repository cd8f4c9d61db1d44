"""Whose turn it is to write into a SQLite file, among threads and among processes.

SQLite has one writer, and lets the next one in by chance: each waits by looking again, at last ten
times a second, so that a process which writes one transaction after another keeps all others out
for as long as it likes. An engine was kept out for minutes while a busy web process wrote. Here
whoever waits first among the processes is the next, and looks again within a millisecond.
"""

import fcntl
import os
import random
import threading
import time
from functools import cache
from typing import Final

# Bytes of the file beside the database that stand for the two places.
_WRITING: Final = 0
_NEXT: Final = 1
_SECONDS: Final = {_WRITING: 0.0005, _NEXT: 0.003}


class Turns:
    """The turns of one database file. A process that dies gives its place back by dying.

    Of the threads of a process one waits beside the other processes. It takes the place of the
    next first, so that who has just written cannot push in again, and then waits for the writer.
    """

    def __init__(self, file: str) -> None:
        self._places = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._threads = threading.Lock()

    def take(self, patience: float) -> bool:
        """Wait for a turn, `patience` seconds at most; return whether it came."""
        until = time.monotonic() + patience
        if not self._threads.acquire(timeout=patience):
            return False
        taken = False
        try:
            if self._wait_for(_NEXT, until):
                try:
                    taken = self._wait_for(_WRITING, until)
                finally:
                    self._leave(_NEXT)
        finally:
            if not taken:
                self._threads.release()
        return taken

    def give_back(self) -> None:
        """Let the next one write."""
        try:
            self._leave(_WRITING)
        finally:
            self._threads.release()

    def _wait_for(self, place: int, until: float) -> bool:
        while True:
            try:
                fcntl.lockf(self._places, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
            except (BlockingIOError, PermissionError):  # taken; POSIX allows either
                if time.monotonic() >= until:
                    return False
                time.sleep(random.uniform(0.5, 1) * _SECONDS[place])  # noqa: S311  no secret
            else:
                return True

    def _leave(self, place: int) -> None:
        fcntl.lockf(self._places, fcntl.LOCK_UN, 1, place)


@cache
def of(database: str) -> Turns:
    """Return the turns of a database file, the same for all of this process.

    Closing any descriptor of a file would lose the process's locks on it, so there is one.
    """
    return Turns(f"{database}.turn")


# In a forked child whoever had a turn does not exist, and locks are the parent's.
os.register_at_fork(after_in_child=of.cache_clear)
