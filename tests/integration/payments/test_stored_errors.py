"""An error that Stripe has stored with an idempotency key is repeated for as long as the key lives."""

from datetime import timedelta
from typing import Any

import pytest

from shop.domain.errors import PaymentOutcomeUnknown
from shop.services.payments.reconciliation import reconcile
from shop.services.payments.refunds import execute_refund
from tests.support.builders import STOCK, Placed, place_order
from tests.support.containers import Container
from tests.support.payments import (
    StripeControl,
    pay_for,
    request_refund,
    status_of,
    stock_of,
    wind_back,
)

_STORED: dict[str, Any] = {"action": "status", "status": 500, "when": "before", "stored": True}


def _open(container: Container, control: StripeControl, **fault: Any) -> Placed:
    """Place an order whose payment got no response."""
    placed = place_order(container)
    control.fault(**fault)
    with pytest.raises(PaymentOutcomeUnknown):
        pay_for(container, placed)
    control.clear_faults()
    return placed


def _run(container: Container, *orders: Placed, age: timedelta) -> dict[str, int]:
    for placed in orders:
        wind_back(container.settings.database_url, placed.order_id, age)
    return reconcile(container.payment_provider, container.unit_of_work, seconds=30)


def test_intents_unknown_to_stripe_do_not_block_the_others(
    container: Container, control: StripeControl
) -> None:
    stuck = [_open(container, control, **_STORED) for _ in range(4)]
    lost = [_open(container, control, action="close", when="after") for _ in range(2)]
    counts = _run(container, *stuck, *lost, age=timedelta(minutes=3))
    assert counts == {"unknown": 4, "paid": 2}


def test_refunds_unknown_to_stripe_do_not_block_the_others(
    container: Container, control: StripeControl
) -> None:
    refunded = [place_order(container) for _ in range(4)]
    for placed in refunded:
        pay_for(container, placed)
        refund = request_refund(container, placed)
        control.fault(path="/v1/refunds", **_STORED)
        with pytest.raises(PaymentOutcomeUnknown):
            execute_refund(container.payment_provider, container.unit_of_work, refund)
    lost = _open(container, control, action="close", when="after")
    counts = _run(container, *refunded, lost, age=timedelta(minutes=3))
    assert counts == {"unknown": 4, "paid": 1, "fee_recorded": 4}


def test_an_attempt_that_was_never_charged_ends_after_an_hour(
    container: Container, control: StripeControl, database: str
) -> None:
    placed = _open(container, control, **_STORED)
    assert _run(container, placed, age=timedelta(minutes=30)) == {"unknown": 1}
    assert status_of(database, placed.order_id) == "PAYMENT_PROCESSING"
    assert _run(container, placed, age=timedelta(minutes=31)) == {"declined": 1}
    assert status_of(database, placed.order_id) == "CANCELLED"
    assert stock_of(database, placed) == {(STOCK, 0)}
    assert control.charges(placed.order_id) == []
