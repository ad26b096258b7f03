"""The catalog's cache while Redis comes and goes."""

import time
from typing import Any, cast

import pytest

from shop.adapters.redis.catalog_cache import RedisCatalogCache
from shop.adapters.redis.client import RedisClient
from shop.adapters.redis.invalidations import RedisInvalidations
from shop.domain.errors import DependencyUnavailable
from shop.services.catalog.caching import CacheKey

_KEY = CacheKey("products:list:x")


class _Redis:
    """As much of Redis as the cache uses."""

    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}
        self.away = False
        self.calls = 0

    def execute(self, *command: Any) -> Any:
        return self.pipeline([command])[0]

    def pipeline(self, commands: list[tuple[Any, ...]]) -> list[Any]:
        self.calls += 1
        if self.away:
            raise DependencyUnavailable("redis")
        return [self._run(*command) for command in commands]

    def _run(self, name: str, key: str, *rest: Any) -> Any:
        if name == "GET":
            return self.data.get(key)
        if name == "SET":
            if "NX" in rest and key in self.data:
                return None
            value = rest[0]
            self.data[key] = value if isinstance(value, bytes) else str(value).encode()
            return b"OK"
        if name == "INCR":
            self.data[key] = str(int(self.data.get(key, b"0")) + 1).encode()
            return int(self.data[key])
        return self.data.pop(key, None)


class _Invalidations:
    """Tells of no other process."""

    listening = True

    def written(self) -> frozenset[str]:
        return frozenset()


@pytest.fixture
def redis() -> _Redis:
    return _Redis()


@pytest.fixture
def cache(redis: _Redis) -> RedisCatalogCache:
    return RedisCatalogCache(
        cast("RedisClient", redis), cast("RedisInvalidations", _Invalidations())
    )


def test_it_is_asked_again_some_seconds_after_its_loss(
    redis: _Redis, cache: RedisCatalogCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    redis.away = True
    assert cache.fetch(_KEY, lambda: "1").text == "1"
    redis.away, calls = False, redis.calls
    assert not cache.fetch(_KEY, lambda: "2").hit
    assert redis.calls == calls
    now += 6

    assert cache.fetch(_KEY, lambda: "3").text == "3"
    assert cache.fetch(_KEY, lambda: "4").text == "3"


def test_lost_between_reading_and_storing(redis: _Redis, cache: RedisCatalogCache) -> None:
    def load() -> str:
        redis.away = True
        return "answer"

    assert cache.fetch(_KEY, load).text == "answer"


def test_a_failed_load_frees_the_lock(redis: _Redis, cache: RedisCatalogCache) -> None:
    def fail() -> str:
        raise DependencyUnavailable("postgresql")

    with pytest.raises(DependencyUnavailable, match="postgresql"):
        cache.fetch(_KEY, fail)

    assert "lock:products:list:x" not in redis.data
    assert cache.fetch(_KEY, lambda: "answer").text == "answer"


def test_a_change_is_dropped_here_even_while_redis_is_away(
    redis: _Redis, cache: RedisCatalogCache
) -> None:
    key = CacheKey("products:product:x", local_seconds=300)
    cache.fetch(key, lambda: "old")
    redis.away = True
    with pytest.raises(DependencyUnavailable):
        cache.invalidate()

    assert cache.fetch(key, lambda: "new").text == "new"
