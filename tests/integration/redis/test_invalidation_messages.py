"""Messages about changed keys, and every way in which they can be missed."""

import time
from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from shop.adapters.redis import connection as redis_connection
from shop.adapters.redis.invalidations import RedisInvalidations
from shop.services.circuit_breaker import CircuitBreaker
from tests.support.proxy import CuttableProxy
from tests.support.round_trips import round_trips
from tests.support.waiting import eventually


@pytest.fixture
def invalidations(redis_proxy: CuttableProxy) -> Iterator[RedisInvalidations]:
    """Listening already."""
    made = RedisInvalidations(redis_proxy.url, ["product:", "version"])
    assert made.changed() is None
    assert made.changed() == frozenset()
    yield made
    made.close()


@pytest.fixture
def writer(redis: str) -> Iterator[Redis]:
    with Redis.from_url(redis) as made:
        yield made


def _next(invalidations: RedisInvalidations) -> frozenset[str] | None:
    """Wait for the next message."""
    return eventually(
        invalidations.changed,
        what="a message arrives",
        until=lambda changed: changed != frozenset(),
        pause=0.001,
    )


def test_changed_keys_are_reported_without_a_round_trip(
    invalidations: RedisInvalidations, writer: Redis, redis: str
) -> None:
    writer.mset({"product:1": "x", "product:2": "y", "other": "z"})
    with round_trips(redis) as trips:
        assert _next(invalidations) == frozenset({"product:1", "product:2"})
    assert trips.count == 0
    writer.incr("version")
    assert _next(invalidations) == frozenset({"version"})


def test_a_change_is_reported_by_the_time_its_author_has_the_answer(
    redis: str, writer: Redis
) -> None:
    direct = RedisInvalidations(redis, ["product:"])
    direct.changed()
    for number in range(200):
        writer.set(f"product:{number}", "x")
        assert direct.changed() == frozenset({f"product:{number}"})
    direct.close()


def test_a_message_of_many_keys_may_arrive_in_parts(
    invalidations: RedisInvalidations, writer: Redis
) -> None:
    keys = {f"product:{number:0100}" for number in range(5_000)}
    writer.mset(dict.fromkeys(keys, "x"))
    seen: set[str] = set()
    while seen != keys:
        changed = _next(invalidations)
        assert changed is not None
        seen |= changed


def test_a_flush_drops_everything(invalidations: RedisInvalidations, writer: Redis) -> None:
    writer.flushall()
    assert _next(invalidations) is None
    writer.set("product:1", "x")
    assert _next(invalidations) == frozenset({"product:1"})


def _cut(redis_proxy: CuttableProxy) -> None:
    redis_proxy.cut()
    redis_proxy.mend()


def _die_without_notice(redis_proxy: CuttableProxy) -> None:
    redis_proxy.drop_server_side()
    time.sleep(0.11)


@pytest.mark.parametrize("lose", [_cut, _die_without_notice])
def test_after_a_lost_connection_everything_is_dropped(
    redis_proxy: CuttableProxy,
    writer: Redis,
    lose: Callable[[CuttableProxy], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(redis_connection, "IDLE_CHECK_SECONDS", 0.1)
    invalidations = RedisInvalidations(redis_proxy.url, ["product:"])
    assert invalidations.changed() is None
    lose(redis_proxy)
    writer.set("product:1", "missed")

    assert invalidations.changed() is None
    assert invalidations.listening
    writer.set("product:2", "x")
    assert _next(invalidations) == frozenset({"product:2"})
    invalidations.close()


def test_a_server_that_was_unavailable_is_called_again_later(redis_proxy: CuttableProxy) -> None:
    now = 0.0
    invalidations = RedisInvalidations(redis_proxy.url, ["x"], CircuitBreaker(5, lambda: now))
    redis_proxy.cut()
    for _ in range(3):
        assert invalidations.changed() is None
        assert not invalidations.listening
    assert redis_proxy.accepted == 1
    redis_proxy.mend()
    now = 5.0
    assert invalidations.changed() is None
    assert invalidations.changed() == frozenset()
    invalidations.close()


def test_a_server_that_refuses_to_report_is_not_trusted(writer: Redis, redis: str) -> None:
    host = redis.rpartition("@")[2]
    writer.execute_command("ACL", "SETUSER", "deaf", "on", ">x", "~*", "+@all", "-client|tracking")
    invalidations = RedisInvalidations(f"redis://deaf:x@{host}", ["x"])
    try:
        for _ in range(2):
            assert invalidations.changed() is None
            assert not invalidations.listening
    finally:
        invalidations.close()
        writer.acl_deluser("deaf")
