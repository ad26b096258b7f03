"""A process uses its memory of the catalog only while Redis reports what others change."""

import time
from collections.abc import Iterator
from uuid import UUID

import pytest
from redis import Redis

from shop.domain.errors import DependencyUnavailable
from shop.domain.sessions import Role
from shop_local.services import RunningServices
from tests.support.builders import add_categories, add_product
from tests.support.containers import Container, container_for
from tests.support.gateway import Gateway, Response
from tests.support.people import token_of
from tests.support.round_trips import round_trips
from tests.support.waiting import eventually


@pytest.fixture
def reader(database: str, redis: str) -> Iterator[Container]:
    with container_for(database, redis) as made:
        yield made


@pytest.fixture
def staff(database: str, redis: str) -> Iterator[Gateway]:
    """Another process, in which products are changed."""
    with container_for(database, redis) as made:
        yield Gateway(made)


@pytest.fixture
def product(reader: Container) -> UUID:
    add_categories(reader.database)
    return add_product(reader.database, name="Old name")


def _read(reader: Container, product: UUID) -> Response:
    return Gateway(reader).get(f"/api/catalog/products/{product}")


def _read_counting(reader: Container, product: UUID) -> tuple[Response, int]:
    """Read a product; also return the number of round trips."""
    with round_trips(reader.settings.redis_url) as trips:
        answer = _read(reader, product)
    return answer, trips.count


def _warm(reader: Container, product: UUID) -> None:
    """Read it until it comes from memory: without a round trip."""
    for _ in range(4):
        answer, trips = _read_counting(reader, product)
        if not trips:
            assert answer.headers["x-cache"] == "hit"
            return
    raise AssertionError("it is never taken from memory")


def test_a_change_by_another_process_is_seen_at_once(
    reader: Container, staff: Gateway, product: UUID
) -> None:
    token = token_of(staff.container, Role.STAFF)
    path = f"/api/catalog/products/{product}"
    for name in ("New name", "Newer name"):
        _warm(reader, product)
        tag = _read(reader, product).headers["etag"]
        changed = staff.patch(path, json={"name": name}, token=token, headers={"If-Match": tag})
        assert changed.status == 200, changed.text
        answer = _read(reader, product)
        assert (answer.json["name"], answer.headers["etag"]) == (name, changed.headers["etag"])
    _warm(reader, product)
    assert staff.delete(path, token=token).status == 204
    assert _read(reader, product).code == "product_not_found"


def test_only_the_changed_products_are_invalidated(
    reader: Container, staff: Gateway, product: UUID
) -> None:
    other = add_product(reader.database)
    _warm(reader, product)
    _warm(reader, other)
    staff.container.redis.delete(f"products:product:{product}")
    answer, trips = _read_counting(reader, other)
    assert (answer.headers["x-cache"], trips) == ("hit", 0)
    assert _read(reader, product).headers["x-cache"] == "miss"


def _call_for_ever(redis: Redis) -> None:
    while redis.ping():
        time.sleep(0.01)


@pytest.mark.parametrize("command", [("CLIENT", "KILL", "TYPE", "normal"), ("FLUSHALL",)])
def test_copies_are_dropped_when_messages_may_have_been_missed(
    reader: Container, product: UUID, redis: str, command: tuple[str, ...]
) -> None:
    _warm(reader, product)
    with Redis.from_url(redis) as operator:
        operator.execute_command(*command)

    def trips() -> int:
        answer, count = _read_counting(reader, product)
        assert answer.json["name"] == "Old name"
        return count

    # The operator may get its reply before the reader gets the message, or before its connection is closed.
    eventually(trips, what="the copy is dropped")
    _warm(reader, product)


def test_without_redis_memory_is_not_used(
    reader: Container, product: UUID, services: RunningServices
) -> None:
    _warm(reader, product)
    services.kill("valkey")
    try:
        with pytest.raises(DependencyUnavailable):
            _call_for_ever(reader.redis)
        with reader.database.transaction() as transaction:
            transaction.execute("UPDATE products SET name = 'New name' WHERE id = %s", (product,))
        answer = _read(reader, product)
        assert (answer.json["name"], answer.headers["x-cache"]) == ("New name", "miss")
    finally:
        services.start("valkey")
