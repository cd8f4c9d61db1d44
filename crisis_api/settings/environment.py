"""Reads the settings from the environment, and writes their documentation, from one table."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from environ import Env

from crisis_api.settings.table import TABLE
from crisis_api.settings.variables import Section, Variable


def variables(sections: Iterable[Section] = TABLE) -> Iterator[Variable]:
    """Return every variable of the table, in its order."""
    for section in sections:
        yield from section.variables


def read(name: str) -> Any:
    """Return a variable's value in its kind; an empty one counts as unset.

    Raises KeyError for a name the table does not hold, so that nothing is read undocumented, and
    ImproperlyConfigured for a value of another kind.
    """
    variable = next((each for each in variables() if each.name == name), None)
    if variable is None:
        raise KeyError(f"{name} is not in the table of settings.")
    written = os.environ.get(name, "").strip()
    if not written:
        return variable.default
    try:
        value = Env.parse_value(written, variable.kind)
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} should be a {_KINDS[variable.kind]}, not {written!r}."
        ) from None
    return [each.strip() for each in value] if variable.kind is list else value


def as_markdown() -> str:
    """Return docs/settings.md."""
    lines = [
        "# Settings",
        "",
        "Settings come from the environment, and only from there: nothing exists only in "
        "production. This page is written by `make docs` from "
        "`crisis_api/settings/table.py`.",
        "",
    ]
    for section in TABLE:
        lines += [f"## {section.title}", "", "| variable | kind | default | what it does |"]
        lines += ["|---|---|---|---|", *map(_row, section.variables), ""]
    return "\n".join(lines).rstrip() + "\n"


_KINDS = {str: "text", int: "number", bool: "on or off", list: "list"}


def _row(variable: Variable) -> str:
    default = variable.shown or f"`{_written(variable.default)}`"
    return f"| `{variable.name}` | {_KINDS[variable.kind]} | {default} | {variable.does} |"


def _written(default: Any) -> str:
    if isinstance(default, bool):
        return "on" if default else "off"
    return ",".join(default) if isinstance(default, list) else str(default)
