"""The lines of an order return to the cart when the order ends unpaid, once, whatever is repeated."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shop.domain.cart import MAX_QUANTITY
from shop.domain.errors import DependencyUnavailable
from shop.services.orders.returning import return_cart
from shop.services.payments.reconciliation import reconcile
from tests.support.at_once import at_once
from tests.support.builders import lapse
from tests.support.carts import add_to_cart, cart_of
from tests.support.containers import container_for
from tests.support.orders import OrderingShop
from tests.support.payments import StripeControl, wind_back
from tests.support.stock import levels, query


def _pay(shop: OrderingShop, token: str, order_id: UUID, method: str) -> Any:
    body = {"order_id": str(order_id), "payment_method_id": method}
    return shop.post("/api/payments/process", json=body, token=token)


def test_returned_after_a_declined_card(paying_shop: OrderingShop) -> None:
    """A25: customers had to fill the cart again (evershop #623)."""
    shop, token = paying_shop, paying_shop.shopper()
    phone = shop.product()
    order_id = shop.order(token, phone, quantity=2)
    assert cart_of(shop, token) == {}

    assert _pay(shop, token, order_id, "pm_card_chargeDeclined").status == 402
    assert cart_of(shop, token) == {str(phone): 2}
    # Repetitions of the request and of the event add nothing.
    assert _pay(shop, token, order_id, "pm_card_chargeDeclined").status == 402
    for _ in range(2):
        shop.cancelled(order_id)
    assert cart_of(shop, token) == {str(phone): 2}
    cart_id = shop.get("/api/cart", token=token).json["cart_id"]
    again = shop.check_out(token, cart_id, pay_now=True)
    assert (again.status, again.json["status"]) == (201, "PAID")
    assert cart_of(shop, token) == {}


def test_returned_when_the_order_is_not_paid_in_time(shop: OrderingShop, token: str) -> None:
    phone = shop.product()
    order_id = shop.order(token, phone, quantity=3)
    lapse(shop.container.database, order_id)
    assert shop.invoke("inventory/expire_reservations", {})["cancelled"] == 1
    assert cart_of(shop, token) == {}
    shop.cancelled(order_id)
    assert cart_of(shop, token) == {str(phone): 3}


def test_returned_after_a_failed_or_abandoned_bank_check(
    paying_shop: OrderingShop, stripe: str
) -> None:
    """A25, A28: the authentication ends three minutes after the hold would have ended, and the cart is
    returned."""
    shop, token, control = paying_shop, paying_shop.shopper(), StripeControl(stripe)
    phone = shop.product()
    order_id = shop.order(token, phone)
    assert _pay(shop, token, order_id, "pm_card_authenticationRequired").status == 202
    wind_back(shop.database_url, order_id, timedelta(minutes=14))
    assert reconcile(shop.container.payment_provider, shop.container.unit_of_work, seconds=30) == {
        "cancelled": 1
    }
    assert control.intents(order_id)[0]["status"] == "canceled"
    assert levels(shop.database_url, phone) == (10, 0)
    shop.cancelled(order_id)
    assert cart_of(shop, token) == {str(phone): 1}


def test_returned_lines_are_merged_with_the_present_cart(shop: OrderingShop, token: str) -> None:
    phone, case = shop.product(on_hand=2000), shop.product(on_hand=2000)
    order_id = shop.order(token, phone, quantity=900)
    add_to_cart(shop, token, phone, 200)
    add_to_cart(shop, token, case, 1)
    _cancel(shop, token, order_id)
    assert cart_of(shop, token) == {str(phone): MAX_QUANTITY, str(case): 1}


def test_not_returned_after_a_payment(paying_shop: OrderingShop) -> None:
    shop, token = paying_shop, paying_shop.shopper()
    order_id = shop.order(token, shop.product())
    assert _pay(shop, token, order_id, "pm_card_visa").status == 200
    _cancel(shop, token, order_id)
    shop.cancelled(order_id)
    assert cart_of(shop, token) == {}


def test_not_returned_if_the_cart_was_not_emptied(
    shop: OrderingShop, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order ends before the cart is emptied, so the cart does not change."""
    phone = shop.product()
    carts = shop.container.carts
    empty = carts.remove_bought

    def cancelled_meanwhile(user_id: UUID, cart_id: UUID, bought: Any, *, order_id: UUID) -> bool:
        _cancel(shop, token, order_id)
        return empty(user_id, cart_id, bought, order_id=order_id)

    monkeypatch.setattr(carts, "remove_bought", cancelled_meanwhile)
    shop.order(token, phone, quantity=2)
    assert cart_of(shop, token) == {str(phone): 2}


@pytest.mark.parametrize("step", ["has_taken", "give_back"])
def test_returned_after_a_crash_at_any_step(
    shop: OrderingShop, token: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The request succeeds nevertheless; the event's consumer returns the cart."""
    phone = shop.product()
    order_id = shop.order(token, phone)

    def unavailable(*_args: object) -> None:
        raise DependencyUnavailable("redis")

    with monkeypatch.context() as patched:
        patched.setattr(shop.container.carts, step, unavailable)
        _cancel(shop, token, order_id)
    assert cart_of(shop, token) == {}
    shop.cancelled(order_id)
    assert cart_of(shop, token) == {str(phone): 1}
    assert query(shop.database_url, "SELECT cart_spent FROM orders") == [("returned",)]


def test_returned_once_by_many_concurrent_calls(shop: OrderingShop, token: str, redis: str) -> None:
    phone = shop.product()
    order_id = shop.order(token, phone, quantity=2)
    shop.move(order_id, "CANCELLED")

    def give_back() -> bool:
        with container_for(shop.database_url, redis) as other:
            return return_cart(other.carts, other.unit_of_work, order_id)

    assert sorted(at_once([give_back] * 6)) == [False] * 5 + [True]
    assert cart_of(shop, token) == {str(phone): 2}


def _cancel(shop: OrderingShop, token: str, order_id: UUID) -> None:
    answer = shop.post(f"/api/orders/{order_id}/cancel", json={}, token=token)
    assert answer.status == 200, answer.text
