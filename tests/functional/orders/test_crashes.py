"""A checkout interrupted after any step: a repeat leads to one order, no repeat to none.

A5 (medusa #13301 #4946): the order is recorded before anything is charged. A6 (medusa #13625):
every failed path releases the stock exactly once.
"""

import uuid
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from shop.domain.errors import DependencyUnavailable
from shop.services.orders.expire import expire_reservations
from tests.support.builders import add_product, lapse
from tests.support.orders import OrderingShop
from tests.support.payments import events_of, status_of
from tests.support.products import set_on_hand
from tests.support.stock import levels, query

STEPS = ["orders/create_order", "inventory/hold_order_stock"]


def lose(shop: OrderingShop, function: str, *, after: bool) -> Callable[[], None]:
    """Lose a function's response, after or instead of its work; return what restores the function."""
    real = shop.handler(function)

    def broken(event: Any, context: Any) -> None:
        if after:
            real(event, context)
        raise DependencyUnavailable("lambda")

    shop._handlers[function] = broken
    return lambda: shop._handlers.update({function: real})


@pytest.fixture
def phone(shop: OrderingShop) -> UUID:
    return add_product(shop.container.database)


@pytest.fixture
def cart(shop: OrderingShop, token: str, phone: UUID) -> str:
    return shop.fill_cart(token, phone, quantity=4)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("function", STEPS)
def test_a_repeat_continues_the_same_order(
    shop: OrderingShop, token: str, phone: UUID, cart: str, function: str, after: bool
) -> None:
    key = uuid.uuid4().hex
    mend = lose(shop, function, after=after)
    assert shop.check_out(token, cart, key=key).status == 503
    first = query(shop.database_url, "SELECT id FROM orders")
    mend()

    answer = shop.check_out(token, cart, key=key)

    assert answer.status == 201, answer.text
    assert [[str(row[0])] for row in first] in ([[answer.json["order_id"]]], [])
    assert query(shop.database_url, "SELECT count(*) FROM orders") == [(1,)]
    assert levels(shop.database_url, phone) == (10, 4)
    events = events_of(shop.database_url, answer.json["order_id"])
    assert sorted(events) == ["inventory.reserved", "order.created"]


def test_lines_added_to_the_cart_before_the_repeat_are_not_lost(
    shop: OrderingShop, token: str, phone: UUID, cart: str
) -> None:
    key = uuid.uuid4().hex
    mend = lose(shop, "inventory/hold_order_stock", after=True)
    assert shop.check_out(token, cart, key=key).status == 503
    mend()
    cable = add_product(shop.container.database)
    for product, quantity in ((phone, 1), (cable, 2)):
        shop.fill_cart(token, product, quantity=quantity)

    answer = shop.check_out(token, cart, key=key)

    assert [line["quantity"] for line in answer.json["items"]] == [4]
    left = shop.call("GET", "/api/cart", token=token).json
    assert left["cart_id"] != cart
    assert [(line["product_id"], line["quantity"]) for line in left["items"]] == [
        (str(phone), 1),
        (str(cable), 2),
    ]
    assert shop.check_out(token, left["cart_id"]).status == 201


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("function", STEPS)
def test_without_a_repeat_it_is_cleaned_up(
    shop: OrderingShop, token: str, phone: UUID, cart: str, function: str, after: bool
) -> None:
    mend = lose(shop, function, after=after)
    assert shop.check_out(token, cart).status == 503
    mend()
    lapse(shop.database_url)
    for _ in range(2):
        expire_reservations(shop.container.unit_of_work, seconds=5)
    assert {row[0] for row in query(shop.database_url, "SELECT status FROM orders")} <= {
        "CANCELLED"
    }
    assert levels(shop.database_url, phone) == (10, 0)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_an_interrupted_compensation_is_repeated(
    shop: OrderingShop, token: str, phone: UUID, cart: str, after: bool
) -> None:
    key = uuid.uuid4().hex
    set_on_hand(shop.container.database, phone, 1)
    mend = lose(shop, "orders/reject_order", after=after)
    assert shop.check_out(token, cart, key=key).status == 503
    mend()
    answer = shop.check_out(token, cart, key=key)
    assert (answer.status, answer.code) == (400, "insufficient_stock")
    ((order_id,),) = query(shop.database_url, "SELECT id FROM orders")
    assert status_of(shop.database_url, order_id) == "CANCELLED"
    assert events_of(shop.database_url, order_id).count("order.cancelled") == 1
    assert levels(shop.database_url, phone) == (1, 0)
