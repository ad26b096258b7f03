"""The transitions of an order: the code's table, the database's, and the rejection of all others."""

import itertools
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from shop.adapters.postgres.database import Database, Transaction
from shop.adapters.postgres.event_log import EventLog
from shop.adapters.postgres.orders import PostgresOrders
from shop.domain.ids import new_id
from shop.domain.orders import TRANSITIONS, Order, OrderLine, OrderStatus, PaymentTotals
from shop.services.orders.place import created
from tests.support.builders import add_products, insert_order
from tests.support.wire import counting

PAIRS = [
    pytest.param(current, target, id=f"{current.value}-{target.value}")
    for current, target in itertools.product(OrderStatus, OrderStatus)
]


def test_the_database_s_table_is_the_code_s(transaction: Transaction) -> None:
    rows = transaction.rows("SELECT from_status, to_status FROM order_transitions")
    assert {(OrderStatus(a), OrderStatus(b)) for a, b in rows} == {
        (current, target) for current, targets in TRANSITIONS.items() for target in targets
    }


@pytest.mark.parametrize(("current", "target"), PAIRS)
def test_a_move_off_the_table_is_a_no_op_in_code_and_refused_by_the_database(
    transaction: Transaction, current: OrderStatus, target: OrderStatus
) -> None:
    """A13 (aws-serverless-ecommerce-platform): a late event never overwrites a status."""
    order = insert_order(transaction, current)
    orders = PostgresOrders(transaction, EventLog())
    moved = orders.move(order.order_id, target, reason="test")
    found = orders.get(order.order_id)
    assert found is not None
    if target in TRANSITIONS[current]:
        assert moved is not None
        assert moved.status is found.status is target
        assert found.timeline[-1].status is target
        assert found.timeline[-1].reason == "test"
        return
    assert moved is None
    assert found.status is current
    assert [entry.status for entry in found.timeline] == [OrderStatus.PENDING]
    if target is not current:
        transaction.execute("SAVEPOINT before")
        with pytest.raises(psycopg.errors.CheckViolation):
            transaction.execute(
                "UPDATE orders SET status = %s WHERE id = %s", (target.value, order.order_id)
            )
        transaction.execute("ROLLBACK TO before")


@pytest.mark.parametrize("status", sorted(set(OrderStatus) - {OrderStatus.PENDING}))
def test_an_order_begins_pending(transaction: Transaction, status: OrderStatus) -> None:
    transaction.execute("SAVEPOINT before")
    with pytest.raises(psycopg.errors.CheckViolation):
        transaction.execute(
            "INSERT INTO orders (id, user_id, status, currency, subtotal_minor, tax_minor,"
            " shipping_minor, total_minor, shipping_address, shipping_method, correlation_id)"
            " VALUES (%s, %s, %s, 'USD', 0, 0, 0, 0, '{}', 'standard', %s)",
            (new_id(), new_id(), status.value, new_id()),
        )
    transaction.execute("ROLLBACK TO before")


def test_a_move_is_one_statement_and_keeps_omitted_fields(transaction: Transaction) -> None:
    order = insert_order(transaction, OrderStatus.PROCESSING)
    with counting(transaction) as sent:
        shipped = PostgresOrders(transaction, EventLog()).move(
            order.order_id, OrderStatus.SHIPPED, carrier="UPS", tracking_number="1Z"
        )
    assert len(sent.statements) == sent.round_trips == 1
    assert shipped is not None
    assert (shipped.carrier, shipped.tracking_number) == ("UPS", "1Z")
    assert shipped.estimated_delivery == order.estimated_delivery
    delivered = PostgresOrders(transaction, EventLog()).move(order.order_id, OrderStatus.DELIVERED)
    assert delivered is not None
    assert delivered.tracking_number == "1Z"


def test_a_move_may_be_limited_to_some_sources(transaction: Transaction) -> None:
    order = insert_order(transaction)
    orders = PostgresOrders(transaction, EventLog())
    paid = frozenset({OrderStatus.PAID})
    assert orders.move(order.order_id, OrderStatus.CANCELLED, sources=paid) is None
    moved = orders.move(order.order_id, OrderStatus.CANCELLED, reason="why")
    assert moved is not None
    assert moved.cancel_reason == "why"


def test_an_order_is_written_once_and_read_as_it_was(
    transaction: Transaction, database_url: str
) -> None:
    (product_id,) = add_products(database_url, 5)
    order = insert_order(
        transaction,
        lines=(OrderLine(product_id=product_id, name="Thing", unit_price_minor=1000, quantity=2),),
    )
    orders = PostgresOrders(transaction, EventLog())
    assert not orders.add(order, created(order))
    with counting(transaction) as sent:
        found = orders.get(order.order_id, lock=True)
    assert len(sent.statements) == sent.round_trips == 1
    assert found is not None
    for name in Order.__struct_fields__:
        if name not in {"timeline", "reservation_expires_at", "created_at", "payment"}:
            assert getattr(found, name) == getattr(order, name), name
    assert found.created_at == order.created_at
    assert found.payment == PaymentTotals(
        charged_minor=0, refunded_minor=0, refundable_minor=0, disputed_minor=0
    )
    assert orders.get(new_id()) is None
    assert orders.move(new_id(), OrderStatus.CANCELLED) is None


def test_two_workers_cannot_both_move_an_order(database_url: str) -> None:
    first, second = Database(database_url), Database(database_url)
    with first.transaction() as setup:
        order = insert_order(setup)
    with first.transaction() as one:
        assert PostgresOrders(one, EventLog()).move(order.order_id, OrderStatus.CANCELLED)
    with second.transaction() as two:
        assert (
            PostgresOrders(two, EventLog()).move(order.order_id, OrderStatus.PAYMENT_PROCESSING)
            is None
        )
    first.close()
    second.close()


def test_the_list_uses_its_index(transaction: Transaction, database_url: str) -> None:
    user_id = new_id()
    now = datetime.now(UTC)
    for number in range(30):
        insert_order(transaction, user_id=user_id, created_at=now - timedelta(minutes=number))
    transaction.execute("SET LOCAL enable_seqscan = off")
    from shop.adapters.postgres import orders as adapter

    plan = "\n".join(
        row[0]
        for row in transaction.rows(
            "EXPLAIN " + adapter._PAGE,
            {
                "user_id": user_id,
                "status": None,
                "before": now,
                "before_id": new_id(),
                "limit": 20,
            },
        )
    )
    assert "idx_orders_user_created" in plan
    assert "Sort" not in plan.partition("SubPlan")[0]
