"""Says whether the services that `make test-postgres` needs are there: python -m tests.services."""

import os
import sys

import psycopg
import redis
from environ import Env

_EXAMPLES = {
    "DATABASE_URL": "postgres://postgres@127.0.0.1:5432/crisis",
    "REDIS_URL": "redis://127.0.0.1:6379/9",
}


def missing() -> list[str]:
    """Return a sentence for each service that is not named or does not answer."""
    problems = [
        f"{name} is not set; for example {example}"
        for name, example in _EXAMPLES.items()
        if not os.environ.get(name)
    ]
    if not problems:
        problems = [*_postgresql(os.environ["DATABASE_URL"]), *_redis(os.environ["REDIS_URL"])]
    return problems


def _postgresql(url: str) -> list[str]:
    entry = Env.db_url_config(url)
    if "postgresql" not in entry["ENGINE"]:
        return [f"DATABASE_URL should name a PostgreSQL, not {url.split(':')[0]}"]
    try:
        # The test database is made from here; the one DATABASE_URL names need not exist.
        psycopg.connect(
            host=entry["HOST"] or None,
            port=entry["PORT"] or None,
            user=entry["USER"] or None,
            password=entry["PASSWORD"] or None,
            dbname="postgres",
            connect_timeout=5,
        ).close()
    except psycopg.OperationalError as error:
        return [f"DATABASE_URL: PostgreSQL does not answer ({str(error).strip()})"]
    return []


def _redis(url: str) -> list[str]:
    try:
        redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5).ping()
    except (redis.RedisError, ValueError) as error:
        return [f"REDIS_URL: no Redis answers ({error})"]
    return []


if __name__ == "__main__":
    if problems := missing():
        sys.exit("\n".join(["The tests cannot run on PostgreSQL and Redis:", *problems]))
