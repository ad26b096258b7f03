"""A7: events of refunds that arrive before the charge is reported or recorded."""

from typing import Any

import pytest

from shop.contracts.http.orders import ShipOrder
from shop.domain.errors import Conflict, PaymentOutcomeUnknown
from shop.domain.ids import new_id
from shop.domain.refunds import Refund
from shop.services.notifications.notify import order_confirmed
from shop.services.orders.ship import ship_order
from shop.services.payments.refunds import execute_refund
from shop.services.payments.webhooks import receive_webhook
from tests.support.builders import STOCK, Placed, place_order
from tests.support.containers import Container
from tests.support.payments import (
    StripeControl,
    event_of,
    events_of,
    pay_for,
    request_refund,
    signature,
    status_of,
    stock_of,
)
from tests.support.stock import query


class _Mailer:
    """A stub of SES; other tests cover e-mail."""

    def send(self, *_: Any) -> str:
        return "message-id"


def _hear(container: Container, kind: str, subject: dict[str, Any]) -> str:
    payload = event_of(kind, subject)
    return receive_webhook(
        container.payment_provider, container.unit_of_work, payload.encode(), signature(payload)
    )


def _refund_by_hand(control: StripeControl, placed: Placed) -> dict[str, Any]:
    """Refund the whole charge in Stripe's dashboard; return the charge."""
    (intent,) = control.intents(placed.order_id)
    control.refund(intent["id"])
    (charge,) = control.charges(placed.order_id)
    return charge


def _requested(container: Container, placed: Placed, reason: str) -> Refund:
    return request_refund(container, placed, reason)


@pytest.mark.parametrize("is_noted", [True, False], ids=["intent noted", "intent unknown"])
def test_a_charge_refunded_before_it_was_recorded_pays_no_order(
    container: Container, control: StripeControl, database: str, is_noted: bool
) -> None:
    placed = place_order(container)
    control.fault("close", when="after")
    with pytest.raises(PaymentOutcomeUnknown):
        pay_for(container, placed)
    control.clear_faults()
    (intent,) = control.intents(placed.order_id)
    if is_noted:
        query(database, "UPDATE payments SET payment_intent_id = %s", (intent["id"],))

    assert _hear(container, "charge.refunded", _refund_by_hand(control, placed)) == "refunded"
    assert _hear(container, "payment_intent.succeeded", intent) == "paid_before"

    assert status_of(database, placed.order_id) == "CANCELLED"
    assert query(database, "SELECT status, reason FROM refunds") == [("succeeded", "refunded")]
    assert stock_of(database, placed) == {(STOCK, 0)}
    events = events_of(database, placed.order_id)
    assert [events.count(kind) for kind in ("order.paid", "order.cancelled")] == [1, 1]


def test_the_reason_is_the_one_that_was_given_first(
    container: Container, control: StripeControl, database: str
) -> None:
    placed = place_order(container)
    pay_for(container, placed)
    refund = _requested(container, placed, "wrong colour")
    assert _requested(container, placed, "another").reason == "wrong colour"
    _hear(container, "charge.refunded", _refund_by_hand(control, placed))
    execute_refund(container.payment_provider, container.unit_of_work, refund)

    assert query(database, "SELECT cancel_reason FROM orders") == [("wrong colour",)]
    assert query(database, "SELECT reason, status, external FROM refunds ORDER BY external") == [
        ("wrong colour", "voided", False),
        ("refunded", "succeeded", True),
    ]


def test_a_failure_reported_before_the_response_is_kept(
    container: Container, database: str
) -> None:
    placed = place_order(container)
    pay_for(container, placed)
    refund = _requested(container, placed, "cancelled_by_customer")
    made = container.payment_provider.refund(refund)
    failed = {
        "id": made.provider_refund_id,
        "amount": made.amount_minor,
        "status": "failed",
        "payment_intent": refund.payment_intent_id,
        "metadata": {"refund_id": str(refund.refund_id)},
    }
    assert _hear(container, "refund.failed", failed) == "refund_failed"
    execute_refund(container.payment_provider, container.unit_of_work, refund)

    ((status, problem),) = query(database, "SELECT status, problem FROM refunds")
    assert (status, bool(problem)) == ("failed", True)


def test_the_failure_of_a_refund_made_by_hand_is_kept(container: Container, database: str) -> None:
    placed = place_order(container)
    pay_for(container, placed)
    ((intent_id,),) = query(database, "SELECT payment_intent_id FROM payments")
    failed = {"id": "re_by_hand", "amount": 100, "status": "failed", "payment_intent": intent_id}
    assert _hear(container, "refund.failed", failed) == "refund_failed"
    ((order_id, status, refund_id),) = query(
        database,
        "SELECT order_id, status, provider_refund_id FROM refunds WHERE problem IS NOT NULL",
    )
    assert (order_id, status, refund_id) == (placed.order_id, "failed", "re_by_hand")


def _confirmed(container: Container, database: str) -> Placed:
    placed = place_order(container)
    pay_for(container, placed)
    query(
        database,
        "UPDATE orders SET status = 'CONFIRMED', shipping_address = '{\"name\": \"Ada\"}' WHERE id = %s",
        (placed.order_id,),
    )
    return placed


def test_what_was_refunded_does_not_ship(container: Container, database: str) -> None:
    placed = _confirmed(container, database)
    query(database, "UPDATE orders SET status = 'PROCESSING' WHERE id = %s", (placed.order_id,))
    query(
        database,
        "INSERT INTO refunds (payment_intent_id, order_id, amount_minor, reason, status)"
        " SELECT payment_intent_id, order_id, amount_minor, 'by hand', 'succeeded' FROM payments",
    )
    with pytest.raises(Conflict) as refused:
        ship_order(
            container.unit_of_work,
            placed.order_id,
            ShipOrder(carrier="DHL", tracking_number="1"),
        )
    assert refused.value.code == "order_state_conflict"


def test_a_payment_that_waits_for_staff_does_not_block_the_order(
    container: Container, database: str
) -> None:
    """Another intent names the order; the order's own has paid for it."""
    placed = _confirmed(container, database)
    query(
        database,
        "INSERT INTO unexpected_payments (payment_intent_id, order_id, amount_minor, currency)"
        " VALUES (%s, %s, 1, 'USD')",
        (f"pi_{new_id()}", placed.order_id),
    )
    with container.unit_of_work() as work:
        order_confirmed(work, _Mailer(), placed.order_id)
    assert status_of(database, placed.order_id) == "PROCESSING"
