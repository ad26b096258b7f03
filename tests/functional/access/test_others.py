"""What belongs to one customer is answered to another as if it did not exist."""

import json
from typing import Any, Final
from uuid import UUID

import pytest

from shop.domain.sessions import Role
from shop_local.functions import Function, declared
from shop_local.paths import CHECKOUT
from tests.support.access import ROUTES
from tests.support.containers import Container
from tests.support.gateway import load_module
from tests.support.orders import OrderingShop

_BUYERS: Final = frozenset({Role.GUEST, Role.CUSTOMER})


def _names_an_order(function: Function) -> bool:
    """Return whether buyers may call it, with an order in its path or body."""
    if function.route is None:
        return False
    roles = ROUTES[" ".join(function.route)]
    order: str | None = load_module(function.title).handler.operation.order
    return order in ("path", "body") and roles is not None and bool(roles & _BUYERS)


_OF_ONE_BUYER: Final = [function for function in declared() if _names_an_order(function)]


@pytest.fixture
def shop(container: Container) -> OrderingShop:
    return OrderingShop(container)


def _call(shop: OrderingShop, function: Function, order_id: UUID, token: str) -> Any:
    """Send the sample event of a function about this order."""
    assert function.route is not None
    method, path = function.route
    body = json.loads((CHECKOUT / f"events/{function.title}.json").read_text())["body"]
    sent = json.loads(body) if body else None
    if sent and "order_id" in sent:
        sent["order_id"] = str(order_id)
    return shop.call(method, path.replace("{order_id}", str(order_id)), json=sent, token=token)


def test_the_routes_with_an_order_of_one_buyer_are_found() -> None:
    assert {function.title for function in _OF_ONE_BUYER} >= {
        "orders/get_order", "orders/cancel_order", "orders/list_refunds", "payments/process_payment",
    }  # fmt: skip


@pytest.mark.parametrize("function", _OF_ONE_BUYER, ids=lambda function: function.title)
@pytest.mark.parametrize("owner", [Role.GUEST, Role.CUSTOMER])
def test_an_order_of_another_buyer_is_not_found(
    shop: OrderingShop, function: Function, owner: Role
) -> None:
    order_id = shop.order(shop.shopper(owner), shop.product())
    for role in (Role.GUEST, Role.CUSTOMER, Role.FINANCE):
        answer = _call(shop, function, order_id, shop.shopper(role))
        assert (answer.status, answer.code) == (404, "order_not_found"), role


def test_lists_name_what_is_ones_own(shop: OrderingShop) -> None:
    ada, bob = shop.shopper(), shop.shopper()
    order_id = shop.order(ada, shop.product())
    assert [order["order_id"] for order in shop.get("/api/orders", token=ada).json["orders"]] == [
        str(order_id)
    ]
    assert shop.get("/api/orders", token=bob).json["orders"] == []
    assert len(shop.get("/api/customers/me/sessions", token=bob).json["sessions"]) == 1


def test_a_cart_of_another_buyer_is_not_ordered(shop: OrderingShop) -> None:
    ada, bob = shop.shopper(), shop.shopper()
    product = shop.product()
    hers, his = shop.fill_cart(ada, product), shop.fill_cart(bob, product)
    assert hers != his
    answer = shop.check_out(bob, hers)
    assert 400 <= answer.status < 500
    assert shop.get("/api/cart", token=ada).json["items"] != []
    assert shop.get("/api/orders", token=ada).json["orders"] == []


def test_a_key_of_another_buyer_replays_nothing(shop: OrderingShop) -> None:
    ada, bob = shop.shopper(), shop.shopper()
    product = shop.product()
    first = shop.check_out(ada, shop.fill_cart(ada, product), key="the-same")
    second = shop.check_out(bob, shop.fill_cart(bob, product), key="the-same")
    assert (first.status, second.status) == (201, 201)
    assert "idempotency-replayed" not in second.headers
    assert first.json["order_id"] != second.json["order_id"]


def test_a_token_that_is_no_link_of_the_order_opens_nothing(shop: OrderingShop) -> None:
    order_id = shop.order(shop.shopper(), shop.product())
    for token in ("garbage", "x" * 43):
        answer = shop.get(f"/api/orders/{order_id}", query={"token": token})
        assert (answer.status, answer.code) == (404, "order_not_found")
