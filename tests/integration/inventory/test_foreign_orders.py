"""Holds for orders of other systems, which have no row to lock."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from shop.adapters.postgres.database import Database, Transaction
from shop.domain.errors import Conflict
from shop.domain.ids import new_id
from shop.domain.inventory import AlreadyHeld, Held, Item
from tests.support.builders import add_products
from tests.support.stock import hold, inventory_on, levels, query


def hold_one(transaction: Transaction, order_id: UUID, product_id: UUID) -> Held | AlreadyHeld:
    until = datetime.now(UTC) + timedelta(minutes=10)
    return hold(inventory_on(transaction), order_id, [Item(product_id, 1)], until)


def test_holds_of_one_order_over_different_products_are_serialised(database: str) -> None:
    one, two = add_products(database, 5, 5)
    order_id = new_id()

    def second() -> None:
        with closing(Database(database)) as own, own.transaction() as transaction:
            hold_one(transaction, order_id, two)

    with ThreadPoolExecutor(max_workers=1) as pool:
        with closing(Database(database)) as own, own.transaction() as transaction:
            hold_one(transaction, order_id, one)
            waiting = pool.submit(second)
            with pytest.raises(TimeoutError):
                waiting.result(0.5)
        with pytest.raises(Conflict) as conflict:
            waiting.result(10)

    assert conflict.value.code == "reservation_conflict"
    assert query(database, "SELECT product_id FROM reservations") == [(one,)]
    assert (levels(database, one), levels(database, two)) == ((5, 1), (5, 0))
