"""Checks working hours before they are stored.

What hours look like is known above, where reminders are planned: `incidents` registers the check
when it starts.
"""

from collections.abc import Callable

Check = Callable[[object, str], None]

_checks: list[Check] = []


def register(check: Check) -> None:
    """Let `check` refuse bad hours, by raising Invalid with pointers below the one it is given."""
    if check not in _checks:
        _checks.append(check)


def check(document: object, *, below: str = "/working_hours") -> None:
    """Raise Invalid where the hours cannot be understood; `below` is where they stand."""
    for each in _checks:
        each(document, below)
