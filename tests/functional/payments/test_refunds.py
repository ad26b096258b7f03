"""POST and GET /api/orders/{order_id}/refunds, and a cancellation, which refunds the rest."""

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
import pytest

from shop.domain.ids import new_id
from shop.domain.sessions import Role
from shop.services.payments.reconciliation import reconcile
from tests.support.at_once import at_once
from tests.support.builders import QUANTITY, STOCK, Placed, place_order
from tests.support.checks import violations
from tests.support.containers import Container
from tests.support.gateway import Gateway, Response
from tests.support.paying import call_at_once, deliver, pay
from tests.support.payments import (
    StripeControl,
    event_of,
    events_of,
    status_of,
    stock_of,
    wind_back,
)
from tests.support.people import token_of
from tests.support.stock import levels, query


@pytest.fixture
def staff(container: Container) -> str:
    return token_of(container, Role.STAFF)


@pytest.fixture
def paid(shop: Gateway, container: Container) -> Placed:
    placed = place_order(container, products=2)
    assert pay(shop, placed).status == 200
    return placed


def refund(
    shop: Gateway, placed: Placed, token: str, *, key: str | None = None, **body: Any
) -> Response:
    return shop.post(
        f"/api/orders/{placed.order_id}/refunds",
        json={"reason": "damaged", **body},
        token=token,
        key=key or str(new_id()),
    )


def payment_of(shop: Gateway, placed: Placed, token: str) -> dict[str, Any]:
    seen: dict[str, Any] = shop.get(f"/api/orders/{placed.order_id}", token=token).json["payment"]
    return seen


def units(placed: Placed, index: int, quantity: int, *, restock: bool = False) -> dict[str, Any]:
    return {"product_id": str(placed.products[index]), "quantity": quantity, "restock": restock}


def confirm(container: Container, placed: Placed) -> None:
    """Commit the order's stock, as the consumer of order.paid does."""
    with container.unit_of_work() as work:
        work.inventory.confirm(placed.order_id)
    query(
        container.settings.database_url,
        "UPDATE orders SET status = 'CONFIRMED' WHERE id = %s",
        (placed.order_id,),
    )


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


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("heard", [False, True])
def test_a19_a_cancellation_after_a_refund_in_the_dashboard_returns_everything(
    shop: Gateway,
    container: Container,
    control: StripeControl,
    database: str,
    paid: Placed,
    staff: str,
    stored: bool,
    heard: bool,
) -> None:
    """A19: 44.99 paid, 5.00 refunded in the dashboard, cancelled, the first refund request answers 500."""
    (intent,) = control.intents(paid.order_id)
    control.refund(intent["id"], 500)
    if heard:
        (charge,) = control.charges(paid.order_id)
        assert deliver(shop, event_of("charge.refunded", charge)).json == {"outcome": "refunded"}
    control.fault("status", "/v1/refunds", status=500, when="before", stored=stored)

    answer = shop.post(f"/api/orders/{paid.order_id}/cancel", json={}, token=staff)

    assert answer.status == 202
    control.clear_faults()
    for hours in (0, 25, 25):  # a stored error is repeated for as long as Stripe keeps the key
        wind_back(database, paid.order_id, timedelta(hours=hours, minutes=1))
        reconcile(container.payment_provider, container.unit_of_work, seconds=20)
        control.send("POST", "settings", {"clock_offset_seconds": 25 * 3600})
    assert status_of(database, paid.order_id) == "CANCELLED"
    assert control.kept_minor(paid.order_id) == 0
    assert payment_of(shop, paid, staff) == {
        "charged": 44.99, "refunded": 44.99, "refundable": 0.00, "disputed": 0.00,
    }  # fmt: skip
    rows = query(
        database, "SELECT external, amount_minor FROM refunds WHERE status = 'succeeded' ORDER BY 1"
    )
    assert rows == [(False, 3999), (True, 500)]
    assert stock_of(database, paid) == {(STOCK, 0)}
    assert violations(database) == []


def test_many_refunds_at_once_never_exceed_the_charge(
    shop: Gateway, container: Container, control: StripeControl, database: str, paid: Placed,
    staff: str,
) -> None:  # fmt: skip
    (intent,) = control.intents(paid.order_id)

    def act(own: Gateway, number: int) -> Response:
        if number % 4 == 3:
            control.refund(intent["id"], 300)
        if number == 5:
            return own.post(f"/api/orders/{paid.order_id}/cancel", json={}, token=staff)
        if number % 2:
            return refund(own, paid, staff, lines=[units(paid, number % 4 // 2, 1)])
        return refund(own, paid, staff, amount=7.00)

    answers = call_at_once(container, 12, act)

    assert {answer.status for answer in answers} <= {200, 201, 202, 409}
    for _ in range(2):
        wind_back(database, paid.order_id, timedelta(minutes=1))
        reconcile(container.payment_provider, container.unit_of_work, seconds=20)
    ((booked, counted),) = query(
        database,
        "SELECT sum(r.amount_minor)::bigint, max(p.refunded_minor) FROM refunds AS r"
        " JOIN payments AS p USING (payment_intent_id) WHERE r.status = 'succeeded'",
    )
    assert booked == counted == paid.total_minor - control.kept_minor(paid.order_id)
    assert control.kept_minor(paid.order_id) == 0  # one of them cancelled it
    assert status_of(database, paid.order_id) == "CANCELLED"
    assert violations(database) == []


def test_the_database_itself_refuses_more_than_the_charge(
    container: Container, database: str, paid: Placed
) -> None:
    """The constraint holds even for writers that read and lock nothing."""

    def insert(order_id: UUID) -> bool:
        try:
            query(
                database,
                "INSERT INTO refunds (payment_intent_id, order_id, amount_minor, reason, external)"
                " SELECT payment_intent_id, order_id, 1000, 'r', random() < 0.5 FROM payments"
                " WHERE order_id = %s",
                (order_id,),
            )
        except psycopg.errors.CheckViolation:
            return False
        return True

    done = at_once([partial(insert, paid.order_id)] * 24)
    assert done.count(True) == paid.total_minor // 1000
    assert query(database, "SELECT refunded_minor FROM payments") == [(4000,)]


def test_a_unit_is_refunded_once_by_the_database(database: str, paid: Placed) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        query(
            database,
            "WITH r AS (INSERT INTO refunds (payment_intent_id, order_id, amount_minor, reason)"
            " SELECT payment_intent_id, order_id, 1, 'r' FROM payments RETURNING id, order_id)"
            " INSERT INTO refund_lines (refund_id, order_id, product_id, quantity, amount_minor, tax_minor)"
            " SELECT id, order_id, %s, %s, 1, 0 FROM r",
            (paid.products[0], QUANTITY + 1),
        )


def test_a_dispute_shows_and_stops_refunds(
    shop: Gateway, container: Container, control: StripeControl, database: str, paid: Placed,
    staff: str,
) -> None:  # fmt: skip
    (intent,) = control.intents(paid.order_id)
    dispute = control.dispute(intent["id"])
    outcomes = [
        deliver(shop, event_of(f"charge.dispute.{kind}", dispute)).json["outcome"]
        for kind in ("created", "funds_withdrawn")
    ]
    assert outcomes == ["disputed", "ignored"]
    assert payment_of(shop, paid, staff) == {
        "charged": 44.99, "refunded": 0.00, "refundable": 0.00, "disputed": 44.99,
    }  # fmt: skip
    assert refund(shop, paid, staff, amount=1).code == "charge_disputed"
    cancelled = shop.post(f"/api/orders/{paid.order_id}/cancel", json={}, token=staff)
    assert (cancelled.status, cancelled.code) == (409, "charge_disputed")
    won = control.close_dispute(dispute["id"], "won")
    assert deliver(shop, event_of("charge.dispute.closed", won)).json == {"outcome": "disputed"}
    # An older event does not reopen the dispute.
    assert deliver(shop, event_of("charge.dispute.updated", dispute)).json == {"outcome": "ignored"}
    assert payment_of(shop, paid, staff)["refundable"] == 44.99
    assert events_of(database, paid.order_id).count("payment.disputed") == 2
    assert refund(shop, paid, staff, amount=1).status == 201


def test_a_refund_that_no_webhook_reported_is_found(
    shop: Gateway, container: Container, control: StripeControl, paid: Placed, staff: str
) -> None:
    """A19: the reconciliation compares what Stripe has returned with the ledger."""
    (intent,) = control.intents(paid.order_id)
    control.refund(intent["id"], 700)
    counts = reconcile(container.payment_provider, container.unit_of_work, seconds=20)
    assert counts == {"refund_booked": 1}
    assert reconcile(container.payment_provider, container.unit_of_work, seconds=20) == {}
    assert payment_of(shop, paid, staff) == {
        "charged": 44.99, "refunded": 7.00, "refundable": 37.99, "disputed": 0.00,
    }  # fmt: skip
    (listed,) = shop.get(f"/api/orders/{paid.order_id}/refunds", token=staff).json["refunds"]
    assert (listed["external"], listed["amount"]) == (True, 7.00)


def test_the_refund_of_a_shipped_order_at_stripe_shows(
    shop: Gateway, container: Container, control: StripeControl, database: str, paid: Placed,
    staff: str,
) -> None:  # fmt: skip
    confirm(container, paid)
    for status in ("PROCESSING", "SHIPPED"):
        query(database, "UPDATE orders SET status = %s WHERE id = %s", (status, paid.order_id))
    (intent,) = control.intents(paid.order_id)
    control.refund(intent["id"])
    (charge,) = control.charges(paid.order_id)
    assert deliver(shop, event_of("charge.refunded", charge)).json == {"outcome": "refunded"}
    assert status_of(database, paid.order_id) == "SHIPPED"
    assert payment_of(shop, paid, staff)["refunded"] == 44.99


def test_the_keys_at_stripe_are_the_refunds_own(
    shop: Gateway, control: StripeControl, paid: Placed, staff: str
) -> None:
    ids = [refund(shop, paid, staff, amount=1).json["refund_id"] for _ in range(2)]
    sent = control.send("GET", "requests?path=/v1/refunds&method=POST")["data"]
    assert [request["idempotency_key"] for request in sent][-2:] == [f"refund:{one}" for one in ids]
