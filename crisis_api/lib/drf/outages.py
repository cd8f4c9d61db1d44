"""Which errors of the database mean "not now", so that the caller is told to try again."""

import logging
import sqlite3

from django.db import DatabaseError, InterfaceError, OperationalError

from crisis_api.lib.errors import Problem, Unavailable
from crisis_api.lib.integrity import is_damage

log = logging.getLogger(__name__)

# Classes of SQLSTATE: connection, out of resources, operator intervention, system, roll-back.
_POSTGRESQL_CLASSES = frozenset({"08", "53", "57", "58", "40"})
_LOCK_NOT_AVAILABLE = "55P03"
_OUT_OF_SPACE = frozenset({"53100"})
_SQLITE_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_SQLITE_OUT = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_NOMEM,
    }
)


def is_lock_timeout(error: BaseException) -> bool:
    """Whether a statement gave up because somebody else held a lock for too long."""
    cause = error.__cause__
    if getattr(cause, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
        return True
    return _primary(cause) in _SQLITE_LOCKED


def outage(error: BaseException) -> Problem | None:
    """Return 503 with Retry-After where the database cannot serve now, else None.

    A statement that is simply wrong is no outage, although SQLite calls it an OperationalError.
    """
    if not isinstance(error, DatabaseError | InterfaceError):
        return None
    if is_damage(error):
        return _told(error, "database_damaged", seconds=60)
    if is_lock_timeout(error):
        return _told(error, "database_busy", seconds=1)
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None)
    if state:
        known = state[:2] in _POSTGRESQL_CLASSES
        full = state in _OUT_OF_SPACE
        return _told(error, "storage_full" if full else "database_unavailable") if known else None
    code = _primary(cause)
    if code is not None:
        full = code == sqlite3.SQLITE_FULL
        out = "storage_full" if full else "database_unavailable"
        return _told(error, out) if code in _SQLITE_OUT else None
    # A PostgreSQL connection that broke, or was never made, carries no state.
    broken = isinstance(error, OperationalError | InterfaceError)
    return _told(error, "database_unavailable") if broken else None


def _primary(cause: BaseException | None) -> int | None:
    code = getattr(cause, "sqlite_errorcode", None)
    return None if code is None else int(code) & 0xFF


def _told(error: BaseException, code: str, seconds: int = 5) -> Problem:
    log.warning("database: %s", code, exc_info=error)
    return Unavailable(code=code, headers={"Retry-After": str(seconds)})
