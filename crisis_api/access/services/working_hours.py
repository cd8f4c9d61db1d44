"""Checks working hours before they are stored.

What hours look like is known above, where reminders are planned: `incidents` registers the check
when it starts.
"""

from collections.abc import Callable

Check = Callable[[object], None]

_checks: list[Check] = []


def register(check: Check) -> None:
    """Let `check` refuse, by raising Invalid with pointers below `/working_hours`, bad hours."""
    if check not in _checks:
        _checks.append(check)


def check(document: object) -> None:
    """Raise Invalid where the hours cannot be understood."""
    for each in _checks:
        each(document)
