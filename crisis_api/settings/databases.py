"""DATABASE_URL as Django's settings, with the session limits everything here relies on."""

import re
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

# Ours ends the wait for a server that is frozen.
ENGINES = {"django.db.backends.postgresql": "crisis_api.lib.postgresql"}

# Nobody waits for a lock or a query for ever, and a process that hangs in a transaction lets go.
POSTGRESQL_LIMITS = (
    "-c lock_timeout=5s -c statement_timeout=8s -c idle_in_transaction_session_timeout=10s"
)
# Where the server does not even answer that it gave up, the client gives up so much later: a
# request is over within about ten seconds, and a task within its soft limit of 14.
ANSWER_MARGIN = 2
# A peer that is gone without a word is noticed by the kernel, in milliseconds and seconds.
POSTGRESQL_PEER = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
_STATEMENT_TIMEOUT = re.compile(r"statement_timeout\s*=\s*(\d+)\s*(ms|s|min|h)?")
_SECONDS = {"": 0.001, "ms": 0.001, "s": 1, "min": 60, "h": 3600}


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
    options.setdefault("answer_timeout", _answer_timeout(options["options"]))
    options.setdefault("application_name", "crisis-api")
    return {
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        **entry,
        "ENGINE": ENGINES.get(entry["ENGINE"], entry["ENGINE"]),
        "OPTIONS": {**POSTGRESQL_PEER, **options},
    }


def _answer_timeout(session: str) -> float:
    """Return the seconds after which no answer is waited for; 0 where statements have no limit."""
    *_, (number, unit) = _STATEMENT_TIMEOUT.findall(session)
    limit = int(number) * _SECONDS[unit]
    return limit + ANSWER_MARGIN if limit else 0


def sqlite(file: Path) -> dict[str, Any]:
    """Return the entry of DATABASES for a SQLite file."""
    return {
        "ENGINE": "crisis_api.lib.sqlite3",
        "NAME": str(file),
        "CONN_MAX_AGE": None,
        "OPTIONS": dict(SQLITE_OPTIONS),
    }
