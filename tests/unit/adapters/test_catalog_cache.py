"""The catalog's cache while Redis fails and recovers, and while answers change."""

from collections.abc import Callable
from functools import partial
from typing import Any, Self, cast

import pytest

from shop.adapters.redis.catalog_cache import RedisCatalogCache
from shop.adapters.redis.connection import RedisClient
from shop.adapters.redis.invalidations import RedisInvalidations
from shop.domain.errors import DependencyUnavailable
from shop.services.catalog.caching import CacheKey
from shop.services.circuit_breaker import CircuitBreaker

_KEY = CacheKey("products:list:x")


class _Redis:
    """As much of redis-py as the cache uses."""

    def __init__(self) -> None:
        self.data: dict[str, str] = {}
        self.unavailable = False
        self.calls = 0

    def mget(self, *names: str) -> list[str | None]:
        self._call()
        return [self.data.get(name) for name in names]

    def set(self, name: str, value: str, *, nx: bool = False, px: int) -> bool | None:
        self._call()
        if nx and name in self.data:
            return None
        self.data[name] = value
        return True

    def incr(self, name: str) -> None:
        self._call()
        self.data[name] = str(int(self.data.get(name, "0")) + 1)

    def delete(self, *names: str) -> None:
        self._call()
        for name in names:
            self.data.pop(name, None)

    def pipeline(self, *, transaction: bool) -> "_Pipeline":
        return _Pipeline(self)

    def _call(self) -> None:
        self.calls += 1
        if self.unavailable:
            raise DependencyUnavailable("redis")


class _Pipeline:
    def __init__(self, redis: _Redis) -> None:
        self._redis = redis
        self._commands: list[Callable[[], object]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def set(self, name: str, value: str, **options: Any) -> None:
        self._commands.append(partial(self._redis.set, name, value, **options))

    def delete(self, name: str) -> None:
        self._commands.append(partial(self._redis.delete, name))

    def execute(self) -> None:
        for command in self._commands:
            command()


class _Invalidations:
    """Reports what a test says that another process has changed."""

    listening = True

    def __init__(self) -> None:
        self.pending: set[str] = set()

    def changed(self) -> frozenset[str]:
        names = frozenset(self.pending)
        self.pending.clear()
        return names


class _Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def redis() -> _Redis:
    return _Redis()


@pytest.fixture
def invalidations() -> _Invalidations:
    return _Invalidations()


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def cache(redis: _Redis, invalidations: _Invalidations, clock: _Clock) -> RedisCatalogCache:
    return RedisCatalogCache(
        cast("RedisClient", redis),
        cast("RedisInvalidations", invalidations),
        CircuitBreaker(5, clock),
    )


def test_redis_is_called_again_some_seconds_after_a_failure(
    redis: _Redis, cache: RedisCatalogCache, clock: _Clock
) -> None:
    redis.unavailable = True
    assert cache.fetch(_KEY, lambda: "1").text == "1"
    redis.unavailable, calls = False, redis.calls
    assert not cache.fetch(_KEY, lambda: "2").hit
    assert redis.calls == calls
    clock.now += 6

    assert cache.fetch(_KEY, lambda: "3").text == "3"
    assert cache.fetch(_KEY, lambda: "4").text == "3"


def test_lost_between_reading_and_storing(redis: _Redis, cache: RedisCatalogCache) -> None:
    def load() -> str:
        redis.unavailable = True
        return "answer"

    assert cache.fetch(_KEY, load).text == "answer"


def test_a_failed_load_frees_the_lock(redis: _Redis, cache: RedisCatalogCache) -> None:
    def fail() -> str:
        raise DependencyUnavailable("postgresql")

    with pytest.raises(DependencyUnavailable, match="postgresql"):
        cache.fetch(_KEY, fail)

    assert "lock:products:list:x" not in redis.data
    assert cache.fetch(_KEY, lambda: "answer").text == "answer"


def test_the_local_copy_is_dropped_even_while_redis_is_unavailable(
    redis: _Redis, cache: RedisCatalogCache
) -> None:
    key = CacheKey("products:product:x", local_seconds=300)
    cache.fetch(key, lambda: "old")
    redis.unavailable = True
    with pytest.raises(DependencyUnavailable):
        cache.invalidate()

    assert cache.fetch(key, lambda: "new").text == "new"


def test_an_answer_that_changed_while_it_was_loaded_is_not_kept_in_memory(
    redis: _Redis, invalidations: _Invalidations, cache: RedisCatalogCache
) -> None:
    key = CacheKey("products:product:x", local_seconds=300)
    other = CacheKey("products:product:y", local_seconds=300)

    def load() -> str:
        """Another process changes the product; another thread of this one reads the message."""
        redis.incr("products:version")
        invalidations.pending.add("products:version")
        cache.fetch(other, lambda: "other")
        return "old"

    cache.fetch(key, load)

    assert cache.fetch(key, lambda: "new").text == "new"
