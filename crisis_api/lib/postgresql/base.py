"""A connection that gives up on a server which neither refuses nor answers.

Every limit of the session is kept by the server, and TCP sees nothing wrong either: the kernel of a
machine acknowledges what its frozen processes never read. So the client counts, too. What it gave
up on may yet be done, as with any connection that breaks before the answer.
"""

from typing import Any, TypeVar

import psycopg
from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import IsolationLevel
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus

# A connection that was idle is asked whether it is still good before it is used. Together with
# the attempt to make another, that must stay within what a caller waits for.
HEALTH_PATIENCE = 3.0
_INTERVAL = 0.1  # psycopg's own: so often it looks for Ctrl-C

RV = TypeVar("RV")


class Connection(psycopg.Connection[Any]):
    """Waits for each answer for `patience` seconds at most, then closes; None waits for ever."""

    patience: float | None = None

    def wait(self, gen: PQGen[RV], interval: float = _INTERVAL, timeout: float | None = None) -> RV:
        """Return the answer, or raise OperationalError."""
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.patience)
        except psycopg.OperationalError as error:
            # Left while the statement was under way. Its answer, should it come, must not be taken
            # for that to the next one.
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
                raise psycopg.OperationalError("the server did not answer in time") from error
            raise


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, with OPTIONS["answer_timeout"]: seconds for each answer, 0 for any number."""

    def get_connection_params(self) -> dict[str, Any]:
        """Return what psycopg is told."""
        params: dict[str, Any] = super().get_connection_params()
        params.pop("answer_timeout", None)
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        """Connect."""
        self.isolation_level = IsolationLevel.READ_COMMITTED
        connection = Connection.connect(**conn_params)
        connection.patience = self.settings_dict["OPTIONS"].get("answer_timeout") or None
        return connection

    def set_autocommit(
        self, autocommit: bool, force_begin_transaction_with_broken_autocommit: bool = False
    ) -> None:
        """Leave a transaction whose connection broke without making another just for that."""
        if self.connection is None and autocommit:
            return  # as every connection begins
        super().set_autocommit(autocommit, force_begin_transaction_with_broken_autocommit)

    def is_usable(self) -> bool:
        """Whether the server still answers on this connection."""
        if self.connection is None:
            return False
        usual = self.connection.patience
        self.connection.patience = HEALTH_PATIENCE
        try:
            return bool(super().is_usable())
        finally:
            self.connection.patience = usual
