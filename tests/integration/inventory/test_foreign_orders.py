"""Holds for orders that live in other systems: there is no order's row to lock."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from shop.adapters.postgres.database import Database, Transaction
from shop.adapters.postgres.inventory import PostgresInventory
from shop.domain.errors import Conflict
from shop.domain.ids import new_id
from shop.domain.inventory import AlreadyHeld, Held, Item
from tests.support.stock import add_products, levels, query


def hold(transaction: Transaction, order_id: UUID, product_id: UUID) -> Held | AlreadyHeld:
    until = datetime.now(UTC) + timedelta(minutes=10)
    return PostgresInventory(transaction).hold(order_id, new_id(), [Item(product_id, 1)], until)


def test_holds_of_one_order_over_different_products_take_turns(database: str) -> None:
    one, two = add_products(database, 5, 5)
    order_id = new_id()

    def second() -> None:
        with Database(database).transaction() as transaction:
            hold(transaction, order_id, two)

    with ThreadPoolExecutor(max_workers=1) as pool:
        with Database(database).transaction() as transaction:
            hold(transaction, order_id, one)
            waiting = pool.submit(second)
            with pytest.raises(TimeoutError):
                waiting.result(0.5)
        with pytest.raises(Conflict) as conflict:
            waiting.result(10)

    assert conflict.value.code == "reservation_conflict"
    assert query(database, "SELECT product_id FROM reservations") == [(one,)]
    assert (levels(database, one), levels(database, two)) == ((5, 1), (5, 0))
