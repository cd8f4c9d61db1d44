"""Becomes another program, having first arranged to die with its parent.

Run as a script: child.py SIGNAL PARENT PROGRAM ARGUMENTS…; it imports nothing of ours.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent(number: int) -> None:
    """Ask the kernel to send this process the signal when its parent dies. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)


def main(arguments: list[str]) -> None:
    """Replace this process by the program named, unless its parent is gone already."""
    die_with_parent(int(arguments[0]))
    if os.getppid() != int(arguments[1]):
        sys.exit(1)
    # Popen restores these for itself only; a shell's `nohup` may have left HUP ignored.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.execvp(arguments[2], arguments[2:])  # noqa: S606 (no shell is wanted)


if __name__ == "__main__":
    main(sys.argv[1:])
