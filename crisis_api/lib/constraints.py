"""Which of our database's rules a refused statement broke, by the rule's name, on both engines."""

import re
from collections.abc import Iterator
from typing import Literal

from django.apps import apps
from django.db import models

Kind = Literal["unique", "check", "foreign_key", "not_null", "trigger", "other"]

_SQLITE_UNIQUE = re.compile(r"UNIQUE constraint failed: ([^'\n]+)")
_SQLITE_NAMED = re.compile(r"(?:CHECK constraint failed: |index ')([a-z0-9_]+)", re.IGNORECASE)
_POSTGRESQL_KINDS: dict[str, Kind] = {
    "23505": "unique",
    "23514": "check",
    "23503": "foreign_key",
    "23502": "not_null",
    "23000": "trigger",
    "P0001": "trigger",
}
_SQLITE_KINDS: dict[str, Kind] = {
    "SQLITE_CONSTRAINT_UNIQUE": "unique",
    "SQLITE_CONSTRAINT_PRIMARYKEY": "unique",
    "SQLITE_CONSTRAINT_CHECK": "check",
    "SQLITE_CONSTRAINT_FOREIGNKEY": "foreign_key",
    "SQLITE_CONSTRAINT_NOTNULL": "not_null",
    "SQLITE_CONSTRAINT_TRIGGER": "trigger",
}


def kind_of(error: BaseException) -> Kind:
    """Return what sort of rule refused the statement."""
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None)
    if state:
        return _POSTGRESQL_KINDS.get(state, "other")
    return _SQLITE_KINDS.get(getattr(cause, "sqlite_errorname", ""), "other")


def name_of(error: BaseException) -> str:
    """Return the name of the constraint that an IntegrityError broke, "" where none is named.

    A trigger's message is the name of its rule. SQLite names a unique constraint by its columns
    only; the first of our models' constraints over just those columns is meant.
    """
    diagnosis = getattr(error.__cause__, "diag", None)
    if diagnosis is not None:
        return str(diagnosis.constraint_name or "")
    text = str(error)
    if kind_of(error) == "trigger":
        return text
    if named := _SQLITE_NAMED.search(text):
        return named.group(1)
    if columns := _SQLITE_UNIQUE.search(text):
        return _unique_over({part.strip() for part in columns.group(1).split(",")})
    return ""


def _unique_over(columns: set[str]) -> str:
    table = next(iter(columns)).partition(".")[0]
    for model in apps.get_models(include_auto_created=True):
        if model._meta.db_table != table:
            continue
        for name, over in _unique_constraints(model):
            if {f"{table}.{column}" for column in over} == columns:
                return name
    return ""


def _unique_constraints(model: type[models.Model]) -> Iterator[tuple[str, set[str]]]:
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and constraint.fields:
            fields = [model._meta.get_field(name) for name in constraint.fields]
            yield constraint.name, {str(getattr(field, "column", "")) for field in fields}
