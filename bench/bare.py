"""The bare drivers: what a handler sends to PostgreSQL and Redis, recorded once, sent again by them alone."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import psycopg
from redis import Redis
from redis.client import Pipeline

from shop.adapters.postgres.database import Database, Transaction
from shop.adapters.redis.connection import RedisClient

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
        steps.append(("begin", None))
        with transaction(database) as found:
            yield found
        steps.append(("commit", None))

    with (
        patch.object(
            Transaction,
            "_execute",
            noting(Transaction._execute, lambda _, sql, given, __: ("sql", (sql.encode(), given))),
        ),
        patch.object(Database, "transaction", noted_transaction),
        patch.object(
            RedisClient,
            "execute_command",
            noting(RedisClient.execute_command, lambda _, *command, **__: ("redis", [command])),
        ),
        patch.object(
            Pipeline,
            "execute",
            noting(
                Pipeline.execute,
                lambda pipeline, *_: ("redis", [command for command, _ in pipeline.command_stack]),
            ),
        ),
    ):
        yield steps


class BareDrivers:
    """psycopg and redis-py, with nothing around them.

    Parameters
    ----------
    database_url, redis_url : str
        The servers that the handler uses.
    """

    def __init__(self, database_url: str, redis_url: str) -> None:
        self._connection = psycopg.connect(database_url, autocommit=True, prepare_threshold=1)
        self._redis = Redis.from_url(redis_url, protocol=3)

    def replay(self, steps: Sequence[Step]) -> None:
        """Do it all again, and read every answer."""
        pipeline: psycopg.Pipeline | None = None
        with contextlib.ExitStack() as stack:
            for kind, what in steps:
                if kind == "redis":
                    self._call(what)
                elif kind == "begin":
                    pipeline = stack.enter_context(self._connection.pipeline())
                    self._connection.execute("BEGIN")
                elif kind == "commit":
                    self._connection.execute("COMMIT")
                    stack.close()
                    pipeline = None
                else:
                    cursor = self._connection.execute(*what)
                    if pipeline is None and cursor.description:
                        cursor.fetchall()

    def _call(self, commands: Sequence[Sequence[Any]]) -> None:
        if len(commands) == 1:
            self._redis.execute_command(*commands[0])
            return
        with self._redis.pipeline(transaction=False) as pipeline:
            for command in commands:
                pipeline.execute_command(*command)
            pipeline.execute()

    def close(self) -> None:
        """Close the connections."""
        with contextlib.closing(self._connection), contextlib.closing(self._redis):
            pass
