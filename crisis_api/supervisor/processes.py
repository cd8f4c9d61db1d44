"""One program under the supervisor: how it is started, told to stop, and killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_CHILD = Path(__file__).with_name("child.py")


@dataclass(frozen=True)
class Program:
    """What to run under which name.

    `death_signal` is what the kernel sends it when the supervisor is killed: SIGKILL for Celery,
    whose main process would otherwise wait for its tasks.
    """

    name: str
    command: Sequence[str]
    death_signal: signal.Signals = signal.SIGTERM
    folder: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


def start(program: Program, *, output: int | None = subprocess.PIPE) -> subprocess.Popen[bytes]:
    """Start the program in a session of its own; it dies with the thread that calls this.

    Call it from the main thread: the kernel's death signal follows the thread, not the process.
    """
    launcher = [sys.executable, "-I", "-S", str(_CHILD)]
    return subprocess.Popen(
        [*launcher, str(program.death_signal.value), str(os.getpid()), *program.command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output == subprocess.PIPE else output,
        cwd=program.folder,
        env={**os.environ, **program.environment},
        start_new_session=True,
    )


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and whatever it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
