"""The life of a return: the code's table is the database's, which refuses every other move."""

from itertools import product

import psycopg
import pytest

from shop.adapters.postgres.database import Transaction
from shop.adapters.postgres.returns import PostgresReturns
from shop.domain.ids import new_id
from shop.domain.inventory import Item
from shop.domain.orders import OrderLine, OrderStatus
from shop.domain.returns import TRANSITIONS, Return, ReturnLine, ReturnStatus
from tests.support.builders import add_products, insert_order

_S = ReturnStatus
_PATHS = {
    _S.REQUESTED: (),
    _S.APPROVED: (_S.APPROVED,),
    _S.REJECTED: (_S.REJECTED,),
    _S.RECEIVED: (_S.APPROVED, _S.RECEIVED),
    _S.REFUNDED: (_S.APPROVED, _S.RECEIVED, _S.REFUNDED),
}


def _move(returns: PostgresReturns, returned: Return, target: ReturnStatus) -> bool:
    reason = "worn" if target is _S.REJECTED else None
    restock = [returned.lines[0].product_id] if target is _S.RECEIVED else None
    return returns.move(returned.return_id, target, rejection_reason=reason, restock=restock)


def _insert(transaction: Transaction) -> Return:
    """Insert a return of one of two units of each of two products."""
    products = add_products(transaction, 5, 5)
    lines = tuple(
        OrderLine(product_id=product_id, name="Thing", unit_price_minor=500, quantity=2)
        for product_id in products
    )
    order = insert_order(transaction, OrderStatus.DELIVERED, lines=lines)
    returned = Return(
        return_id=new_id(),
        order_id=order.order_id,
        reason="too small",
        lines=tuple(ReturnLine(product_id=product_id, quantity=1) for product_id in products),
    )
    PostgresReturns(transaction).add(returned)
    return returned


def test_the_database_s_table_is_the_code_s(transaction: Transaction) -> None:
    rows = transaction.rows("SELECT from_status, to_status FROM return_transitions")
    assert {(ReturnStatus(a), ReturnStatus(b)) for a, b in rows} == {
        (current, target) for current, targets in TRANSITIONS.items() for target in targets
    }


@pytest.mark.parametrize(
    ("current", "target"),
    [pytest.param(a, b, id=f"{a.value}-{b.value}") for a, b in product(_S, _S)],
)
def test_a_move_off_the_table_is_a_no_op_in_code_and_refused_by_the_database(
    transaction: Transaction, current: ReturnStatus, target: ReturnStatus
) -> None:
    returned, returns = _insert(transaction), PostgresReturns(transaction)
    for status in _PATHS[current]:
        assert _move(returns, returned, status)
    allowed = target in TRANSITIONS[current]
    assert _move(returns, returned, target) is allowed
    found = returns.get(returned.return_id)
    assert found is not None
    assert found.status is (target if allowed else current)
    free = set(returns.free_units(returned.order_id).values())
    assert free == ({2} if found.status is _S.REJECTED else {1})
    if not allowed and target is not current:
        with pytest.raises(psycopg.errors.CheckViolation):
            transaction.execute(
                "UPDATE returns SET status = %s, rejection_reason = %s WHERE id = %s",
                (target.value, "worn" if target is _S.REJECTED else None, returned.return_id),
            )


def test_what_was_received_is_recorded_by_line(transaction: Transaction) -> None:
    returned, returns = _insert(transaction), PostgresReturns(transaction)
    assert returns.of_order(returned.order_id) == [returns.get(returned.return_id)]
    first = returned.lines[0].product_id
    for status in _PATHS[_S.RECEIVED]:
        _move(returns, returned, status)
    found = returns.get(returned.return_id)
    assert found is not None
    assert found.restocked == [Item(first, 1)]
    assert [line.restock for line in found.lines] == [True, False]


def test_a_return_begins_requested(transaction: Transaction) -> None:
    returned = _insert(transaction)
    with pytest.raises(psycopg.errors.CheckViolation, match="begins requested"):
        transaction.execute(
            "INSERT INTO returns (id, order_id, reason, status) VALUES (%s, %s, 'r', 'approved')",
            (new_id(), returned.order_id),
        )
