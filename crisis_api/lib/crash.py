"""Named places at which a test kills a process, as kill -9 would, to see what is left.

They are inert outside of tests: without CRISIS_TEST=1 and CRISIS_CRASH_FILE, both from before the
start of the process, `point` does nothing at all.
"""

import os
import signal
from pathlib import Path

_FILE = os.environ.get("CRISIS_CRASH_FILE", "") if os.environ.get("CRISIS_TEST") == "1" else ""


def point(name: str) -> None:
    """Die here if a test has written this name into the file; whoever is first takes it out."""
    if not _FILE:
        return
    file = Path(_FILE)
    try:
        if file.read_text(encoding="ascii").strip() != name:
            return
        # Only one process can take the file away, so only one dies.
        file.rename(file.with_suffix(f".{os.getpid()}"))
    except OSError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
