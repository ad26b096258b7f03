"""Connections to Redis or Valkey: redis-py's configuration and the translation of its errors.

What is repeated
    No command that the server may have executed. A lost connection is replaced only before a command is sent.
    The pool polls the socket, which detects a connection that the server has closed. A connection that was
    idle for `IDLE_CHECK_SECONDS` must answer a PING, which detects one that was lost without notice, for
    example while an execution environment was frozen. A connection that is lost after a command was sent
    raises.
What raises what
    `DependencyUnavailable` if the server is unreachable, does not answer or cannot serve requests now;
    redis-py's `ResponseError` if it rejects the command itself.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn, cast, override
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.client import Pipeline
from redis.connection import (
    BlockingConnectionPool,
    ConnectionInterface,
    ConnectionPool,
    DefaultParser,
)
from redis.exceptions import (
    ClusterDownError,
    ConnectionError,  # noqa: A004 - not an OSError, unlike the built-in one
    InvalidResponse,
    MasterDownError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TimeoutError,  # noqa: A004
    TryAgainError,
)
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

from shop.domain.errors import DependencyUnavailable

#: Seconds without traffic after which a connection must answer a PING before it is used.
IDLE_CHECK_SECONDS: Final = 30.0
#: Seconds after a failure during which callers that can work without Redis do not call it.
OPEN_SECONDS: Final = 5.0
_TIMEOUT_SECONDS: Final = 2.0
#: An execution environment handles one request at a time; the health check and tests use threads.
_MAX_CONNECTIONS: Final = 4

#: Errors that mean that the server is unreachable, does not answer, or cannot serve requests now.
_UNAVAILABLE: Final = (
    ConnectionError,
    TimeoutError,
    InvalidResponse,
    ClusterDownError,
    OutOfMemoryError,
    ReadOnlyError,
    TryAgainError,
)
#: Prefixes of such replies for which redis-py has no class.
_UNAVAILABLE_CODES: Final = ("BUSY ", "MISCONF ", "NOREPLICAS ")
#: Prefix of the reply of a former primary: the address now resolves to another server.
_NOT_PRIMARY: Final = (MasterDownError, ReadOnlyError)


class RedisClient(redis.Redis):
    """redis-py's client; raises `DependencyUnavailable` if the server is unavailable."""

    @override
    def execute_command(self, *args: Any, **options: Any) -> Any:
        try:
            return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        except RedisError as error:
            _raise(error, self.connection_pool)

    @override
    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        return _Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class _Pipeline(Pipeline):
    @override
    def execute(self, raise_on_error: bool = True) -> list[Any]:
        pool = self.connection_pool
        try:
            return super().execute(raise_on_error)
        except RedisError as error:
            _raise(error, pool)

    @override
    def annotate_exception(
        self, exception: Exception, number: int, command: Sequence[object]
    ) -> None:
        """Leave the server's message as it is, so that the command's values do not reach a log."""


class _ReplacedWhenDead:
    """A connection that is replaced if it fails the PING after an idle period."""

    def on_connect_check_health(self, check_health: bool = True) -> None:  # noqa: ARG002
        """Perform the handshake; a new connection needs no PING."""
        super().on_connect_check_health(check_health=False)  # type: ignore[misc]

    def check_health(self) -> None:
        """Send a PING after an idle period; if it fails, no command has been sent yet."""
        try:
            super().check_health()  # type: ignore[misc]
        except (ConnectionError, TimeoutError):
            self.connect()  # type: ignore[attr-defined]


class _Connection(_ReplacedWhenDead, redis.Connection):
    pass


class _TlsConnection(_ReplacedWhenDead, redis.SSLConnection):
    pass


def make_client(url: str) -> RedisClient:
    """Create a client, safe for threads, that connects on its first command.

    Parameters
    ----------
    url : str
        ``redis[s]://[[user]:password@]host[:port][/db]``; ``rediss`` is TLS.
    """
    pool = BlockingConnectionPool.from_url(
        url, max_connections=_MAX_CONNECTIONS, timeout=_TIMEOUT_SECONDS, **_options(url)
    )
    return cast("RedisClient", RedisClient.from_pool(pool))


def make_listener(
    url: str, on_invalidation: Callable[[Sequence[Any]], None]
) -> ConnectionInterface:
    """Create a single connection that passes on the invalidation messages it receives.

    Parameters
    ----------
    on_invalidation : callable
        Receives each message, ``["invalidate", [key, …]]``; None instead of the keys means all keys.
    """

    def parser(socket_read_size: int) -> Any:
        made: Any = DefaultParser(socket_read_size=socket_read_size)
        made.set_invalidation_push_handler(on_invalidation)
        return made

    return ConnectionPool.from_url(url, parser_class=parser, **_options(url)).make_connection()


def _options(url: str) -> dict[str, Any]:
    return {
        "connection_class": _TlsConnection if urlsplit(url).scheme == "rediss" else _Connection,
        "protocol": 3,
        "decode_responses": True,
        "socket_timeout": _TIMEOUT_SECONDS,
        "socket_connect_timeout": _TIMEOUT_SECONDS,
        "socket_keepalive": True,
        "health_check_interval": IDLE_CHECK_SECONDS,
        "retry": Retry(NoBackoff(), retries=0),
        # Each would cost every new connection a round trip.
        "driver_info": None,
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    }


def _raise(error: RedisError, pool: ConnectionPool) -> NoReturn:
    """Raise the error that callers see.

    Raises
    ------
    DependencyUnavailable
        If the server is unavailable.
    """
    if isinstance(error, _NOT_PRIMARY):
        pool.disconnect(inuse_connections=False)
    unavailable = isinstance(error, _UNAVAILABLE) or (
        isinstance(error, ResponseError) and str(error).startswith(_UNAVAILABLE_CODES)
    )
    if unavailable:
        raise DependencyUnavailable("redis") from error
    raise error
