"""The reconciliation of unfinished payments, refunds and cancellations."""

from datetime import UTC, datetime, timedelta

import pytest

from shop.adapters.stripe.payments import StripePayments
from shop.domain.errors import InsufficientStock, PaymentOutcomeUnknown, ShopError
from shop.domain.ids import new_id
from shop.domain.inventory import Item
from shop.domain.orders import OrderStatus
from shop.services.orders.expire import expire_reservations
from shop.services.payments.reconciliation import reconcile
from shop.services.payments.refunds import execute_refund, refund_rest
from tests.support.builders import QUANTITY, STOCK, Placed, lapse, place_order
from tests.support.containers import Container
from tests.support.payments import (
    StripeControl,
    events_of,
    pay_for,
    request_refund,
    status_of,
    stock_of,
    wind_back,
)
from tests.support.stock import hold, query

MINUTE = timedelta(minutes=1)


def run(container: Container) -> dict[str, int]:
    return reconcile(container.payment_provider, container.unit_of_work, seconds=20)


def leave_open(container: Container, control: StripeControl, **fault: object) -> Placed:
    placed = place_order(container)
    control.fault(**{"action": "close", **fault})  # type: ignore[arg-type]
    with pytest.raises(PaymentOutcomeUnknown):
        pay_for(container, placed)
    control.clear_faults()
    return placed


def test_recent_payments_are_skipped(container: Container, control: StripeControl) -> None:
    placed = leave_open(container, control)
    assert run(container) == {}
    wind_back(container.settings.database_url, placed.order_id, MINUTE)
    assert run(container) == {"paid": 1}
    assert run(container) == {}


def test_stock_is_held_as_long_as_the_payment_lasts(
    container: Container, control: StripeControl, database: str
) -> None:
    """However late Stripe answers, neither the sweep nor another buyer gets what is being paid."""
    placed = leave_open(container, control, when="after")
    lapse(database)
    expire_reservations(container.unit_of_work, seconds=5)
    everything = [Item(placed.products[0], STOCK)]
    with container.unit_of_work() as work, pytest.raises(InsufficientStock):
        hold(work.inventory, new_id(), everything, datetime.now(UTC) + MINUTE)
    assert status_of(database, placed.order_id) == "PAYMENT_PROCESSING"
    assert stock_of(database, placed) == {(STOCK, QUANTITY)}
    wind_back(database, placed.order_id, MINUTE)
    assert run(container) == {"paid": 1}
    assert stock_of(database, placed) == {(STOCK, QUANTITY)}


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_customer_never_returns(
    container: Container, control: StripeControl, database: str, when: str
) -> None:
    """The purchase is completed with one charge, whether or not it had been charged."""
    placed = leave_open(container, control, when=when)
    wind_back(database, placed.order_id, MINUTE)
    assert run(container) == {"paid": 1}
    assert status_of(database, placed.order_id) == "PAID"
    assert len(control.charges(placed.order_id)) == 1
    assert events_of(database, placed.order_id) == ["order.paid"]


def test_a_day_later_nothing_is_charged_again(
    container: Container, control: StripeControl, database: str
) -> None:
    """Stripe's idempotency key has expired by then, so the intent is searched for."""
    charged = leave_open(container, control, when="after")
    never = leave_open(container, control, when="before")
    for placed in (charged, never):
        wind_back(database, placed.order_id, timedelta(hours=25))
    control.send("POST", "settings", {"clock_offset_seconds": 25 * 3600})
    before = control.requests()
    assert run(container) == {"paid": 1, "declined": 1}
    assert control.requests() == before
    assert status_of(database, charged.order_id) == "PAID"
    assert status_of(database, never.order_id) == "CANCELLED"
    assert len(control.charges(charged.order_id)) == 1
    assert control.charges(never.order_id) == []
    assert stock_of(database, never) == {(STOCK, 0)}


def test_a_stored_server_error(container: Container, control: StripeControl, database: str) -> None:
    """Stripe repeats a 500 for a key that it has stored it for; the search finds the charge."""
    placed = leave_open(container, control, action="status", status=500, when="after", stored=True)
    wind_back(database, placed.order_id, MINUTE)
    assert run(container) == {"unknown": 1}
    wind_back(database, placed.order_id, 3 * MINUTE)
    assert run(container) == {"paid": 1}
    assert len(control.charges(placed.order_id)) == 1


def test_an_abandoned_check(container: Container, control: StripeControl, database: str) -> None:
    """A28: it blocks the stock for the ten minutes of a hold and three more, not for thirty."""
    placed = place_order(container)
    pay_for(container, placed, "pm_card_authenticationRequired")
    wind_back(database, placed.order_id, 12 * MINUTE)
    assert run(container) == {"needs_action": 1}
    assert status_of(database, placed.order_id) == "PAYMENT_PROCESSING"
    wind_back(database, placed.order_id, 2 * MINUTE)
    assert run(container) == {"cancelled": 1}
    assert status_of(database, placed.order_id) == "CANCELLED"
    assert control.intents(placed.order_id)[0]["status"] == "canceled"
    assert stock_of(database, placed) == {(STOCK, 0)}


def test_a_check_done_after_the_webhook_was_lost(
    container: Container, control: StripeControl, database: str
) -> None:
    placed = place_order(container)
    pay_for(container, placed, "pm_card_authenticationRequired")
    control.authenticate(control.intents(placed.order_id)[0]["id"])
    wind_back(database, placed.order_id, MINUTE)
    assert run(container) == {"paid": 1}


def test_stripe_unavailable(container: Container, control: StripeControl, database: str) -> None:
    """A run stops after three failures in a row; nothing is lost."""
    placed = [leave_open(container, control) for _ in range(5)]
    for one in placed:
        wind_back(database, one.order_id, MINUTE)
    control.fault("close", "/v1/*", times=None, method="*")
    assert run(container) == {"unknown": 3}
    control.clear_faults()
    for one in placed:
        wind_back(database, one.order_id, MINUTE)
    assert run(container) == {"paid": 5}


def test_an_intent_unknown_to_stripe_does_not_block_the_others(
    container: Container, control: StripeControl, database: str
) -> None:
    """For example an intent of another account: its order stays open, and the others are settled."""
    strange, other = leave_open(container, control), leave_open(container, control)
    query(
        database,
        "UPDATE payments SET payment_intent_id = 'pi_unknown' WHERE order_id = %s",
        (strange.order_id,),
    )
    for placed in (strange, other):
        wind_back(database, placed.order_id, MINUTE)
    assert run(container) == {"unknown": 1, "paid": 1}
    assert status_of(database, strange.order_id) == "PAYMENT_PROCESSING"
    with pytest.raises(PaymentOutcomeUnknown):
        pay_for(container, strange)


def test_stranded_orders(container: Container, database: str) -> None:
    """A crash of an older release, or an operator, left orders half-way."""
    failed, unavailable = place_order(container), place_order(container)
    for placed, steps in (
        (failed, ["PAYMENT_PROCESSING", "PAYMENT_FAILED"]),
        (unavailable, ["INVENTORY_UNAVAILABLE"]),
    ):
        for step in steps:
            query(database, "UPDATE orders SET status = %s WHERE id = %s", (step, placed.order_id))
        wind_back(database, placed.order_id, MINUTE)
    assert run(container) == {"stranded": 2}
    for placed in (failed, unavailable):
        assert status_of(database, placed.order_id) == "CANCELLED"
        assert stock_of(database, placed) == {(STOCK, 0)}
        assert sorted(events_of(database, placed.order_id)) == [
            "inventory.released",
            "order.cancelled",
        ]


def refund(container: Container, placed: Placed) -> None:
    requested = request_refund(container, placed)
    execute_refund(container.payment_provider, container.unit_of_work, requested)


def test_a_refund_that_stripe_did_not_answer(
    container: Container, control: StripeControl, database: str
) -> None:
    placed = place_order(container)
    pay_for(container, placed)
    control.fault("close", "/v1/refunds", when="before")
    with pytest.raises(PaymentOutcomeUnknown):
        refund(container, placed)
    assert status_of(database, placed.order_id) == "PAID"
    with container.unit_of_work() as work:
        assert not work.orders.move(placed.order_id, OrderStatus.CONFIRMED, unless_refunded=True)
    assert stock_of(database, placed) == {(STOCK, QUANTITY)}
    wind_back(database, placed.order_id, MINUTE)
    assert run(container) == {"refunded": 1, "fee_recorded": 1}
    assert status_of(database, placed.order_id) == "CANCELLED"
    assert stock_of(database, placed) == {(STOCK, 0)}
    assert control.kept_minor(placed.order_id) == 0
    assert query(database, "SELECT status FROM refunds") == [("succeeded",)]


def test_a_refund_whose_answer_was_lost_is_found(
    container: Container, control: StripeControl, database: str
) -> None:
    placed = place_order(container)
    pay_for(container, placed)
    control.fault("status", "/v1/refunds", when="after", status=500, stored=True)
    refund(container, placed)
    assert status_of(database, placed.order_id) == "CANCELLED"
    assert control.kept_minor(placed.order_id) == 0


def test_committed_stock_is_returned(
    container: Container, control: StripeControl, database: str
) -> None:
    placed = place_order(container)
    pay_for(container, placed)
    with container.unit_of_work() as work:
        work.inventory.confirm(placed.order_id)
    assert stock_of(database, placed) == {(STOCK - QUANTITY, 0)}
    refund(container, placed)
    assert stock_of(database, placed) == {(STOCK, 0)}


def test_a_refund_that_stripe_refuses_stays_pending(
    container: Container, control: StripeControl, database: str
) -> None:
    placed = place_order(container)
    pay_for(container, placed)
    query(database, "UPDATE payments SET payment_intent_id = 'pi_unknown'")
    request_refund(container, placed)
    wind_back(database, placed.order_id, MINUTE)
    # Neither the refund nor the fee of an intent that Stripe does not know.
    assert run(container) == {"refund_refused": 1, "unknown": 1}
    assert query(database, "SELECT status FROM refunds") == [("pending",)]


def test_nothing_to_refund(container: Container) -> None:
    placed = place_order(container)
    with container.unit_of_work() as work:
        assert refund_rest(work, placed.order_id, "cancelled_by_customer") == ()


def test_a_wrong_key_is_our_fault_and_costs_no_order(
    container: Container, control: StripeControl, database: str
) -> None:
    placed = place_order(container)
    container.payment_provider = StripePayments("sk_live_wrong", "", control.url, 1.0)
    with pytest.raises(ShopError) as refused:
        pay_for(container, placed)
    assert refused.value.code == "dependency_unavailable"
    assert status_of(database, placed.order_id) == "PENDING"
