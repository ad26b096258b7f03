"""The sample events of events/{identity,catalog,cart} and of the order desk, replayed."""

import json
from typing import Any
from uuid import UUID

import pytest

from shop.domain.sessions import Role
from shop_local.paths import CHECKOUT
from tests.support.builders import add_product
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.people import token_of
from tests.support.products import change

_PRODUCT = UUID("0199e8a0-1111-7a2b-8c3d-4e5f60718293")


def _sample(function: str) -> Any:
    return json.loads((CHECKOUT / f"events/{function}.json").read_text())


def _with_token(event: Any, token: str) -> Any:
    event["headers"]["Authorization"] = f"Bearer {token}"
    event["multiValueHeaders"]["Authorization"] = [f"Bearer {token}"]
    return event


@pytest.fixture
def _product(container: Container) -> None:
    add_product(container.database, product_id=_PRODUCT, name="Sample")


@pytest.mark.usefixtures("_product")
@pytest.mark.parametrize(
    ("function", "role", "status"),
    [
        ("identity/create_customer", None, 201),
        ("identity/create_session", None, 201),
        ("identity/delete_session", Role.GUEST, 204),
        ("catalog/list_products", None, 200),
        ("catalog/get_product", None, 200),
        ("catalog/list_categories", None, 200),
        ("catalog/create_product", Role.STAFF, 201),
        ("catalog/create_product", Role.GUEST, 403),
        ("catalog/change_product", Role.STAFF, 200),
        ("catalog/deactivate_product", Role.STAFF, 204),
        ("catalog/find_products", Role.STAFF, 200),
        ("catalog/create_category", Role.STAFF, 201),
        ("catalog/change_category", Role.STAFF, 200),
        ("catalog/delete_category", Role.STAFF, 409),
        ("orders/find_orders", Role.STAFF, 200),
        ("orders/get_order_file", Role.STAFF, 404),
        ("orders/add_note", Role.STAFF, 404),
        ("platform/list_audit", Role.STAFF, 200),
        ("cart/get_cart", Role.GUEST, 200),
        ("cart/empty_cart", Role.GUEST, 200),
        ("cart/add_item", Role.GUEST, 200),
        ("cart/change_item", Role.GUEST, 404),
        ("cart/quote_cart", Role.GUEST, 400),
        ("cart/remove_item", Role.GUEST, 404),
    ],
)
def test_endpoint(
    shop: Gateway, container: Container, function: str, role: Role | None, status: int
) -> None:
    event = _sample(function)
    if role is not None:
        _with_token(event, token_of(container, role))

    assert shop.invoke(function, event)["statusCode"] == status


def test_cart_schedule(shop: Gateway) -> None:
    counts = shop.invoke("cart/track_carts", _sample("cart/track_carts"))

    assert counts == {"created": 0, "abandoned": 0}


@pytest.mark.usefixtures("_product")
@pytest.mark.parametrize("function", ["catalog/on_product_updated", "catalog/on_inventory_updated"])
def test_consumer_drops_the_cached_product(
    shop: Gateway, container: Container, function: str
) -> None:
    path = f"/api/catalog/products/{_PRODUCT}"
    shop.get(path)
    change(container.database, _PRODUCT, name="New")
    assert shop.get(path).json["name"] == "Sample"
    shop.invoke(function, _sample(function))

    assert shop.get(path).json["name"] == "New"


@pytest.mark.usefixtures("_product")
def test_lists_outlive_a_change_of_the_stock_unless_it_is_sold_out(
    shop: Gateway, container: Container
) -> None:
    from shop.contracts.events import InventoryUpdated
    from shop.services.catalog.change import on_inventory_updated

    def happened(available: int) -> str:
        shop.get("/api/catalog/products")
        event = InventoryUpdated(product_id=_PRODUCT, quantity_available=available, stock_version=2)
        on_inventory_updated(container.catalog_cache, [event])
        return shop.get("/api/catalog/products").headers["x-cache"]

    assert happened(4) == "hit"
    assert happened(0) == "miss"


def test_consumer_raises_while_redis_is_unavailable(container: Container, database: str) -> None:
    """The batch is then redelivered."""
    from shop.contracts.events import ProductUpdated
    from shop.domain.errors import DependencyUnavailable
    from shop.services.catalog.change import on_products_updated
    from tests.support.containers import container_for

    with (
        container_for(database, "redis://127.0.0.1:1") as alone,
        pytest.raises(DependencyUnavailable),
    ):
        on_products_updated(
            alone.catalog_cache, [ProductUpdated(product_id=_PRODUCT, product_version=2)]
        )
