"""Redis tells which keys were written: its client-side caching, heard without a round trip.

A connection of its own speaks RESP3 and has the server push the names of written keys that begin with some
prefixes (``CLIENT TRACKING … BCAST``, https://valkey.io/topics/client-side-caching/). What was pushed lies
in the socket's buffer until somebody looks.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import hiredis

from shop.adapters.redis.client import RedisClient
from shop.domain.errors import DependencyUnavailable

#: After a failure Redis is not bothered again for this long.
_AWAY_SECONDS: Final = 5.0

_log = logging.getLogger(__name__)


class RedisInvalidations:
    """Which keys were written since the last look.

    Parameters
    ----------
    redis : RedisClient
        Used for nothing else.
    prefixes : sequence of str
        Of the keys to hear about.
    """

    def __init__(
        self,
        redis: RedisClient,
        prefixes: Sequence[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = redis
        self._prefixes = [part for prefix in prefixes for part in ("PREFIX", prefix)]
        self._clock = clock
        self._listening = False
        self._away_until = 0.0

    def written(self) -> frozenset[str] | None:
        """Tell which keys were written since the last look.

        Returns
        -------
        frozenset of str or None
            None if that cannot be told: whatever was kept must be forgotten. From then on it is heard, if
            Redis lets it.
        """
        if self._listening:
            try:
                return _names(self._redis.pushed())
            except DependencyUnavailable:
                self._listening = False  # lost while it lay idle
        if self._clock() >= self._away_until:
            try:
                self._listen()
            except DependencyUnavailable as away:
                _log.warning("keys are not heard of: %s", away.detail)
                self._away_until = self._clock() + _AWAY_SECONDS
        return None

    @property
    def listening(self) -> bool:
        """Whether what is written from now on is heard of."""
        return self._listening

    def _listen(self) -> None:
        self._redis.close()
        commands = [("HELLO", 3), ("CLIENT", "TRACKING", "ON", "BCAST", *self._prefixes)]
        try:
            self._redis.pipeline(commands)
        except hiredis.ReplyError as refusal:
            raise DependencyUnavailable("redis", f"Redis refuses: {refusal}") from refusal
        self._listening = True


def _names(messages: Sequence[Any]) -> frozenset[str] | None:
    """Read messages ``[b"invalidate", [name, …]]``; None where everything was flushed."""
    names: set[str] = set()
    for message in messages:
        if len(message) != 2 or message[1] is None:
            return None
        names.update(name.decode() for name in message[1])
    return frozenset(names)
