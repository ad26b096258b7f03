"""The sample events of events/{orders,notifications}, replayed in the order of one purchase."""

import json
from typing import Any
from uuid import UUID

import pytest

from shop.domain.sessions import Role
from shop_local.paths import CHECKOUT
from tests.support.builders import add_product
from tests.support.orders import OrderingShop
from tests.support.payments import status_of
from tests.support.stock import query

ORDER = UUID("0199e8a0-5c1d-7b3a-9f10-2c4e6a8b0d11")
USER = UUID("0199e8a0-4444-7d5e-9f60-718293041526")
PRODUCT = UUID("0199e8a0-1111-7a2b-8c3d-4e5f60718293")
FUNCTIONS = sorted(
    f"{folder.parent.name}/{folder.name}"
    for service in ("orders", "notifications")
    for folder in (CHECKOUT / "functions" / service).iterdir()
    if (folder / "handler.py").exists()
)


def sample(function: str, token: str | None = None) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((CHECKOUT / f"events/{function}.json").read_text())
    if token is not None:
        event["headers"]["Authorization"] = f"Bearer {token}"
        event["multiValueHeaders"]["Authorization"] = [f"Bearer {token}"]
    return event


@pytest.fixture
def placed(shop: OrderingShop) -> dict[str, Any]:
    add_product(shop.database_url, product_id=PRODUCT, name="Sample")
    order: dict[str, Any] = shop.invoke("orders/create_order", sample("orders/create_order"))[
        "order"
    ]
    shop.invoke(
        "inventory/hold_order_stock",
        {
            "order_id": order["order_id"],
            "items": order["lines"],
            "expires_at": order["reservation_expires_at"],
            "correlation_id": order["correlation_id"],
        },
    )
    return order


def test_every_function_has_a_sample() -> None:
    for service in ("orders", "notifications"):
        files = {f"{service}/{path.stem}" for path in (CHECKOUT / f"events/{service}").iterdir()}
        assert files == {name for name in FUNCTIONS if name.startswith(f"{service}/")}


def test_a_purchase_from_sample_to_sample(shop: OrderingShop, placed: dict[str, Any]) -> None:
    owner, staff = shop.shopper_again(USER), shop.shopper(Role.STAFF)

    def replay(function: str, token: str | None = None) -> Any:
        return shop.invoke(function, sample(function, token))

    assert placed["order_id"] == str(ORDER)
    assert placed["total_minor"] == 2000 + 145 + 599
    listed = json.loads(replay("orders/list_orders", owner)["body"])["orders"]
    assert [order["order_id"] for order in listed] == [str(ORDER)]
    assert replay("orders/get_order", owner)["statusCode"] == 200
    shop.move(ORDER, "PAYMENT_PROCESSING", "PAID")
    assert replay("orders/advance_orders") == {}
    query(shop.database_url, "UPDATE reservations SET status = 'confirmed'")
    replay("orders/on_inventory_confirmed")
    assert status_of(shop.database_url, ORDER) == "CONFIRMED"
    replay("notifications/on_order_confirmed")
    assert status_of(shop.database_url, ORDER) == "PROCESSING"
    assert replay("orders/ship_order", staff)["statusCode"] == 200
    replay("notifications/on_order_shipped")
    assert [recipient for recipient, _ in shop.postbox.mails] == ["ada@shop.example"] * 2
    assert replay("orders/deliver_order", staff)["statusCode"] == 200
    assert replay("orders/cancel_order", owner)["statusCode"] == 409
    assert replay("orders/checkout", owner)["statusCode"] == 404  # the cart was bought long ago


def test_an_order_that_is_cancelled(shop: OrderingShop, placed: dict[str, Any]) -> None:
    owner = shop.shopper_again(USER)
    cancelled = shop.invoke("orders/cancel_order", sample("orders/cancel_order", owner))
    assert cancelled["statusCode"] == 200
    assert shop.invoke("orders/reject_order", sample("orders/reject_order")) is None
    assert status_of(shop.database_url, ORDER) == "CANCELLED"


@pytest.mark.parametrize("error", ["InsufficientStock", "Conflict", "InvalidRequest"])
def test_rejecting_twice_changes_nothing(
    shop: OrderingShop, placed: dict[str, Any], error: str
) -> None:
    event = sample("orders/reject_order") | {"error": error}
    for _ in range(2):
        shop.invoke("orders/reject_order", event)
    rows = query(shop.database_url, "SELECT status FROM order_timeline ORDER BY id")
    expected = {
        "InsufficientStock": ["PENDING", "INVENTORY_UNAVAILABLE", "CANCELLED"],
        "Conflict": ["PENDING", "CANCELLED"],
        "InvalidRequest": ["PENDING", "CANCELLED"],
    }
    assert [row[0] for row in rows] == expected[error]
    assert query(shop.database_url, "SELECT quantity_reserved FROM inventory") == [(0,)]
