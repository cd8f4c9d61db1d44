"""What guards are made of.

Conditions are written so that NULL never lets anything pass: columns are compared by `changed`, and
what must be so is wrapped in `unless`.
"""

# ruff: noqa: S608 (the names in the SQL come from models and constants, never from a caller)

from dataclasses import dataclass

from django.db.models import Model, UniqueConstraint

ALWAYS = "1 = 1"
NO_PERMIT = "NOT EXISTS (SELECT 1 FROM access_permit)"


@dataclass(frozen=True, slots=True)
class Guard:
    """One rule on one table: `when` is the condition under which the change is refused.

    `columns` narrows an UPDATE to statements that set one of them. `engine` is set where only one
    database needs it. `locks` selects the rows that are locked before `when` looks at them: on
    PostgreSQL two transactions would otherwise each pass without seeing the other, while SQLite has
    one writer at a time.
    """

    name: str
    table: str
    on: str  # INSERT, UPDATE or DELETE
    when: str
    columns: tuple[str, ...] = ()
    engine: str = ""
    locks: str = ""


def unless(condition: str) -> str:
    """Refuse what is not plainly so; a condition that comes out as NULL is refused too."""
    return f"NOT COALESCE(({condition}), 1 = 0)"


def changed(*columns: str) -> str:
    """Say that one of the columns changes; `<>` alone does not see a change from or to NULL."""
    return (
        "("
        + " OR ".join(
            f"NEW.{name} <> OLD.{name} OR (NEW.{name} IS NULL) <> (OLD.{name} IS NULL)"
            for name in columns
        )
        + ")"
    )


def columns_but(model: type[Model], *names: str) -> list[str]:
    columns = [field.column for field in model._meta.concrete_fields if field.column]
    return [column for column in columns if column not in names]


def moves(column: str, *allowed: str) -> str:
    pairs = ", ".join(f"'{pair}'" for pair in allowed)
    return unless(f"OLD.{column} || '>' || NEW.{column} IN ({pairs})")


def never_replaced(model: type[Model]) -> Guard:
    """Refuse a row whose id or unique columns are taken.

    On SQLite, INSERT OR REPLACE deletes the row that is in its way without asking the triggers on
    DELETE, unless the connection asks for recursive_triggers.
    """
    table = model._meta.db_table
    keys = [("id",)] + [
        tuple(str(getattr(model._meta.get_field(name), "column", name)) for name in rule.fields)
        for rule in model._meta.constraints
        if isinstance(rule, UniqueConstraint) and rule.fields and rule.condition is None
    ]
    taken = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} t WHERE "
        + " AND ".join(f"t.{column} = NEW.{column}" for column in columns)
        + ")"
        for columns in keys
    )
    return Guard(f"{table}_is_never_replaced", table, "INSERT", taken, engine="sqlite")


def append_only(
    model: type[Model], *, changes: str = NO_PERMIT, deletion: str = NO_PERMIT
) -> tuple[Guard, ...]:
    table = model._meta.db_table
    return (
        Guard(f"{table}_never_changes", table, "UPDATE", changes),
        Guard(f"{table}_is_never_deleted", table, "DELETE", deletion),
        never_replaced(model),
    )
