"""What goes wrong on purpose: the next calls of an endpoint fail as they are told to.

    {"path": "business/comment/reply/create/", "code": 50000, "times": 2}

`code`              that code, and nothing was done
`http`              that HTTP status, and nothing was done
`hang`              silence for so many seconds, then nothing was done
`drop`              the connection is reset, and nothing was done
`drop_after_write`  it is done, then the connection is reset
`hang_after_write`  it is done, then silence for so many seconds
`garbage`           it is done, and the answer is no JSON
`latency`           it is done, after so many seconds
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

KINDS = (
    "code",
    "http",
    "hang",
    "drop",
    "drop_after_write",
    "hang_after_write",
    "garbage",
    "latency",
)


@dataclass
class Fault:
    """One thing that goes wrong, a number of times or (-1) for ever."""

    path: str
    kind: str
    value: float
    message: str = ""
    times: int = 1


class Faults:
    """All of them, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def clear(self) -> None:
        """Let everything go well again."""
        self._faults.clear()

    def add(self, asked: dict[str, Any]) -> None:
        """Take one; ValueError where it is not clear what should go wrong."""
        kinds = [kind for kind in KINDS if kind in asked]
        if len(kinds) != 1:
            raise ValueError(f"exactly one of {', '.join(KINDS)}")
        value = asked[kinds[0]]
        if isinstance(value, str) or not isinstance(value, bool | int | float):
            raise ValueError(f"{kinds[0]} wants a number, or true")
        path, message = str(asked.get("path", "")), str(asked.get("message", ""))
        times = int(asked.get("times", 1))
        self._faults.append(Fault(path.strip("/"), kinds[0], float(value), message, times))

    def take(self, path: str) -> Fault | None:
        """Return what goes wrong with a call of this path now, and count it."""
        for fault in self._faults:
            if fault.path in ("", path.strip("/")) and fault.times:
                fault.times -= fault.times > 0
                return fault
        return None

    def told(self) -> Iterable[dict[str, Any]]:
        """Return those that are still to come."""
        return [vars(fault) for fault in self._faults if fault.times]
