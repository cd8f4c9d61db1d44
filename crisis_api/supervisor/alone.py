"""Makes sure that nobody else uses our data folder or our port."""

import fcntl
import os
import socket
import time
from pathlib import Path
from typing import IO


class Taken(Exception):
    """Somebody else has what we need; the message says who or what, and what to do."""


class OneRun:
    """The right to run on a data folder: one `make run` at a time.

    Held by a lock on a file, which the kernel lets go however the process ends. The file's content
    tells whether the last run ended in order.
    """

    def __init__(self, data_dir: Path) -> None:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = data_dir / "run.lock"
        self._stream: IO[str] = self._file.open("a+", encoding="ascii")
        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._stream.seek(0)
            pid = self._stream.read().strip() or "unknown"
            raise Taken(
                f"Already running here (process {pid}). "
                "Stop it first, or set DATA_DIR and PORT for a second one."
            ) from None
        self._stream.seek(0)
        self.was_killed = bool(self._stream.read())
        self._write(str(os.getpid()))

    def end(self) -> None:
        """Say that this run ended in order, and let the next one begin."""
        self._write("")
        self._stream.close()

    def _write(self, text: str) -> None:
        self._stream.truncate(0)
        self._stream.write(text)
        self._stream.flush()


def require_free(bind: str, port: int, *, patience: float = 0) -> None:
    """Raise Taken unless we can listen there.

    `patience` is for the seconds in which a killed run's web server is still going.
    """
    if not 0 < port < 65_536:
        raise Taken(f"PORT should be between 1 and 65535, not {port}.")
    end = time.monotonic() + patience
    while True:
        try:
            _listen(bind, port)
            return
        except PermissionError:
            raise Taken(f"Only root may listen on port {port}. Set PORT to another one.") from None
        except OSError as error:
            if time.monotonic() > end:
                raise Taken(_why(error, bind, port)) from None
        time.sleep(0.1)


def _listen(bind: str, port: int) -> None:
    family, kind, protocol, _, address = socket.getaddrinfo(
        bind, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, protocol) as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        candidate.bind(address)
        candidate.listen(1)


def _why(error: OSError, bind: str, port: int) -> str:
    if isinstance(error, socket.gaierror) or "assign" in str(error):
        return f"This machine has no address {bind}. Set BIND to one of its own."
    return (
        f"Port {port} is in use. Stop what listens there, or set PORT, as in `make run PORT=8001`."
    )
