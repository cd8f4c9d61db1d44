"""`make bench`: one table, on SQLite and, where one answers, on PostgreSQL.

Each engine is measured in a process of its own on a fresh database that is dropped afterwards.
PostgreSQL is the server that DATABASE_URL names, or the one on 127.0.0.1:5432. It takes some ten
minutes; `python -m bench --quick` a tenth of that, with a tenth of the rows. Names of measurements
(`python -m bench lists opening`) leave out the others.
"""

import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from bench.table import Figure, show

CHECKOUT = Path(__file__).parent.parent
HERE = "postgres://postgres@127.0.0.1:5432/postgres"


def measure(database_url: str) -> list[Figure]:
    """Run every measurement on one database, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="crisis-bench-") as folder:
        results = Path(folder) / "figures"
        environment = {
            **os.environ,
            "DATABASE_URL": database_url,
            "DATA_DIR": folder,
            "DJANGO_SETTINGS_MODULE": "crisis_api.settings",
            "LOG_LEVEL": "CRITICAL",
            "PUBLIC_URL": "http://localhost",
            "HTTP_ALLOW_PRIVATE": "127.0.0.0/8",
        }
        command = [sys.executable, "-m", "bench.run", str(results), *sys.argv[1:]]
        subprocess.run(command, cwd=CHECKOUT, env=environment, check=True)
        found: list[Figure] = pickle.loads(results.read_bytes())  # noqa: S301  our own
        return found


def on_postgres(server: str) -> list[Figure]:
    """Measure on a database of our own on that server."""
    name = f"crisis_bench_{os.getpid()}"
    with psycopg.connect(server, autocommit=True, connect_timeout=3) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            return measure(urlsplit(server)._replace(path=f"/{name}").geturl())
        finally:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
            connection.execute(drop.format(sql.Identifier(name)))


def main() -> int:
    """Measure on both; a server that is not there is said and passed over."""
    found = {"SQLite": measure("")}
    try:
        found["PostgreSQL"] = on_postgres(os.environ.get("DATABASE_URL") or HERE)
    except (psycopg.OperationalError, subprocess.CalledProcessError) as error:
        print(f"PostgreSQL was not measured: {error}")
    show(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
