"""A connection that waits for its turn before it writes."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

from crisis_api.lib.sqlite3 import turns

_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
_PATIENCE = 5.0  # sqlite3's own


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own. OPTIONS["timeout"] says for how long a turn is waited for, as for the lock.

    `patience` is another number of seconds, for as long as it is set.
    """

    patience: float | None = None
    _turns: turns.Turns | None = None

    def _start_transaction_under_autocommit(self) -> None:
        self._take_turn()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # not in the stubs
        except BaseException:
            self._end_turn()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]  # not in the stubs
        self._end_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]  # not in the stubs
        finally:
            self._end_turn()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]  # not in the stubs
        finally:
            self._end_turn()

    def create_cursor(self, name: str | None = None) -> Any:
        """Return a cursor that waits for a turn, too, where it writes outside of a transaction."""
        return self.connection.cursor(factory=lambda connection: Cursor(connection, self.turn))

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Have a turn, unless this connection has it."""
        if self._turns is not None:
            yield
            return
        self._take_turn()
        try:
            yield
        finally:
            self._end_turn()

    def _take_turn(self) -> None:
        if self.is_in_memory_db():
            return
        usual = self.settings_dict["OPTIONS"].get("timeout", _PATIENCE)
        try:
            mine = turns.of(os.path.abspath(self.settings_dict["NAME"]))
        except OSError as error:
            raise _as_of_sqlite(str(error), sqlite3.SQLITE_CANTOPEN)
        if not mine.take(usual if self.patience is None else self.patience):
            raise _as_of_sqlite("database is locked", sqlite3.SQLITE_BUSY)
        self._turns = mine

    def _end_turn(self) -> None:
        mine, self._turns = self._turns, None
        if mine is not None:
            mine.give_back()


class Cursor(base.SQLiteCursorWrapper):
    """Django's own, which waits for a turn before it writes."""

    def __init__(self, connection: Any, turn: Callable[[], Any]) -> None:
        super().__init__(connection)
        self._turn = turn

    def execute(self, query: str, params: Any = None) -> Any:
        """Run a statement."""
        if not _writes(query):
            return super().execute(query, params)
        with self._turn():
            return super().execute(query, params)

    def executemany(self, query: str, param_list: Any) -> Any:
        """Run a statement several times."""
        if not _writes(query):
            return super().executemany(query, param_list)
        with self._turn():
            return super().executemany(query, param_list)


def _as_of_sqlite(message: str, code: int) -> OperationalError:
    """Return the error that Django makes of one of SQLite's own: callers look at its code."""
    cause = sqlite3.OperationalError(message)
    cause.sqlite_errorcode = code
    error = OperationalError(message)
    error.__cause__ = cause
    return error


def _writes(query: str) -> bool:
    return query.lstrip()[:7].upper().startswith(_WRITES)
