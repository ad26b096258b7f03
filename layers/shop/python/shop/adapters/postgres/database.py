"""One connection to PostgreSQL for each execution environment, and transactions on it.

A statement that runs more than once is prepared, so that PostgreSQL plans it once. The statements of a
transaction share one pipeline: BEGIN is sent with the first statement and COMMIT with the last, so that only
a needed answer costs a round trip.

Amazon RDS Proxy multiplexes the extended query protocol that both use ("Amazon RDS Proxy multiplexing
support for PostgreSQL Extended Query Protocol", AWS Database Blog, 2024). What pins a session there are
the SQL commands PREPARE, EXECUTE and DEALLOCATE, settings, and statements of more than 16 KB ("Avoiding
pinning an RDS Proxy", Amazon RDS User Guide). For a pooler without support for prepared statements,
``SHOP_DATABASE_PREPARE=false`` sends every statement unprepared.
"""

import select
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import msgspec
import psycopg
from psycopg import errors
from psycopg.rows import BaseRowFactory, RowMaker, namedtuple_row
from psycopg.types.json import set_json_loads

from shop.domain.errors import DependencyUnavailable

type Parameters = Sequence[Any] | Mapping[str, Any]

_CONNECT_TIMEOUT_SECONDS: Final = 3
#: If the server does not acknowledge data for this long, the connection is considered lost.
_UNACKNOWLEDGED_MILLISECONDS: Final = 10_000
#: Executions of a statement before it is prepared: preparing costs a round trip, so the second one pays it.
_PREPARE_THRESHOLD: Final = 1

set_json_loads(msgspec.json.decode)


class Struct[T]:
    """Row factory that makes a struct of each row by the names of its columns."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind

    def __call__(self, cursor: Any) -> RowMaker[T]:
        """Return the function that turns a row's values into a struct."""
        names = [column.name for column in cursor.description or ()]
        kind = self._kind

        def make(values: Sequence[Any]) -> T:
            return msgspec.convert(dict(zip(names, values, strict=True)), kind)

        return make


class Answer[T]:
    """The rows of a statement that was sent; reading them waits for the server."""

    def __init__(self, cursor: psycopg.Cursor[T]) -> None:
        self._cursor = cursor

    def rows(self) -> list[T]:
        """Return all rows."""
        return self._cursor.fetchall()


class Transaction:
    """Statements on one connection, in one transaction or each in its own."""

    def __init__(
        self, connection: psycopg.Connection[Any], pipeline: psycopg.Pipeline | None = None
    ) -> None:
        self._connection = connection
        self._pipeline = pipeline

    def send(self, sql: str, parameters: Parameters = ()) -> None:
        """Run a statement whose answer is not needed; inside a transaction it adds no round trip."""
        self._execute(sql, parameters, namedtuple_row)

    def ask[T](self, kind: type[T], sql: str, parameters: Parameters = ()) -> Answer[T]:
        """Send a query whose rows are read later, for example after the commit."""
        return Answer(self._execute(sql, parameters, Struct(kind)))

    def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """Run a statement and return the number of affected rows."""
        cursor = self._execute(sql, parameters, namedtuple_row)
        if self._pipeline is not None:
            self._pipeline.sync()  # the answer is known once it has been fetched
        return cursor.rowcount

    def row(self, sql: str, parameters: Parameters = ()) -> Any | None:
        """Run a query and return its first row, whose columns are attributes."""
        return self._execute(sql, parameters, namedtuple_row).fetchone()

    def rows(self, sql: str, parameters: Parameters = ()) -> list[Any]:
        """Run a query and return all rows, whose columns are attributes."""
        return self._execute(sql, parameters, namedtuple_row).fetchall()

    def one[T](self, kind: type[T], sql: str, parameters: Parameters = ()) -> T | None:
        """Run a query and return its first row as a struct."""
        return self._execute(sql, parameters, Struct(kind)).fetchone()

    def all[T](self, kind: type[T], sql: str, parameters: Parameters = ()) -> list[T]:
        """Run a query and return all rows as structs."""
        return self._execute(sql, parameters, Struct(kind)).fetchall()

    def _execute[T](
        self, sql: str, parameters: Parameters, factory: BaseRowFactory[T]
    ) -> psycopg.Cursor[T]:
        # Statements are built from constants of this package; values are always passed as parameters.
        return self._connection.cursor(row_factory=factory).execute(sql.encode(), parameters)


class Database:
    """A connection that is opened on first use and reopened after a loss. Not safe for threads.

    Its time-outs are the database's own defaults, set by `shop.adapters.postgres.migrations`: Amazon RDS
    Proxy refuses connections that ask for settings, and pins those that set them later.

    Parameters
    ----------
    url : str
        ``postgresql://…``.
    prepare : bool
        Whether statements that run more than once are prepared.
    """

    def __init__(self, url: str, *, prepare: bool = True) -> None:
        self._url = url
        self._prepare_threshold = _PREPARE_THRESHOLD if prepare else None
        self._connection: psycopg.Connection[Any] | None = None
        self._lock = threading.RLock()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Run a block in a transaction: committed when it ends, rolled back when it raises.

        Raises
        ------
        DependencyUnavailable
            If the server is unavailable, or aborted the transaction because of a lock or a time-out. If the
            connection is lost during the commit, the changes may or may not be stored; every caller is safe
            to repeat.
        """
        with self._lock, self._translated_errors():
            connection = self._live_connection()
            try:
                with connection.pipeline() as pipeline:
                    # Not psycopg's own block, which waits for the answers to BEGIN and COMMIT.
                    connection.execute("BEGIN")
                    yield Transaction(connection, pipeline)
                    connection.execute("COMMIT")
            except BaseException:
                if not connection.closed:
                    connection.rollback()
                raise

    @contextmanager
    def autocommit(self) -> Iterator[Transaction]:
        """Run a block in which each statement is a transaction of its own, in one round trip.

        Raises
        ------
        DependencyUnavailable
            If the server is unavailable.
        """
        with self._lock, self._translated_errors():
            yield Transaction(self._live_connection())

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except errors.ReadOnlySqlTransaction as error:
            # A failover has made this server a replica: the next connection reaches the new primary.
            self.close()
            raise DependencyUnavailable("postgresql") from error
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self._discard_if_broken()
            raise DependencyUnavailable("postgresql") from error

    def close(self) -> None:
        """Close the connection; the next statement opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _live_connection(self) -> psycopg.Connection[Any]:
        connection = self._connection
        if connection is not None and not connection.closed and _is_alive(connection):
            return connection
        try:
            self._connection = psycopg.connect(
                self._url,
                autocommit=True,
                prepare_threshold=self._prepare_threshold,
                connect_timeout=_CONNECT_TIMEOUT_SECONDS,
                application_name="shop",
                keepalives_idle=30,
                tcp_user_timeout=_UNACKNOWLEDGED_MILLISECONDS,
            )
        except psycopg.OperationalError as error:
            raise DependencyUnavailable("postgresql") from error
        return self._connection

    def _discard_if_broken(self) -> None:
        if self._connection is not None and self._connection.closed:
            self._connection = None


def _is_alive(connection: psycopg.Connection[Any]) -> bool:
    """Tell, without a round trip, whether the server has closed an idle connection.

    An idle PostgreSQL connection has nothing to read; end of file or an error message waiting on the
    socket means that the server closed it while the execution environment was frozen.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
    if not poll.poll(0):
        return True
    connection.close()
    return False
