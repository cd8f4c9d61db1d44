"""DATABASE_URL as Django's settings, with the session limits everything here relies on."""

from pathlib import Path
from typing import Any

from environ import Env

# IMMEDIATE, because a transaction that reads first and writes later cannot be upgraded under WAL
# while another writes: it fails at once, whatever the timeout. FULL, because NORMAL may lose the
# last commits when the power goes, and a 2xx means kept. recursive_triggers, because without it
# INSERT OR REPLACE passes the triggers that keep rows from changing.
SQLITE_OPTIONS = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
        "PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON;"
    ),
}

# Nobody waits for a lock or a query for ever, and a process that hangs in a transaction lets go.
POSTGRESQL_LIMITS = (
    "-c lock_timeout=5s -c statement_timeout=15s -c idle_in_transaction_session_timeout=10s"
)


def configured(url: str, data_dir: Path) -> dict[str, Any]:
    """Return the entry of DATABASES for the URL; without one, SQLite in the data folder."""
    if not url:
        return sqlite(data_dir / "crisis.sqlite3")
    entry: dict[str, Any] = Env.db_url_config(url)
    if entry["ENGINE"].endswith("sqlite3"):
        return sqlite(Path(entry["NAME"]))
    # Values of a URL's query are strings or numbers; libpq takes both.
    options = dict(entry.get("OPTIONS", {}))
    options["options"] = f"{POSTGRESQL_LIMITS} {options.get('options', '')}".strip()
    options.setdefault("connect_timeout", 5)
    options.setdefault("application_name", "crisis-api")
    return {
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        **entry,
        "OPTIONS": options,
    }


def sqlite(file: Path) -> dict[str, Any]:
    """Return the entry of DATABASES for a SQLite file."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(file),
        "CONN_MAX_AGE": None,
        "OPTIONS": dict(SQLITE_OPTIONS),
    }
