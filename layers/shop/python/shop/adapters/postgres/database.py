"""One connection to PostgreSQL for each execution environment, and transactions on it."""

import select
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import psycopg2
import psycopg2.extensions
import psycopg2.extras

from shop.domain.errors import DependencyUnavailable

type Row = tuple[Any, ...]
type Parameters = Sequence[Any] | dict[str, Any]

_CONNECT_TIMEOUT_SECONDS: Final = 3
#: Data that the server does not acknowledge for so long: its host is gone, and will never say goodbye.
_UNACKNOWLEDGED_MILLISECONDS: Final = 10_000

psycopg2.extras.register_uuid()  # type: ignore[no-untyped-call]


class Transaction:
    """Statements inside one transaction.

    Attributes
    ----------
    database : Database
        Whose connection it runs on.
    """

    def __init__(self, database: "Database", cursor: psycopg2.extensions.cursor) -> None:
        self.database = database
        self._cursor = cursor

    def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """Run a statement and give the number of rows it touched."""
        self.database.statements += 1
        self._cursor.execute(sql, parameters)
        return self._cursor.rowcount

    def row(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """Run a query and give its first row."""
        self.execute(sql, parameters)
        return self._cursor.fetchone()

    def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Run a query and give all its rows."""
        self.execute(sql, parameters)
        return self._cursor.fetchall()

    def insert_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one ``INSERT … VALUES %s`` with several rows as a single statement."""
        if rows:
            self.database.statements += 1
            psycopg2.extras.execute_values(self._cursor, sql, rows, page_size=len(rows))


class Database:
    """A connection that is opened on first use and again after a loss. Not for two threads at once.

    Its time-outs are the database's own defaults, set by `shop.adapters.postgres.migrations`: Amazon RDS
    Proxy refuses connections that ask for settings, and pins those that set them later.

    Parameters
    ----------
    url : str
        ``postgresql://…``.

    Attributes
    ----------
    statements : int
        Statements run so far (transaction control not counted), for the budgets' tests.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg2.extensions.connection | None = None
        self._lock = threading.RLock()
        self.statements = 0

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Run a block in a transaction: committed when it ends, rolled back when it raises.

        Raises
        ------
        DependencyUnavailable
            If the server is away, or stopped the transaction to mend a lock or a time-out. When the
            connection is lost during the commit itself the change may or may not have happened; every
            caller is safe to repeat.
        """
        with self._lock, self._translated_errors():
            connection = self._live_connection()
            with connection, connection.cursor() as cursor:
                yield Transaction(self, cursor)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Run a block of reads, each statement by itself: no BEGIN and COMMIT, two round trips fewer.

        Raises
        ------
        DependencyUnavailable
            If the server is away.
        """
        with self._lock, self._translated_errors():
            connection = self._live_connection()
            connection.autocommit = True
            try:
                with connection.cursor() as cursor:
                    yield Transaction(self, cursor)
            finally:
                if not connection.closed:
                    connection.autocommit = False

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except (
            psycopg2.OperationalError,
            psycopg2.InterfaceError,
            psycopg2.errors.QueryCanceled,
        ) as error:
            self._discard_if_broken()
            raise DependencyUnavailable("postgresql") from error
        except psycopg2.errors.ReadOnlySqlTransaction as error:
            # A fail-over has made a replica of the server: the next connection finds the new primary.
            self.close()
            raise DependencyUnavailable("postgresql") from error

    def close(self) -> None:
        """Close the connection; the next transaction opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _live_connection(self) -> psycopg2.extensions.connection:
        connection = self._connection
        if connection is not None and not connection.closed and _answers(connection):
            return connection
        try:
            self._connection = psycopg2.connect(
                self._url,
                connect_timeout=_CONNECT_TIMEOUT_SECONDS,
                application_name="shop",
                keepalives_idle=30,
                tcp_user_timeout=_UNACKNOWLEDGED_MILLISECONDS,
            )
        except psycopg2.OperationalError as error:
            raise DependencyUnavailable("postgresql") from error
        return self._connection

    def _discard_if_broken(self) -> None:
        if self._connection is not None and self._connection.closed:
            self._connection = None


def _answers(connection: psycopg2.extensions.connection) -> bool:
    """Tell, without a round trip, whether the server has closed an idle connection.

    An idle PostgreSQL connection has nothing to read; end of file or an error message waiting on the
    socket means that the server went away while the execution environment slept.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
    if not poll.poll(0):
        return True
    connection.close()
    return False
