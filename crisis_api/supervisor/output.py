"""What the children print, line by line, each line under its name."""

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import TextIO

_COLOURS = (36, 32, 33, 35, 34)
_LONGEST_LINE = 16_384


class Output:
    """Prints lines under names, aligned; coloured only on a terminal."""

    def __init__(self, names: Iterable[str], stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        names = list(names)
        width = max(map(len, names), default=0)
        coloured = self._stream.isatty() and "NO_COLOR" not in os.environ
        self._prefixes = {
            name: f"\033[{_COLOURS[at % len(_COLOURS)]}m{name:<{width}} |\033[0m "
            if coloured
            else f"{name:<{width}} | "
            for at, name in enumerate(names)
        }
        self._started: dict[str, bytes] = {}

    def feed(self, name: str, data: bytes) -> None:
        """Print the whole lines in what came, and keep the rest for later."""
        *lines, rest = (self._started.pop(name, b"") + data).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            lines, rest = [*lines, rest], b""
        if rest:
            self._started[name] = rest
        self._print(name, lines)

    def finish(self, name: str) -> None:
        """Print what a child said last without ending the line."""
        if rest := self._started.pop(name, b""):
            self._print(name, [rest])

    def say(self, text: str) -> None:
        """Print something of the supervisor's own."""
        # A terminal that is gone must not keep the children from being stopped.
        with suppress(OSError, ValueError):
            self._stream.write(text + "\n")
            self._stream.flush()

    def _print(self, name: str, lines: list[bytes]) -> None:
        prefix = self._prefixes.get(name, f"{name} | ")
        for line in lines:
            self.say(prefix + line.decode("utf-8", "replace").rstrip("\r"))
