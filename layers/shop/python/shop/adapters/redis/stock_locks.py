"""A lock per product in Redis. It only orders the queue; PostgreSQL alone decides who gets the stock."""

import logging
import random
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, override
from uuid import UUID

from shop.adapters.redis.connection import OPEN_SECONDS, RedisClient
from shop.domain.errors import DependencyUnavailable
from shop.services.circuit_breaker import CircuitBreaker
from shop.services.inventory.ports import StockLocks

_log = logging.getLogger(__name__)

#: A lock whose owner crashed is free again after this long.
_TTL_MILLISECONDS: Final = 2_000
#: After this long a request goes on without the lock and queues in PostgreSQL, at a higher cost.
_WAIT_SECONDS: Final = 1.0
_PAUSE_SECONDS: Final = (0.004, 0.012)

_ACQUIRE: Final = """
for _, key in ipairs(KEYS) do
    if redis.call('EXISTS', key) == 1 then return 0 end
end
for _, key in ipairs(KEYS) do
    redis.call('SET', key, ARGV[1], 'PX', ARGV[2])
end
return 1
"""
_RELEASE: Final = """
for _, key in ipairs(KEYS) do
    if redis.call('GET', key) == ARGV[1] then redis.call('DEL', key) end
end
return 1
"""


class RedisStockLocks(StockLocks):
    """All locks of a block are acquired at once, or none of them.

    Parameters
    ----------
    redis : RedisClient
        The server.
    breaker : CircuitBreaker, optional
        Decides when to call it again after a failure.
    """

    def __init__(self, redis: RedisClient, breaker: CircuitBreaker | None = None) -> None:
        self._script_acquire = redis.register_script(_ACQUIRE)
        self._script_release = redis.register_script(_RELEASE)
        self._breaker = breaker or CircuitBreaker(OPEN_SECONDS)

    @override
    @contextmanager
    def hold(self, product_ids: Sequence[UUID]) -> Iterator[None]:
        keys = [f"lock:stock:{product_id}" for product_id in sorted(product_ids)]
        token = secrets.token_hex(8)
        acquired = self._breaker.allows() and self._acquire(keys, token)
        try:
            yield
        finally:
            if acquired:
                self._release(keys, token)

    def _acquire(self, keys: Sequence[str], token: str) -> bool:
        deadline = time.monotonic() + _WAIT_SECONDS
        try:
            while not self._script_acquire(keys, [token, _TTL_MILLISECONDS]):
                self._breaker.succeeded()
                if time.monotonic() > deadline:
                    return False
                # Spread out, or all who wait would ask in step.
                time.sleep(random.uniform(*_PAUSE_SECONDS))  # noqa: S311
        except DependencyUnavailable:
            self._note_failure()
            return False
        self._breaker.succeeded()
        return True

    def _release(self, keys: Sequence[str], token: str) -> None:
        try:
            self._script_release(keys, [token])
        except DependencyUnavailable:
            self._note_failure()

    def _note_failure(self) -> None:
        self._breaker.failed()
        _log.warning("orders go on without stock locks: Redis is unavailable")
