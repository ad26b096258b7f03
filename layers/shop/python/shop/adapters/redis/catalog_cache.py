"""Answers of the catalog, cached in this process (L1) and in Redis (L2).

How an answer becomes invalid
    ``products:version`` is a number, and every answer in Redis carries the number that was read before it
    was loaded; another number makes it a miss. So one INCR invalidates everything, and an answer that was
    loaded while a product changed is never served. Number and answer are read in one round trip.
How long a change takes to be seen
    As long as its news travels. Redis pushes the names of written keys to each process, which looks at them,
    without a round trip, before it trusts its own memory (`shop.adapters.redis.invalidations`).
When Redis is away
    Everything is loaded; Redis is asked again a few seconds later. What is in memory is not trusted.
"""

import logging
import random
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Final

from shop.adapters.redis.client import RedisClient
from shop.adapters.redis.invalidations import RedisInvalidations
from shop.adapters.redis.local_cache import LocalCache
from shop.domain.errors import DependencyUnavailable
from shop.services.catalog.caching import Cached, CacheKey

_VERSION: Final = "products:version"
#: Of the lifetime, so that answers that were stored together do not end together.
_JITTER: Final = 0.2
_LOCK_MS: Final = 3_000
_WAITS: Final = 10
_WAIT_SECONDS: Final = 0.03
_AWAY_SECONDS: Final = 5.0
_LOCAL_ENTRIES: Final = 500

_log = logging.getLogger(__name__)


class RedisCatalogCache:
    """See `shop.services.catalog.ports.CatalogCache`.

    Parameters
    ----------
    redis : RedisClient
        The shared cache.
    invalidations : RedisInvalidations, optional
        Of keys that begin with one of `HEARD`; without, nothing is kept in memory.
    """

    #: Prefixes of the keys whose answers may lie in a process's memory, and of the number.
    HEARD: Final = (_VERSION, "products:product:", "products:categories")

    def __init__(self, redis: RedisClient, invalidations: RedisInvalidations | None = None) -> None:
        self._redis = redis
        self._invalidations = invalidations
        self._local: LocalCache[str] = LocalCache(_LOCAL_ENTRIES)
        self._away_until = 0.0

    def fetch(self, key: CacheKey, load: Callable[[], str]) -> Cached:
        """Give an answer from the nearest place that has it."""
        if not key.local_seconds or self._invalidations is None:
            return self._fetch_shared(key, load)
        self._forget(self._invalidations.written())
        text = self._local.get(key.name)
        if text is not None:
            return Cached(text, hit=True)
        cached = self._fetch_shared(key, load)
        if self._invalidations.listening:
            self._local.put(key.name, cached.text, key.local_seconds)
        return cached

    def invalidate(self) -> None:
        """Drop every answer."""
        self._local.clear()
        self._redis.execute("INCR", _VERSION)

    def forget(self, keys: Sequence[CacheKey]) -> None:
        """Drop some answers."""
        for key in keys:
            self._local.discard(key.name)
        self._redis.execute("DEL", *(key.name for key in keys))

    def _forget(self, written: frozenset[str] | None) -> None:
        if written is None or _VERSION in written:
            self._local.clear()
        else:
            for name in written:
                self._local.discard(name)

    def _fetch_shared(self, key: CacheKey, load: Callable[[], str]) -> Cached:
        if time.monotonic() < self._away_until:
            return Cached(load(), hit=False)
        try:
            version, text = self._read(key)
            if text is not None:
                return Cached(text, hit=True)
            mine = self._redis.execute(
                "SET", f"lock:{key.name}", secrets.token_hex(8), "NX", "PX", _LOCK_MS
            )
            if not mine and (text := self._wait(key)) is not None:
                return Cached(text, hit=True)
        except DependencyUnavailable as away:
            self._note_loss(away)
            return Cached(load(), hit=False)
        try:
            text = load()
        except BaseException:
            self._unlock(key, mine=bool(mine))
            raise
        self._store(key, version, text)
        return Cached(text, hit=False)

    def _read(self, key: CacheKey) -> tuple[bytes, str | None]:
        stored: bytes | None
        number, stored = self._redis.pipeline([("GET", _VERSION), ("GET", key.name)])
        version: bytes = number or b"0"
        if stored is None:
            return version, None
        stored_version, _, text = stored.partition(b"\n")
        return version, text.decode() if stored_version == version else None

    def _wait(self, key: CacheKey) -> str | None:
        """Wait for the answer that somebody else is loading, but not for long."""
        for _ in range(_WAITS):
            time.sleep(_WAIT_SECONDS)
            _, text = self._read(key)
            if text is not None:
                return text
        return None

    def _store(self, key: CacheKey, version: bytes, text: str) -> None:
        jitter = random.uniform(0, _JITTER * key.shared_seconds)  # noqa: S311 - no secret
        lifetime_ms = round(1000 * (key.shared_seconds + jitter))
        value = version + b"\n" + text.encode()
        try:
            # A load that took longer than its lock drops another's: a second load, nothing worse.
            self._redis.pipeline(
                [("SET", key.name, value, "PX", lifetime_ms), ("DEL", f"lock:{key.name}")]
            )
        except DependencyUnavailable as away:
            self._note_loss(away)

    def _unlock(self, key: CacheKey, *, mine: bool) -> None:
        if not mine:
            return
        try:
            self._redis.execute("DEL", f"lock:{key.name}")
        except DependencyUnavailable as away:
            self._note_loss(away)

    def _note_loss(self, away: DependencyUnavailable) -> None:
        self._away_until = time.monotonic() + _AWAY_SECONDS
        _log.warning("catalog cache: %s", away.detail)
