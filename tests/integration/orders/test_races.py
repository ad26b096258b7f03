"""Concurrent requests: real threads on a real database."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from shop.domain.sessions import Role
from tests.support.at_once import at_once
from tests.support.builders import add_categories, add_product
from tests.support.orders import OrderingShop
from tests.support.payments import StripeControl, events_of, paying_container, status_of
from tests.support.stock import levels, query

PARCEL = {"carrier": "UPS", "tracking_number": "1Z"}


@pytest.fixture
def shops(database: str, redis: str, stripe: str) -> Iterator[list[OrderingShop]]:
    """Four shops on one database, one a thread."""
    with ExitStack() as stack:
        made = [
            OrderingShop(stack.enter_context(paying_container(database, redis, stripe)))
            for _ in range(4)
        ]
        add_categories(made[0].container.database)
        yield made


def test_one_key_makes_one_order(shops: list[OrderingShop]) -> None:
    """A4, A15: the same request four times at once."""
    phone, token = add_product(shops[0].container.database), shops[0].shopper()
    cart, key = shops[0].fill_cart(token, phone, quantity=2), uuid.uuid4().hex
    answers = at_once([partial(s.check_out, token, cart, key=key) for s in shops])
    assert {answer.status for answer in answers} <= {201, 409}
    assert {answer.code for answer in answers} <= {None, "request_in_progress"}
    assert len({answer.json["order_id"] for answer in answers if answer.status == 201}) == 1
    assert levels(shops[0].database_url, phone) == (10, 2)


@pytest.mark.parametrize("repetition", range(3))
def test_shipped_or_cancelled_but_not_both(
    shops: list[OrderingShop], stripe: str, repetition: int
) -> None:
    shop, control = shops[0], StripeControl(stripe)
    phone, token = add_product(shop.container.database), shop.shopper()
    staff = shop.shopper(Role.STAFF)
    order_id = shop.order(token, phone)
    shop.pay(token, order_id)
    shop.confirm(order_id)
    shop.move(order_id, "PROCESSING")
    ship, cancel, again, _ = at_once(
        [
            lambda: shops[0].post(f"/api/orders/{order_id}/ship", json=PARCEL, token=staff),
            lambda: shops[1].post(f"/api/orders/{order_id}/cancel", token=token),
            lambda: shops[2].post(f"/api/orders/{order_id}/cancel", token=staff),
            lambda: shops[3].get(f"/api/orders/{order_id}", token=token),
        ]
    )
    if status_of(shop.database_url, order_id) == "SHIPPED":
        assert (ship.status, cancel.status, again.status) == (200, 409, 409)
        assert control.kept_minor(order_id) > 0
        assert levels(shop.database_url, phone) == (9, 0)
    else:
        assert (ship.status, cancel.status, again.status) == (409, 200, 200)
        assert control.kept_minor(order_id) == 0
        assert levels(shop.database_url, phone) == (10, 0)
        assert events_of(shop.database_url, order_id).count("order.cancelled") == 1


@pytest.mark.parametrize("repetition", range(3))
def test_paid_or_cancelled_but_not_both(
    shops: list[OrderingShop], stripe: str, repetition: int
) -> None:
    """A5: charged and ordered, or not charged."""
    shop, control = shops[0], StripeControl(stripe)
    phone, token = add_product(shop.container.database), shop.shopper()
    order_id = shop.order(token, phone)
    body = {"order_id": str(order_id), "payment_method_id": "pm_card_visa"}
    pay, cancel = at_once(
        [
            lambda: shops[0].post("/api/payments/process", json=body, token=token),
            lambda: shops[1].post(f"/api/orders/{order_id}/cancel", token=token),
        ]
    )
    status = status_of(shop.database_url, order_id)
    if status == "PAID":
        assert (pay.status, cancel.status) == (200, 409)
        assert levels(shop.database_url, phone) == (10, 1)
    else:
        assert (status, cancel.status) == ("CANCELLED", 200)
        # Cancelled before the payment began, or refunded right after it.
        assert pay.status in {200, 409}
        assert control.kept_minor(order_id) == 0
        assert levels(shop.database_url, phone) == (10, 0)
    assert query(shop.database_url, "SELECT count(*) FROM payments")[0][0] <= 1
