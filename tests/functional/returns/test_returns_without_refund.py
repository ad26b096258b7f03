"""Returns whose money Stripe, a bank, a dispute or the dashboard keeps from being refunded."""

import pytest

from tests.support.builders import QUANTITY, STOCK, Placed
from tests.support.checks import violations
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.paying import deliver
from tests.support.payments import StripeControl, event_of, events_of
from tests.support.returns import ask, asked, receive, statuses, step, sweep, units
from tests.support.stock import levels, query


def desk(shop: Gateway, staff: str, order: Placed, need: str) -> list[str] | None:
    """Why an order needs a person, if the desk lists it under a need."""
    found = shop.get("/api/admin/orders", query={"needs": need}, token=staff).json["orders"]
    reasons = [one["attention"] for one in found if one["order_id"] == str(order.order_id)]
    return reasons[0] if reasons else None


def test_a_requested_return_needs_a_decision(shop: Gateway, order: Placed, staff: str) -> None:
    assert desk(shop, staff, order, "attention") is None
    return_id = asked(shop, order, units(order, 0, 1))
    assert desk(shop, staff, order, "attention") == ["return_requested"]
    assert step(shop, order, return_id, "approve", staff).status == 200
    assert desk(shop, staff, order, "attention") is None


@pytest.mark.parametrize("times", ["out", "refuses"])
def test_a_refund_that_stripe_does_not_make_leaves_the_return_received(
    shop: Gateway,
    container: Container,
    control: StripeControl,
    database: str,
    order: Placed,
    approved: str,
    staff: str,
    times: str,
) -> None:
    if times == "out":
        control.fault("status", "/v1/refunds", status=500, when="before", times=9)
    else:
        ((intent,),) = query(database, "SELECT payment_intent_id FROM payments")
        query(database, "UPDATE payments SET payment_intent_id = 'pi_unknown'")
    received = receive(shop, order, approved, staff, order.products[0])
    assert (received.status, received.json["status"]) == (200, "received")
    assert desk(shop, staff, order, "refund") == ([] if times == "out" else ["refund_refused"])
    assert (desk(shop, staff, order, "attention") is None) is (times == "out")
    answer = step(shop, order, approved, "reject", staff, reason="worn")
    assert answer.code == "return_state_conflict"
    # Another attempt of staff, and of the reconciliation, restocks nothing again.
    assert receive(shop, order, approved, staff, order.products[0]).status == 200
    control.clear_faults()
    if times != "out":
        query(database, "UPDATE payments SET payment_intent_id = %s", (intent,))
        query(database, "UPDATE refunds SET payment_intent_id = %s", (intent,))
    sweep(container, order)
    assert statuses(database, order.order_id) == ["refunded"]
    assert desk(shop, staff, order, "refund") is None
    assert control.kept_minor(order.order_id) == order.total_minor - 1000
    assert levels(database, order.products[0]) == (STOCK - QUANTITY + 1, 0)
    assert events_of(database, order.order_id).count("order.refunded") == 1
    assert violations(database) == []


def test_a_bank_that_does_not_take_the_money_leaves_the_return_received(
    shop: Gateway,
    container: Container,
    database: str,
    order: Placed,
    approved: str,
    staff: str,
) -> None:
    assert receive(shop, order, approved, staff).json["status"] == "refunded"
    ((intent, made),) = query(database, "SELECT payment_intent_id, provider_refund_id FROM refunds")
    failed = {
        "id": made, "object": "refund", "amount": 1000, "status": "failed", "payment_intent": intent,
    }  # fmt: skip
    for _ in range(2):
        assert deliver(shop, event_of("refund.failed", failed)).status == 200
    assert statuses(database, order.order_id) == ["received"]
    found = desk(shop, staff, order, "refund")
    assert found is not None
    assert "return_not_refunded" in found
    # Its units are the return's again, and nobody else's.
    assert ask(shop, order, units(order, 0, 2)).code == "already_returned"
    again = step(shop, order, approved, "refund", staff)
    assert (again.status, again.json["status"]) == (200, "refunded")
    assert query(
        database, "SELECT refunded_quantity, returning_quantity FROM order_items"
        " WHERE refunded_quantity + returning_quantity > 0",
    ) == [(1, 0)]  # fmt: skip


def test_a_disputed_charge_is_refunded_for_a_return_when_the_dispute_is_won(
    shop: Gateway,
    control: StripeControl,
    database: str,
    order: Placed,
    approved: str,
    staff: str,
) -> None:
    (intent,) = control.intents(order.order_id)
    dispute = control.dispute(intent["id"])
    deliver(shop, event_of("charge.dispute.created", dispute))
    assert ask(shop, order, units(order, 1, 1)).code == "charge_disputed"
    received = receive(shop, order, approved, staff, order.products[0])
    assert (received.status, received.json["status"]) == (200, "received")
    assert step(shop, order, approved, "refund", staff).code == "charge_disputed"
    assert desk(shop, staff, order, "refund") == ["charge_disputed", "return_not_refunded"]
    deliver(shop, event_of("charge.dispute.closed", control.close_dispute(dispute["id"], "won")))
    assert desk(shop, staff, order, "attention") == ["return_not_refunded"]
    assert step(shop, order, approved, "refund", staff).json["status"] == "refunded"
    assert levels(database, order.products[0]) == (STOCK - QUANTITY + 1, 0)
    assert violations(database) == []


def test_a_return_that_the_bank_has_paid_is_closed_by_rejecting_it(
    shop: Gateway,
    control: StripeControl,
    database: str,
    order: Placed,
    approved: str,
    staff: str,
) -> None:
    (intent,) = control.intents(order.order_id)
    dispute = control.dispute(intent["id"])
    deliver(shop, event_of("charge.dispute.created", dispute))
    assert receive(shop, order, approved, staff).json["status"] == "received"
    deliver(shop, event_of("charge.dispute.closed", control.close_dispute(dispute["id"], "lost")))
    assert step(shop, order, approved, "refund", staff).code == "charge_disputed"
    rejected = step(shop, order, approved, "reject", staff, reason="the bank has paid")
    assert (rejected.status, rejected.json["status"]) == (200, "rejected")
    assert desk(shop, staff, order, "refund") is None


@pytest.mark.parametrize("left", [500, 0])
def test_money_that_went_back_in_the_dashboard_leaves_less_for_a_return(
    shop: Gateway,
    container: Container,
    control: StripeControl,
    database: str,
    order: Placed,
    approved: str,
    staff: str,
    left: int,
) -> None:
    """A19: the shop does not know of it until Stripe refuses the return's refund."""
    (intent,) = control.intents(order.order_id)
    control.refund(intent["id"], order.total_minor - left)
    assert receive(shop, order, approved, staff).json["status"] == "refunded"
    assert control.kept_minor(order.order_id) == 0
    assert query(
        database,
        "SELECT status, amount_minor FROM refunds WHERE return_id IS NOT NULL ORDER BY created_at",
    ) == [("voided", 1000)] + [("succeeded", 500)] * (left > 0)
    assert violations(database) == []
