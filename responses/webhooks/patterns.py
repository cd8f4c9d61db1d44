"""Which events an endpoint wants: exact kinds, or everything under a word (`incident.*`). Pure."""

import re
from collections.abc import Iterable, Sequence

_PATTERN = re.compile(r"[a-z][a-z_]{0,39}(\.[a-z][a-z_]{0,39}){0,3}(\.\*)?", re.ASCII)
MAX_PATTERNS = 100


def is_pattern(text: str) -> bool:
    """Whether this can name events: `incident.opened`, `incident.*` or `*`."""
    return text == "*" or _PATTERN.fullmatch(text) is not None


def matches(patterns: Sequence[str], kind: str) -> bool:
    """Whether an endpoint with these patterns wants events of that kind; none means every event."""
    return not patterns or any(_matches(pattern, kind) for pattern in patterns)


def _matches(pattern: str, kind: str) -> bool:
    if pattern == "*" or pattern == kind:
        return True
    return pattern.endswith(".*") and kind.startswith(pattern[:-1])


def tidy(patterns: Iterable[str]) -> list[str]:
    """Return the patterns without repetitions, in their order."""
    return list(dict.fromkeys(patterns))
