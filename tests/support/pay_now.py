"""Checkouts with ``pay_now``, and their results."""

from typing import Any
from uuid import UUID

from tests.support.gateway import Response
from tests.support.orders import OrderingShop
from tests.support.stock import query

PAID = ["PENDING", "PAYMENT_PROCESSING", "PAID"]
STEPS = ["orders/create_order", "inventory/hold_order_stock", "payments/charge_order"]


def buy(
    shop: OrderingShop, token: str, cart: str, method: str = "pm_card_visa", **options: Any
) -> Response:
    """Check out and pay at once."""
    return shop.check_out(token, cart, pay_now=True, payment_method_id=method, **options)


def cart_of(shop: OrderingShop, token: str) -> list[tuple[str, int]]:
    """What a cart holds."""
    items = shop.get("/api/cart", token=token).json["items"]
    return [(item["product_id"], item["quantity"]) for item in items]


def only_order(shop: OrderingShop) -> UUID:
    """The id of the only order there is."""
    ((order_id,),) = query(shop.database_url, "SELECT id FROM orders")
    assert isinstance(order_id, UUID)
    return order_id
