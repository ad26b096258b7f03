"""Receives the keys that other processes changed: server-assisted client-side caching.

On a dedicated connection the server pushes the names of changed keys that begin with given prefixes
(``CLIENT TRACKING ON BCAST``, https://valkey.io/topics/client-side-caching/). The messages wait in the
socket's buffer until they are read, which takes no round trip.
"""

import logging
from collections.abc import Sequence
from threading import Lock
from typing import Any

from redis.connection import ConnectionInterface
from redis.exceptions import ConnectionError, RedisError, TimeoutError  # noqa: A004

from shop.adapters.redis.connection import OPEN_SECONDS, make_listener
from shop.services.circuit_breaker import CircuitBreaker

_log = logging.getLogger(__name__)


class RedisInvalidations:
    """Reports the keys that changed since the last call. Safe for threads.

    A lost connection is reopened; changes made in between are unknown.

    Parameters
    ----------
    url : str
        See `shop.adapters.redis.connection.make_client`.
    prefixes : sequence of str
        Prefixes of the keys to report.
    breaker : CircuitBreaker, optional
        Decides when to connect again after a failure.
    """

    def __init__(
        self, url: str, prefixes: Sequence[str], breaker: CircuitBreaker | None = None
    ) -> None:
        self._prefixes = [part for prefix in prefixes for part in ("PREFIX", prefix)]
        self._breaker = breaker or CircuitBreaker(OPEN_SECONDS)
        self._names: set[str] = set()
        self._missed = True
        self._lock = Lock()
        self._connection = make_listener(url, self._note)
        self._connection.register_connect_callback(self._track)

    @property
    def listening(self) -> bool:
        """Whether changes from now on will be reported."""
        return self._connection.is_connected

    def changed(self) -> frozenset[str] | None:
        """Return the keys that changed since the last call.

        Returns
        -------
        frozenset of str or None
            None if they are unknown; the caller must drop every copy.
        """
        with self._lock:
            if not self._breaker.allows():
                return None
            try:
                self._receive()
            except RedisError as error:
                _log.warning("invalidation messages are not received: %s", error)
                self._breaker.failed()
                self._connection.disconnect()
                self._missed = True
                return None
            self._breaker.succeeded()
            names, missed = frozenset(self._names), self._missed
            self._names.clear()
            self._missed = False
            return None if missed else names

    def close(self) -> None:
        """Close the connection; the next call opens it again."""
        with self._lock:
            self._connection.disconnect()

    def _receive(self) -> None:
        connection = self._connection
        connection.connect()
        connection.check_health()
        try:
            while connection.can_read():
                connection.read_response(push_request=True, timeout=0, disconnect_on_error=False)
        except TimeoutError:
            pass  # the rest of a message has not arrived yet
        except ConnectionError:  # the server has closed it since the last call
            connection.disconnect()
            connection.connect()

    def _track(self, connection: ConnectionInterface) -> None:
        """Subscribe to the messages; redis-py calls this after each connect."""
        self._names.clear()
        self._missed = True
        connection.send_command("CLIENT", "TRACKING", "ON", "BCAST", *self._prefixes)
        connection.read_response()

    def _note(self, message: Sequence[Any]) -> None:
        if message[1] is None:
            self._missed = True
        else:
            self._names.update(message[1])
