"""The bare drivers: they replay what a handler sends to PostgreSQL and Redis, recorded once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

import psycopg
from redis import Redis
from redis.client import Pipeline

from bench.replay import BareDrivers, Step
from shop.adapters.postgres.database import Database, Transaction
from shop.adapters.redis.connection import RedisClient


@contextmanager
def recorded() -> Iterator[list[Step]]:
    """Record everything that is sent during a block."""
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


def bare_drivers(database_url: str, redis_url: str) -> BareDrivers:
    """Connect the bare drivers to the servers that the handler uses."""
    return BareDrivers(
        psycopg.connect(database_url, autocommit=True, prepare_threshold=1),
        Redis.from_url(redis_url, protocol=3),
    )
