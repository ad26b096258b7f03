"""Caches answers of the catalog in this process (L1) and in Redis (L2).

How an answer becomes invalid
    ``products:version`` is a number, and every answer in Redis carries the number that was read before the
    answer was loaded. A different number makes it a miss, so one INCR invalidates everything, and an answer
    that was loaded while a product changed is never served. Number and answer are read in one round trip.
How late a change can be seen
    In Redis, never. In the memory of another process, until the server's invalidation message arrives: the
    server sends it in the same iteration of its event loop as the reply to the client that made the change,
    before that reply or (FLUSHALL) after it. Each process reads the messages it has received, without a round
    trip, before it uses its memory. A connection that the server closed is detected at once, and everything
    in memory is dropped. One that was lost without notice is detected by a PING after at most
    `shop.adapters.redis.connection.IDLE_CHECK_SECONDS` without a message.
When Redis is unavailable
    Every answer is loaded and the copies in memory are not used; Redis is called again after a few seconds.
"""

import logging
import random
import secrets
import time
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Final, cast, override

from shop.adapters.redis.connection import OPEN_SECONDS, RedisClient
from shop.adapters.redis.invalidations import RedisInvalidations
from shop.adapters.redis.local_cache import LocalCache
from shop.domain.errors import DependencyUnavailable
from shop.observability import count
from shop.services.catalog.caching import Cached, CacheKey
from shop.services.catalog.ports import CatalogCache
from shop.services.circuit_breaker import CircuitBreaker

_VERSION: Final = "products:version"
#: Share of the lifetime that is random, so that answers stored together do not expire together.
_JITTER: Final = 0.2
_LOCK_MS: Final = 3_000
_WAITS: Final = 10
_WAIT_SECONDS: Final = 0.03
_LOCAL_ENTRIES: Final = 500

_log = logging.getLogger(__name__)


class RedisCatalogCache(CatalogCache):
    """On a miss one process loads the answer while the others wait for it. Safe for threads.

    Parameters
    ----------
    redis : RedisClient
        The shared cache.
    invalidations : RedisInvalidations, optional
        Reports changes of keys that begin with one of `TRACKED`; without it, nothing is kept in memory.
    breaker : CircuitBreaker, optional
        Decides when to call Redis again after a failure.
    """

    #: Prefixes of the keys that a process may keep in memory, and of the version number.
    TRACKED: Final = (_VERSION, "products:product:", "products:categories")

    def __init__(
        self,
        redis: RedisClient,
        invalidations: RedisInvalidations | None = None,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        self._redis = redis
        self._invalidations = invalidations
        self._breaker = breaker or CircuitBreaker(OPEN_SECONDS)
        self._local: LocalCache[str] = LocalCache(_LOCAL_ENTRIES)
        self._invalidated = 0
        self._lock = Lock()

    @override
    def fetch(self, key: CacheKey, load: Callable[[], str]) -> Cached:
        if not key.local_seconds or self._invalidations is None:
            return self._fetch_shared(key, load)
        with self._lock:
            self._drop(self._invalidations.changed())
            invalidated = self._invalidated
            text = self._local.get(key.name)
        if text is not None:
            count("CacheHits", layer="memory")
            return Cached(text, hit=True)
        count("CacheMisses", layer="memory")
        cached = self._fetch_shared(key, load)
        with self._lock:
            # Another thread may have read the message that invalidates this answer in the meantime.
            if self._invalidations.listening and invalidated == self._invalidated:
                self._local.put(key.name, cached.text, key.local_seconds)
        return cached

    @override
    def invalidate(self) -> None:
        self._local.clear()
        self._redis.incr(_VERSION)

    @override
    def invalidate_keys(self, keys: Sequence[CacheKey]) -> None:
        for key in keys:
            self._local.discard(key.name)
        self._redis.delete(*(key.name for key in keys))

    def _drop(self, changed: frozenset[str] | None) -> None:
        if changed is None or _VERSION in changed:
            self._local.clear()
        else:
            for name in changed:
                self._local.discard(name)
        if changed is None or changed:
            self._invalidated += 1

    def _fetch_shared(self, key: CacheKey, load: Callable[[], str]) -> Cached:
        if not self._breaker.allows():
            return Cached(load(), hit=False)
        try:
            version, text = self._read(key)
            self._breaker.succeeded()
            if text is not None:
                count("CacheHits", layer="redis")
                return Cached(text, hit=True)
            count("CacheMisses", layer="redis")
            mine = self._redis.set(_lock(key), secrets.token_hex(8), nx=True, px=_LOCK_MS)
            if not mine and (text := self._wait(key)) is not None:
                return Cached(text, hit=True)
        except DependencyUnavailable as error:
            self._note_failure(error)
            return Cached(load(), hit=False)
        try:
            text = load()
        except BaseException:
            self._unlock(key, mine=bool(mine))
            raise
        self._store(key, version, text)
        return Cached(text, hit=False)

    def _read(self, key: CacheKey) -> tuple[str, str | None]:
        number, stored = cast("list[str | None]", self._redis.mget(_VERSION, key.name))
        version = number or "0"
        if stored is None:
            return version, None
        stored_version, _, text = stored.partition("\n")
        return version, text if stored_version == version else None

    def _wait(self, key: CacheKey) -> str | None:
        """Wait briefly for the answer that another process is loading."""
        for _ in range(_WAITS):
            time.sleep(_WAIT_SECONDS)
            _, text = self._read(key)
            if text is not None:
                return text
        return None

    def _store(self, key: CacheKey, version: str, text: str) -> None:
        jitter = random.uniform(0, _JITTER * key.shared_seconds)  # noqa: S311 - no secret
        lifetime_ms = round(1000 * (key.shared_seconds + jitter))
        try:
            with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.set(key.name, f"{version}\n{text}", px=lifetime_ms)
                # A load that outlasts its lock releases another process's lock, which only causes a second
                # load.
                pipeline.delete(_lock(key))
                pipeline.execute()
        except DependencyUnavailable as error:
            self._note_failure(error)

    def _unlock(self, key: CacheKey, *, mine: bool) -> None:
        if not mine:
            return
        try:
            self._redis.delete(_lock(key))
        except DependencyUnavailable as error:
            self._note_failure(error)

    def _note_failure(self, error: DependencyUnavailable) -> None:
        self._breaker.failed()
        _log.warning("catalog cache: %s", error.detail)


def _lock(key: CacheKey) -> str:
    return f"lock:{key.name}"
