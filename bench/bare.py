"""The bare drivers: what a handler sends to PostgreSQL and Redis, recorded once, sent again by them alone."""

import contextlib
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import hiredis
import psycopg2

from shop.adapters.postgres.database import Database, Transaction
from shop.adapters.redis.client import RedisClient

#: Anything that a handler waits for: commands of Redis, a statement, or the end of a transaction.
type Step = tuple[str, Any]


@contextmanager
def recorded() -> Iterator[list[Step]]:
    """Record what everybody sends during a block."""
    steps: list[Step] = []

    def noting[**P, R](original: Callable[P, R], note: Callable[..., Step]) -> Callable[P, R]:
        def wrapper(*args: P.args, **options: P.kwargs) -> R:
            steps.append(note(*args, **options))
            return original(*args, **options)

        return wrapper

    transaction = Database.transaction

    @contextmanager
    def noted_transaction(database: Database) -> Iterator[Transaction]:
        with transaction(database) as found:
            yield found
        steps.append(("commit", None))

    with (
        patch.object(
            Transaction,
            "execute",
            noting(Transaction.execute, lambda _, sql, given=(): ("sql", (sql, given))),
        ),
        patch.object(Database, "transaction", noted_transaction),
        patch.object(
            RedisClient,
            "_exchange",
            noting(RedisClient._exchange, lambda _, commands: ("redis", list(commands))),
        ),
    ):
        yield steps


class BareDrivers:
    """psycopg2 and hiredis, with nothing around them.

    Parameters
    ----------
    database_url, redis_url : str
        The servers that the handler uses.
    """

    def __init__(self, database_url: str, redis_url: str) -> None:
        self._connection = psycopg2.connect(database_url)
        url = urlsplit(redis_url)
        self._socket = socket.create_connection((url.hostname or "", url.port or 0))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = hiredis.Reader()
        if url.password:
            self._exchange([("AUTH", *([url.username] if url.username else []), url.password)])

    def replay(self, steps: Sequence[Step]) -> None:
        """Do it all again, and read every answer."""
        with self._connection.cursor() as cursor:
            for kind, what in steps:
                if kind == "redis":
                    self._exchange(what)
                elif kind == "sql":
                    cursor.execute(*what)
                    cursor.fetchall()
                else:
                    self._connection.commit()

    def _exchange(self, commands: Sequence[Sequence[Any]]) -> None:
        self._socket.sendall(b"".join(hiredis.pack_command(tuple(each)) for each in commands))
        missing = len(commands)
        while missing:
            answer = self._reader.gets()
            if answer is False:
                self._reader.feed(self._socket.recv(65536))
                continue
            if isinstance(answer, hiredis.ReplyError):
                raise answer
            missing -= 1

    def close(self) -> None:
        """Close the connections."""
        with contextlib.closing(self._connection), contextlib.closing(self._socket):
            pass
