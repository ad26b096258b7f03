"""Paid orders are moved by events, or by the scheduled function if events do not arrive."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shop.domain.errors import DependencyUnavailable
from shop.services.orders.advance import advance_orders
from shop.services.payments.reconciliation import reconcile
from tests.support.builders import add_product
from tests.support.orders import OrderingShop
from tests.support.payments import (
    StripeControl,
    events_of,
    status_of,
    timeline_of,
    wind_back,
)
from tests.support.stock import connected, levels, query

LATE = timedelta(minutes=5, seconds=1)
PATH = ["PENDING", "PAYMENT_PROCESSING", "PAID", "CONFIRMED", "PROCESSING"]


@pytest.fixture
def token(paying_shop: OrderingShop) -> str:
    return paying_shop.shopper()


@pytest.fixture
def products(paying_shop: OrderingShop) -> list[UUID]:
    database = paying_shop.container.database
    return [add_product(database, price_minor=1500) for _ in range(2)]


@pytest.fixture
def order_id(paying_shop: OrderingShop, token: str, products: list[UUID]) -> UUID:
    placed = paying_shop.order(token, *products)
    paying_shop.pay(token, placed)
    return placed


def advance(shop: OrderingShop, order_id: UUID, *, age: timedelta = LATE) -> dict[str, int]:
    """Make an order older, and run the schedule."""
    wind_back(shop.database_url, order_id, age)
    counts: dict[str, int] = shop.invoke("orders/advance_orders", {})
    return counts


def lose_the_hold(shop: OrderingShop) -> None:
    query(shop.database_url, "UPDATE inventory SET quantity_reserved = 0")
    query(shop.database_url, "UPDATE reservations SET status = 'released'")


def test_events_carry_an_order_to_the_customer_s_email(
    paying_shop: OrderingShop, products: list[UUID], order_id: UUID
) -> None:
    shop = paying_shop
    steps = [
        ("inventory/on_order_paid", "order.paid"),
        ("orders/on_inventory_confirmed", "inventory.confirmed"),
        ("notifications/on_order_confirmed", "order.confirmed"),
    ]
    for function, event in steps:
        assert shop.deliver(function, event, order_id) == 1
    assert timeline_of(shop.database_url, order_id) == PATH
    assert [recipient for recipient, _ in shop.postbox.mails] == ["customer@shop.example"]
    assert [levels(shop.database_url, product) for product in products] == [(9, 0), (9, 0)]
    recorded = events_of(shop.database_url, order_id)
    assert recorded[-3:] == ["order.paid", "inventory.confirmed", "order.confirmed"]
    # Repeated and late events have no effect (A13).
    for function, event in steps:
        query(shop.database_url, "DELETE FROM inbox")
        shop.deliver(function, event, order_id)
    assert advance(shop, order_id) == {}
    assert timeline_of(shop.database_url, order_id) == PATH
    assert events_of(shop.database_url, order_id) == recorded
    assert len(shop.postbox.mails) == 1
    assert [levels(shop.database_url, product) for product in products] == [(9, 0), (9, 0)]


@pytest.mark.parametrize("delivered", range(3))
def test_the_order_advances_whichever_event_is_missing(
    paying_shop: OrderingShop, products: list[UUID], order_id: UUID, delivered: int
) -> None:
    shop = paying_shop
    steps = [
        ("inventory/on_order_paid", "order.paid"),
        ("orders/on_inventory_confirmed", "inventory.confirmed"),
    ]
    for function, event in steps[:delivered]:
        shop.deliver(function, event, order_id)
    assert advance(shop, order_id, age=LATE / 2) == {}
    results = [advance(shop, order_id) for _ in range(3)]
    assert results == (
        [{"processed": 1}, {}, {}] if delivered == 2 else [{"confirmed": 1}, {"processed": 1}, {}]
    )
    assert timeline_of(shop.database_url, order_id) == PATH
    assert len(shop.postbox.mails) == 1
    assert [levels(shop.database_url, product) for product in products] == [(9, 0), (9, 0)]
    recorded = events_of(shop.database_url, order_id)
    assert len(recorded) == len(set(recorded))
    # The late event arrives.
    shop.deliver("inventory/on_order_paid", "order.paid", order_id)
    shop.deliver("orders/on_inventory_confirmed", "inventory.confirmed", order_id)
    shop.deliver("notifications/on_order_confirmed", "order.confirmed", order_id)
    assert timeline_of(shop.database_url, order_id) == PATH
    assert len(shop.postbox.mails) == 1


def test_a_paid_order_without_stock_is_refunded_and_cancelled(
    paying_shop: OrderingShop, order_id: UUID, stripe: str
) -> None:
    """A5: charged and ordered, or not charged."""
    shop = paying_shop
    lose_the_hold(shop)
    shop.deliver("inventory/on_order_paid", "order.paid", order_id)
    assert status_of(shop.database_url, order_id) == "PAID"
    assert advance(shop, order_id) == {"refund_requested": 1}
    assert query(shop.database_url, "SELECT order_id, reason, status FROM refunds") == [
        (order_id, "stock_not_confirmed", "pending")
    ]
    # An order with a pending refund is skipped.
    assert advance(shop, order_id) == {}
    reconcile(shop.container.payment_provider, shop.container.unit_of_work, seconds=10)
    assert status_of(shop.database_url, order_id) == "CANCELLED"
    assert StripeControl(stripe).kept_minor(order_id) == 0


def test_a_paid_order_without_stock_and_without_a_charge_is_cancelled(
    paying_shop: OrderingShop, token: str, products: list[UUID]
) -> None:
    shop = paying_shop
    order_id = shop.order(token, *products)
    shop.move(order_id, "PAYMENT_PROCESSING", "PAID")
    lose_the_hold(shop)
    assert advance(shop, order_id) == {"cancelled": 1}
    assert timeline_of(shop.database_url, order_id)[-2:] == ["PAID", "CANCELLED"]
    assert events_of(shop.database_url, order_id)[-1] == "order.cancelled"


def test_a_locked_order_is_skipped(paying_shop: OrderingShop, order_id: UUID) -> None:
    shop = paying_shop
    wind_back(shop.database_url, order_id, LATE)
    with connected(shop.database_url) as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT FROM orders WHERE id = %s FOR UPDATE", (order_id,))
        assert shop.invoke("orders/advance_orders", {}) == {}
        cursor.execute("ROLLBACK")
    assert shop.invoke("orders/advance_orders", {}) == {"confirmed": 1}


def test_one_failing_order_does_not_block_the_others(
    paying_shop: OrderingShop, token: str, products: list[UUID], order_id: UUID
) -> None:
    """While the mail service is unavailable a run stops e-mails after three failures; paid orders advance."""
    shop = paying_shop
    confirmed = []
    for _ in range(4):
        confirmed.append(shop.order(token, products[0]))
        shop.pay(token, confirmed[-1])
        shop.confirm(confirmed[-1])
        wind_back(shop.database_url, confirmed[-1], LATE)
    wind_back(shop.database_url, order_id, LATE)
    attempts: list[Any] = []

    class Unavailable:
        def send(self, *arguments: Any) -> str:
            attempts.append(arguments)
            raise DependencyUnavailable("ses")

    with pytest.raises(ExceptionGroup) as failed:
        advance_orders(shop.container.unit_of_work, Unavailable(), seconds=10)
    assert len(failed.value.exceptions) == len(attempts) == 3
    assert status_of(shop.database_url, order_id) == "CONFIRMED"
    assert {status_of(shop.database_url, one) for one in confirmed} == {"CONFIRMED"}
    assert shop.invoke("orders/advance_orders", {}) == {"processed": 4}


def test_a_run_ends_when_its_time_is_over(
    paying_shop: OrderingShop, token: str, products: list[UUID]
) -> None:
    shop = paying_shop
    for _ in range(4):
        order_id = shop.order(token, products[0])
        shop.pay(token, order_id)
        wind_back(shop.database_url, order_id, LATE)
    ticks = iter(range(100))
    counts = advance_orders(
        shop.container.unit_of_work, shop.postbox, seconds=3, clock=lambda: float(next(ticks))
    )
    assert counts == {"confirmed": 2}
