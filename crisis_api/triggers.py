"""Puts the guards of `crisis_api.guards` into the database as triggers, and tells which it lacks.

They are dropped before and created after every migrate, because Django rebuilds tables on SQLite
and loses them there. The guarded rows yield only to a row in `access_permit`, which erasure,
retention and the tests' flush insert and delete in one transaction.
"""

from typing import Any

from django.db import transaction

from crisis_api.guards import Guard, guards

PREFIX = "guard_"
_NEVER_EMPTIED = f"{PREFIX}is_never_emptied"


def trigger_name(name: str) -> str:
    """Return the name of a guard's trigger; PostgreSQL keeps 63 characters."""
    return f"{PREFIX}{name}"[:63]


def _event(guard: Guard) -> str:
    return guard.on + (f" OF {', '.join(guard.columns)}" if guard.columns else "")


def _sqlite(guard: Guard) -> list[str]:
    return [
        f"CREATE TRIGGER {trigger_name(guard.name)} BEFORE {_event(guard)} ON {guard.table} "
        f"FOR EACH ROW WHEN {guard.when} BEGIN SELECT RAISE(ABORT, '{guard.name}'); END"
    ]


def _function(name: str, body: str, schema: str) -> str:
    # Whoever may make a temporary table could otherwise put one in front of ours.
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql "
        f"SET search_path = pg_catalog, {schema}, pg_temp AS $$ {body} $$"
    )


def _raise(name: str) -> str:
    return f"RAISE EXCEPTION '{name}' USING ERRCODE = '23000', CONSTRAINT = '{name}'"


def _body(guard: Guard) -> str:
    row = "OLD" if guard.on == "DELETE" else "NEW"
    first = f"PERFORM 1 FROM {guard.locks} FOR NO KEY UPDATE OF s; " if guard.locks else ""
    return f"BEGIN {first}IF {guard.when} THEN {_raise(guard.name)}; END IF; RETURN {row}; END"


def _postgresql(guard: Guard, schema: str) -> list[str]:
    name = trigger_name(guard.name)
    return [
        _function(name, _body(guard), schema),
        f"CREATE TRIGGER {name} BEFORE {_event(guard)} ON {guard.table} FOR EACH ROW "
        f"EXECUTE FUNCTION {name}()",
    ]


def _emptied(table: str) -> str:
    """Return the name of the trigger that refuses TRUNCATE, which passes those of rows."""
    return trigger_name(f"{table}_is_never_emptied")


def _guarded_from_emptying(wanted: list[Guard]) -> list[str]:
    return sorted({guard.table for guard in wanted if guard.on == "DELETE"})


def _schema(connection: Any) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        return str(cursor.fetchone()[0])


def wanted(connection: Any) -> dict[str, str]:
    """Return the name of every trigger there should be, with what the catalogue should say."""
    mine = [guard for guard in guards() if guard.engine in ("", connection.vendor)]
    if connection.vendor == "sqlite":
        return {trigger_name(guard.name): _sqlite(guard)[0] for guard in mine}
    bodies = {trigger_name(guard.name): f" {_body(guard)} " for guard in mine}
    emptying = f" BEGIN {_raise('is_never_emptied')}; END "
    return bodies | {_emptied(table): emptying for table in _guarded_from_emptying(mine)}


def installed(connection: Any) -> dict[str, str]:
    """Return the name of every guard's trigger that the database has, with what it does."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute(
                "SELECT t.tgname, p.prosrc FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
                "JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_proc p ON p.oid = t.tgfoid "
                "WHERE NOT t.tgisinternal AND n.nspname = current_schema() "
                "AND t.tgenabled IN ('O', 'A')"
            )
        return {name: body for name, body in cursor.fetchall() if name.startswith(PREFIX)}


def missing(connection: Any) -> list[str]:
    """Return the names of the guards that the database lacks, or has in another wording."""
    there = installed(connection)
    return sorted(name for name, what in wanted(connection).items() if there.get(name) != what)


def drop(connection: Any) -> None:
    """Take the guards off, for a migration or for the tests' flush."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            _run(connection, [f"DROP TRIGGER IF EXISTS {name}" for name in installed(connection)])
            return
        cursor.execute(
            "SELECT t.tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE NOT t.tgisinternal AND n.nspname = current_schema()"
        )
        found = [(name, table) for name, table in cursor.fetchall() if name.startswith(PREFIX)]
        _run(connection, [f"DROP TRIGGER IF EXISTS {name} ON {table}" for name, table in found])


def create(connection: Any) -> None:
    """Put every guard on, replacing those there are; all of them or, where one fails, none."""
    if installed(connection) == wanted(connection):
        return
    with transaction.atomic(using=connection.alias):
        drop(connection)
        tables = set(connection.introspection.table_names())
        mine = [
            guard
            for guard in guards()
            if guard.table in tables and guard.engine in ("", connection.vendor)
        ]
        _run(connection, _statements(connection, mine))


def _run(connection: Any, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and statements:
            # One way to the server and back for all.
            cursor.execute(";\n".join(statements))
            return
        for statement in statements:
            cursor.execute(statement)


def _statements(connection: Any, mine: list[Guard]) -> list[str]:
    if connection.vendor == "sqlite":
        return [statement for guard in mine for statement in _sqlite(guard)]
    schema = _schema(connection)
    statements = [statement for guard in mine for statement in _postgresql(guard, schema)]
    body = f"BEGIN {_raise('is_never_emptied')}; END"
    statements.append(_function(_NEVER_EMPTIED, body, schema))
    statements += [
        f"CREATE TRIGGER {_emptied(table)} BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {_NEVER_EMPTIED}()"
        for table in _guarded_from_emptying(mine)
    ]
    return statements
