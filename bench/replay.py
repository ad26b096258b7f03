"""Replays what a handler has sent, with the drivers alone; imports neither drivers nor the shop."""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

#: Anything that a handler waits for: commands of Redis, a statement, a transaction's beginning or end.
type Step = tuple[str, Any]


class BareDrivers:
    """psycopg and redis-py without further layers.

    Parameters
    ----------
    connection : psycopg.Connection
        In autocommit mode.
    redis : redis.Redis
        The client.
    """

    def __init__(self, connection: Any, redis: Any) -> None:
        self._connection = connection
        self._redis = redis

    def replay(self, steps: Sequence[Step]) -> None:
        """Send every step again and read every answer."""
        pipeline = False
        with ExitStack() as stack:
            for kind, what in steps:
                if kind == "redis":
                    self._call(what)
                elif kind == "begin":
                    stack.enter_context(self._connection.pipeline())
                    pipeline = True
                    self._connection.execute("BEGIN")
                elif kind == "commit":
                    self._connection.execute("COMMIT")
                    stack.close()
                    pipeline = False
                else:
                    cursor = self._connection.execute(*what)
                    if not pipeline and cursor.description:
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
        self._connection.close()
        self._redis.close()
