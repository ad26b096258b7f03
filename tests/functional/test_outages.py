"""Redis and PostgreSQL become unavailable during a purchase, and recover."""

from collections.abc import Iterator

import pytest

from shop.adapters.redis import catalog_cache as redis_product_cache
from shop.domain.sessions import Role
from tests.support.builders import add_product
from tests.support.containers import Container, container_for
from tests.support.gateway import Gateway, Response
from tests.support.people import token_of
from tests.support.proxy import CuttableProxy

_LIST = "/api/catalog/products"


@pytest.fixture
def database_proxy(database: str) -> Iterator[CuttableProxy]:
    with CuttableProxy(database) as proxy:
        yield proxy


@pytest.fixture
def fragile(
    container: Container, redis_proxy: CuttableProxy, database_proxy: CuttableProxy
) -> Iterator[Container]:
    """A container whose servers can be cut off; `container` has its own way to them."""
    with container_for(database_proxy.url, redis_proxy.url) as made:
        yield made


def _is_unavailable(answer: Response) -> bool:
    return (answer.status, answer.code) == (503, "dependency_unavailable") and int(
        answer.headers["retry-after"]
    ) > 0


def test_redis_fails_and_recovers(
    container: Container,
    fragile: Container,
    redis_proxy: CuttableProxy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(redis_product_cache, "OPEN_SECONDS", 0.0)
    shop, token = Gateway(fragile), token_of(container)
    body = {"product_id": str(add_product(container.database)), "quantity": 2}
    before = shop.post("/api/cart/items", json=body, token=token)
    assert shop.get(_LIST).status == before.status == 200
    redis_proxy.cut()

    assert _is_unavailable(shop.get("/api/cart", token=token))
    assert _is_unavailable(shop.post("/api/cart/items", json=body, token=token))
    assert _is_unavailable(shop.post("/api/sessions", json={}))
    without = shop.get(_LIST)
    assert (without.status, without.headers["x-cache"]) == (200, "miss")
    assert shop.get(f"{_LIST}/{body['product_id']}").status == 200
    redis_proxy.mend()

    assert shop.get("/api/cart", token=token).text == before.text
    assert shop.get(_LIST).headers["x-cache"] == "hit"


def test_postgresql_fails_and_recovers(
    container: Container, fragile: Container, database_proxy: CuttableProxy
) -> None:
    shop, token = Gateway(fragile), token_of(container)
    staff = token_of(container, Role.STAFF)
    product_id = str(add_product(container.database, name="Old"))
    body = {"product_id": product_id, "quantity": 1}
    before = shop.post("/api/cart/items", json=body, token=token)
    shop.get(_LIST)
    database_proxy.cut()

    change = {"name": "New", "version": 1}
    assert _is_unavailable(shop.post("/api/cart/items", json=body, token=token))
    assert _is_unavailable(shop.patch(f"{_LIST}/{product_id}", json=change, token=staff))
    assert _is_unavailable(shop.get(_LIST, query={"page": 2}))
    assert shop.get(_LIST).status == 200
    assert shop.post("/api/sessions", json={}).status == 201
    database_proxy.mend()

    assert shop.get("/api/cart", token=token).text == before.text
    assert shop.patch(f"{_LIST}/{product_id}", json=change, token=staff).json["name"] == "New"
    assert shop.get(_LIST).json["products"][0]["name"] == "New"
