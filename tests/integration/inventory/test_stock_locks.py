"""The locks in front of the stock: they order the queue, and never stop anybody for long."""

import time
from collections.abc import Iterator
from uuid import UUID

import pytest

from shop.adapters.redis import stock_locks as redis_stock_locks
from shop.adapters.redis.connection import RedisClient, make_client
from shop.adapters.redis.stock_locks import RedisStockLocks
from shop.domain.ids import new_id
from shop.services.circuit_breaker import CircuitBreaker
from tests.support.proxy import CuttableProxy
from tests.support.threads import in_threads

ONE, TWO = sorted((new_id(), new_id()))


@pytest.fixture
def client(redis: str) -> Iterator[RedisClient]:
    made = make_client(redis)
    yield made
    made.close()


def held(client: RedisClient, *products: UUID) -> list[bool]:
    return [client.exists(f"lock:stock:{product}") == 1 for product in products]


def test_all_locks_or_none(client: RedisClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_stock_locks, "_WAIT_SECONDS", 0.05)
    locks = RedisStockLocks(client)
    with locks.hold([TWO]):
        assert held(client, ONE, TWO) == [False, True]
        with locks.hold([ONE, TWO]):
            assert held(client, ONE, TWO) == [False, True]
        assert held(client, ONE, TWO) == [False, True]
    with locks.hold([TWO, ONE]):
        assert held(client, ONE, TWO) == [True, True]
    assert held(client, ONE, TWO) == [False, False]


def test_one_at_a_time(redis: str) -> None:
    inside: list[str] = []

    def work() -> None:
        client = make_client(redis)
        with RedisStockLocks(client).hold([ONE]):
            inside.append("in")
            time.sleep(0.01)
            inside.append("out")
        client.close()

    in_threads([work] * 6)
    assert inside == ["in", "out"] * 6


def test_a_crashed_owner_is_not_waited_for_long(client: RedisClient) -> None:
    client.set(f"lock:stock:{ONE}", "crashed", px=200)
    begin = time.monotonic()
    with RedisStockLocks(client).hold([ONE]):
        assert time.monotonic() - begin > 0.1
        assert 0 < client.pttl(f"lock:stock:{ONE}") <= 2000


def test_a_lock_that_was_lost_is_not_taken_from_the_next_owner(client: RedisClient) -> None:
    with RedisStockLocks(client).hold([ONE]):
        client.set(f"lock:stock:{ONE}", "another")
    assert client.get(f"lock:stock:{ONE}") == "another"


def test_without_redis_nobody_waits() -> None:
    locks = RedisStockLocks(make_client("redis://127.0.0.1:1"))
    begin = time.monotonic()
    for _ in range(100):
        with locks.hold([ONE]):
            pass
    assert time.monotonic() - begin < 5


def test_redis_is_asked_again_after_its_loss(redis: str, client: RedisClient) -> None:
    now = 0.0
    with CuttableProxy(redis) as proxy:
        fragile = make_client(proxy.url)
        locks = RedisStockLocks(fragile, CircuitBreaker(5, lambda: now))
        proxy.cut()
        with locks.hold([ONE]):
            assert held(client, ONE) == [False]
        proxy.mend()
        with locks.hold([ONE]):
            assert held(client, ONE) == [False]
        now = 5.0
        for _ in range(2):
            with locks.hold([ONE]):
                assert held(client, ONE) == [True]
        fragile.close()
