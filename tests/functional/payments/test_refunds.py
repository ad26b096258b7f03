"""POST and GET /api/orders/{order_id}/refunds, and a cancellation, which refunds the rest."""

from typing import Any

import pytest

from shop.domain.ids import new_id
from tests.support.builders import QUANTITY, STOCK, Placed, place_order
from tests.support.checks import violations
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.payments import (
    StripeControl,
    events_of,
    status_of,
    stock_of,
)
from tests.support.people import token_of
from tests.support.refunds import confirm, payment_of, refund, units
from tests.support.stock import levels, query


def test_units_shipping_and_the_rest_add_up_to_the_charge(
    shop: Gateway, container: Container, control: StripeControl, paid: Placed, staff: str
) -> None:
    """A20: shares of units, then an amount, and last the rest."""
    one = refund(shop, paid, staff, lines=[units(paid, 0, 1)])
    assert (one.status, one.json["status"]) == (201, "succeeded")
    assert (one.json["amount"], one.json["tax"]) == (10.00, 0.00)
    assert payment_of(shop, paid, staff) == {
        "charged": 44.99, "refunded": 10.00, "refundable": 34.99, "disputed": 0.00,
    }  # fmt: skip
    assert refund(shop, paid, staff, shipping=True).json["amount"] == 4.99
    assert refund(shop, paid, staff, amount=5.00).json["amount"] == 5.00
    # Units that are worth 30.00, of which an earlier refund took 5.00.
    last = refund(shop, paid, staff, lines=[units(paid, 0, 1), units(paid, 1, 2)])
    assert (last.json["amount"], [line["amount"] for line in last.json["lines"]]) == (
        25.00, [10.00, 20.00],
    )  # fmt: skip
    assert control.kept_minor(paid.order_id) == 0
    assert status_of(container.settings.database_url, paid.order_id) == "CANCELLED"
    assert stock_of(container.settings.database_url, paid) == {(STOCK, 0)}
    listed = shop.get(f"/api/orders/{paid.order_id}/refunds", token=staff).json["refunds"]
    assert [one["amount"] for one in listed] == [10.00, 4.99, 5.00, 25.00]
    assert events_of(container.settings.database_url, paid.order_id).count("order.refunded") == 4
    assert violations(container.settings.database_url) == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "validation_failed"),
        ({"amount": 0}, 400, "validation_failed"),
        ({"amount": 1.001}, 400, "validation_failed"),
        ({"amount": 45.00}, 409, "refund_exceeds_charge"),
        ({"lines": [{"product_id": str(new_id()), "quantity": 1}]}, 400, "validation_failed"),
    ],
)
def test_what_cannot_be_refunded(
    shop: Gateway,
    control: StripeControl,
    paid: Placed,
    staff: str,
    body: Any,
    status: int,
    code: str,
) -> None:
    answer = refund(shop, paid, staff, **body)
    assert (answer.status, answer.code) == (status, code)
    assert control.kept_minor(paid.order_id) == paid.total_minor


def test_who_may_refund_and_see_refunds(shop: Gateway, container: Container, paid: Placed) -> None:
    owner = token_of(container, user_id=paid.user_id)
    path = f"/api/orders/{paid.order_id}/refunds"
    assert refund(shop, paid, owner, amount=1).code == "forbidden"
    assert shop.get(path, token=owner).json == {"refunds": []}
    assert shop.get(path, token=token_of(container)).code == "order_not_found"


def test_a_key_is_required_and_refunds_once(
    shop: Gateway, control: StripeControl, paid: Placed, staff: str
) -> None:
    path = f"/api/orders/{paid.order_id}/refunds"
    body = {"amount": 5.00, "reason": "late"}
    assert shop.post(path, json=body, token=staff).code == "idempotency_key_required"
    answers = [shop.post(path, json=body, token=staff, key="k") for _ in range(3)]
    assert {answer.json["refund_id"] for answer in answers} == {answers[0].json["refund_id"]}
    assert control.kept_minor(paid.order_id) == paid.total_minor - 500


def test_an_unpaid_order_has_nothing_to_refund(
    shop: Gateway, container: Container, staff: str
) -> None:
    assert refund(shop, place_order(container), staff, amount=1).code == "refund_exceeds_charge"


def test_restocking_puts_units_back_once(
    shop: Gateway, container: Container, database: str, paid: Placed, staff: str
) -> None:
    first = paid.products[0]
    # The order's stock has not been committed yet.
    early = refund(shop, paid, staff, lines=[units(paid, 0, 1, restock=True)])
    assert (early.status, early.code) == (409, "restock_conflict")
    confirm(container, paid)
    assert levels(database, first) == (STOCK - QUANTITY, 0)
    assert refund(shop, paid, staff, lines=[units(paid, 0, 1, restock=True)]).status == 201
    assert levels(database, first) == (STOCK - QUANTITY + 1, 0)
    # A cancellation releases the other unit, and refunds the rest.
    assert shop.post(f"/api/orders/{paid.order_id}/cancel", json={}, token=staff).status == 200
    assert stock_of(database, paid) == {(STOCK, 0)}


def test_a_partly_refunded_order_ships(
    shop: Gateway, container: Container, database: str, paid: Placed, staff: str
) -> None:
    confirm(container, paid)
    query(database, "UPDATE orders SET status = 'PROCESSING' WHERE id = %s", (paid.order_id,))
    assert refund(shop, paid, staff, lines=[units(paid, 0, 1)]).status == 201
    parcel = {"carrier": "UPS", "tracking_number": "1"}
    assert shop.post(f"/api/orders/{paid.order_id}/ship", json=parcel, token=staff).status == 200
    # A shipped order is refunded without being cancelled.
    assert refund(shop, paid, staff, amount=34.99).status == 201
    assert status_of(database, paid.order_id) == "SHIPPED"
    assert violations(database) == []


def test_the_keys_at_stripe_are_the_refunds_own(
    shop: Gateway, control: StripeControl, paid: Placed, staff: str
) -> None:
    ids = [refund(shop, paid, staff, amount=1).json["refund_id"] for _ in range(2)]
    sent = control.send("GET", "requests?path=/v1/refunds&method=POST")["data"]
    assert [request["idempotency_key"] for request in sent][-2:] == [f"refund:{one}" for one in ids]
