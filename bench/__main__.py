"""`make bench`: one table, on SQLite and, where one answers, on PostgreSQL.

Each engine is measured in a process of its own on a fresh database that is dropped afterwards.
PostgreSQL is the server that DATABASE_URL names, or the one on 127.0.0.1:5432.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

CHECKOUT = Path(__file__).parent.parent
HERE = "postgres://postgres@127.0.0.1:5432/postgres"


def measure(database_url: str, data_dir: Path) -> int:
    """Run every measurement on one database."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "DATA_DIR": str(data_dir),
        "DJANGO_SETTINGS_MODULE": "crisis_api.settings",
        "LOG_LEVEL": "CRITICAL",
        "PUBLIC_URL": "http://localhost",
    }
    command = [sys.executable, "-m", "bench.run", *sys.argv[1:]]
    return subprocess.run(command, cwd=CHECKOUT, env=environment, check=False).returncode


def on_postgres(server: str, data_dir: Path) -> int:
    """Measure on a database of our own on that server."""
    name = f"crisis_bench_{os.getpid()}"
    with psycopg.connect(server, autocommit=True, connect_timeout=3) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            return measure(urlsplit(server)._replace(path=f"/{name}").geturl(), data_dir)
        finally:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
            connection.execute(drop.format(sql.Identifier(name)))


def main() -> int:
    """Measure on both; a server that is not there is said and passed over."""
    with tempfile.TemporaryDirectory(prefix="crisis-bench-") as folder:
        failed = measure("", Path(folder))
    server = os.environ.get("DATABASE_URL") or HERE
    with tempfile.TemporaryDirectory(prefix="crisis-bench-") as folder:
        try:
            return failed or on_postgres(server, Path(folder))
        except psycopg.OperationalError as error:
            print(f"PostgreSQL was not measured: {error}")
            return failed


sys.exit(main())
