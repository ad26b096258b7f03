"""Refunds and disputes that begin at Stripe: in its dashboard, or at the customer's bank."""

from datetime import timedelta

import pytest

from shop.services.payments.reconciliation import reconcile
from tests.support.builders import STOCK, Placed
from tests.support.checks import violations
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.paying import deliver
from tests.support.payments import (
    StripeControl,
    event_of,
    events_of,
    status_of,
    stock_of,
    wind_back,
)
from tests.support.refunds import confirm, payment_of, refund
from tests.support.stock import query


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
