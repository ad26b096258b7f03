"""Connections to Redis that are lost: replaced before a command is sent, never repeated after it was."""

import time
from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from shop.adapters.redis import connection as redis_connection
from shop.adapters.redis.connection import RedisClient, make_client
from shop.domain.errors import DependencyUnavailable
from tests.support.at_once import at_once
from tests.support.proxy import CuttableProxy
from tests.support.round_trips import round_trips


@pytest.fixture
def client(redis_proxy: CuttableProxy) -> Iterator[RedisClient]:
    made = make_client(redis_proxy.url)
    yield made
    made.close()


@pytest.fixture
def operator(redis: str) -> Iterator[Redis]:
    """A client with its own way to the server."""
    with Redis.from_url(redis, decode_responses=True) as made:
        yield made


def _command(client: RedisClient) -> int:
    return client.incr("counter")


def _pipeline(client: RedisClient) -> int:
    with client.pipeline(transaction=False) as pipeline:
        pipeline.incr("counter")
        [number] = pipeline.execute()
    return int(number)


def _script(client: RedisClient) -> int:
    return int(client.register_script("return redis.call('INCR', KEYS[1])")(["counter"]))


in_each_way = pytest.mark.parametrize("increment", [_command, _pipeline, _script])


@in_each_way
def test_one_that_the_server_closed_while_it_was_idle_is_replaced(
    client: RedisClient, redis_proxy: CuttableProxy, increment: Callable[[RedisClient], int]
) -> None:
    assert increment(client) == 1
    redis_proxy.cut()
    redis_proxy.mend()

    assert increment(client) == 2
    assert redis_proxy.accepted == 2


@in_each_way
def test_one_that_died_without_notice_is_replaced_after_an_idle_period(
    client: RedisClient,
    redis_proxy: CuttableProxy,
    increment: Callable[[RedisClient], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(redis_connection, "IDLE_CHECK_SECONDS", 0.1)
    checking = make_client(redis_proxy.url)
    assert increment(checking) == 1
    redis_proxy.drop_server_side()
    time.sleep(0.11)

    assert increment(checking) == 2
    assert redis_proxy.accepted == 2
    checking.close()


@in_each_way
def test_what_may_have_been_executed_is_not_repeated(
    client: RedisClient,
    redis_proxy: CuttableProxy,
    operator: Redis,
    increment: Callable[[RedisClient], int],
) -> None:
    assert increment(client) == 1
    redis_proxy.lose_replies()
    with pytest.raises(DependencyUnavailable):
        increment(client)
    redis_proxy.mend()

    assert operator.get("counter") == "2"
    assert increment(client) == 3


def test_what_was_sent_on_a_dead_connection_is_not_repeated(
    client: RedisClient, redis_proxy: CuttableProxy, operator: Redis
) -> None:
    assert _command(client) == 1
    redis_proxy.drop_server_side()
    with pytest.raises(DependencyUnavailable):
        _command(client)

    assert operator.get("counter") == "1"
    assert _command(client) == 2


def test_a_server_that_stays_unreachable_is_unavailable(
    client: RedisClient, redis_proxy: CuttableProxy
) -> None:
    assert _command(client) == 1
    redis_proxy.cut()
    for _ in range(2):
        with pytest.raises(DependencyUnavailable):
            _command(client)
    assert redis_proxy.accepted == 3  # one attempt to connect for each command
    redis_proxy.mend()
    assert _command(client) == 2


def test_a_new_connection_costs_one_round_trip(redis: str) -> None:
    client = make_client(redis)
    with round_trips(redis) as trips:
        client.ping()
    assert trips.count == 1 + 1
    client.close()


def test_a_script_that_the_server_does_not_know_is_loaded_once(redis: str, operator: Redis) -> None:
    client = make_client(redis)
    operator.script_flush()
    assert _script(client) == 1
    with round_trips(redis) as trips:
        assert _script(client) == 2
    assert trips.count == 1
    client.close()


def test_threads_share_a_few_connections(client: RedisClient, redis_proxy: CuttableProxy) -> None:
    def increment() -> None:
        for _ in range(50):
            client.incr("counter")

    at_once([increment] * 12)
    assert client.get("counter") == "600"
    assert redis_proxy.accepted <= 4


def test_user_password_and_database_are_those_of_the_url(redis: str, operator: Redis) -> None:
    operator.acl_setuser(
        "shop@user", enabled=True, passwords="+p@ss/word", keys=["*"], categories=["+all"]
    )
    host = redis.rpartition("@")[2].partition("/")[0]
    client = make_client(f"redis://shop%40user:p%40ss%2Fword@{host}/3")
    try:
        client.set("key", "value")
        assert client.acl_whoami() == "shop@user"
        assert operator.get("key") is None
        operator.select(3)
        wrong = make_client(f"redis://shop%40user:wrong@{host}/3")
        with pytest.raises(DependencyUnavailable):
            wrong.get("key")
        wrong.close()
    finally:
        client.close()
        operator.acl_deluser("shop@user")
