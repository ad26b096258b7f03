"""A lock per product in Redis. It only orders the queue; PostgreSQL alone decides who gets the stock."""

import logging
import random
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from shop.adapters.redis.client import RedisClient, Script
from shop.domain.errors import DependencyUnavailable

_log = logging.getLogger(__name__)

#: A lock whose owner crashed is free again after this long.
_TTL_MILLISECONDS: Final = 2_000
#: Nobody queues longer than this; the wait in PostgreSQL is in line, too, only dearer.
_WAIT_SECONDS: Final = 1.0
_PAUSE_SECONDS: Final = (0.004, 0.012)
#: After a failure Redis is not asked again for this long.
_AWAY_SECONDS: Final = 5.0

_ACQUIRE: Final = Script("""
for _, key in ipairs(KEYS) do
    if redis.call('EXISTS', key) == 1 then return 0 end
end
for _, key in ipairs(KEYS) do
    redis.call('SET', key, ARGV[1], 'PX', ARGV[2])
end
return 1
""")
_RELEASE: Final = Script("""
for _, key in ipairs(KEYS) do
    if redis.call('GET', key) == ARGV[1] then redis.call('DEL', key) end
end
return 1
""")


class RedisStockLocks:
    """See `shop.services.inventory.ports.StockLocks`."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._away_until = 0.0

    @contextmanager
    def hold(self, product_ids: Sequence[UUID]) -> Iterator[None]:
        """Hold the locks of all products for the length of a block, or none of them."""
        keys = [f"lock:stock:{product_id}" for product_id in sorted(product_ids)]
        token = secrets.token_hex(8)
        held = self._acquire(keys, token)
        try:
            yield
        finally:
            if held:
                self._release(keys, token)

    def _acquire(self, keys: Sequence[str], token: str) -> bool:
        deadline = time.monotonic() + _WAIT_SECONDS
        try:
            while time.monotonic() > self._away_until:
                if self._redis.script(_ACQUIRE, keys, token, _TTL_MILLISECONDS):
                    return True
                if time.monotonic() > deadline:
                    break
                # Spread out, or all who wait would ask in step.
                time.sleep(random.uniform(*_PAUSE_SECONDS))  # noqa: S311
        except DependencyUnavailable:
            self._note_loss()
        return False

    def _release(self, keys: Sequence[str], token: str) -> None:
        try:
            self._redis.script(_RELEASE, keys, token)
        except DependencyUnavailable:
            self._note_loss()

    def _note_loss(self) -> None:
        self._away_until = time.monotonic() + _AWAY_SECONDS
        _log.warning("going on without stock locks: Redis is away")
