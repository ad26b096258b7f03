"""Stock and holds in a real PostgreSQL."""

from datetime import timedelta

import pytest

from shop.domain.errors import Conflict, InsufficientStock
from shop.domain.ids import new_id
from shop.domain.inventory import (
    AlreadyHeld,
    Held,
    Item,
    StockLevel,
)
from shop.domain.orders import OrderStatus
from tests.support.builders import add_order, add_products, lapse
from tests.support.stock import levels, query
from tests.support.warehouse import Warehouse
from tests.support.wire import counting


def test_a_hold_is_all_or_nothing(warehouse: Warehouse, database: str) -> None:
    plenty, scarce = add_products(database, 10, 1)
    with pytest.raises(InsufficientStock) as refused:
        warehouse.hold(new_id(), (plenty, 2), (scarce, 2))
    assert [error.field for error in refused.value.errors] == [f"items[{scarce}]"]
    assert levels(database, plenty) == (10, 0)
    assert query(database, "SELECT count(*) FROM reservations") == [(0,)]


def test_unknown_products_are_insufficient(warehouse: Warehouse, database: str) -> None:
    with pytest.raises(InsufficientStock):
        warehouse.hold(new_id(), (new_id(), 1))


def test_lines_of_one_product_are_summed_before_the_check(
    warehouse: Warehouse, database: str
) -> None:
    """A2 (medusa #16502): two lines of one product, each of which would fit alone."""
    (product,) = add_products(database, 3)
    with pytest.raises(InsufficientStock):
        warehouse.hold(new_id(), (product, 2), (product, 2))
    hold = warehouse.hold(new_id(), (product, 2), (product, 1))
    assert hold.items == (Item(product, 3),)
    assert levels(database, product) == (3, 3)


def test_a_hold_takes_two_statements_whatever_the_number_of_lines(
    warehouse: Warehouse, database: str
) -> None:
    products = add_products(database, *[5] * 30)
    warehouse.hold(new_id(), (products[0], 1))
    warehouse.hold(new_id(), (products[0], 1))
    for lines in (1, 30):
        with counting(warehouse.database) as sent:
            warehouse.hold(new_id(), *((product, 1) for product in products[:lines]))
        assert (len(sent.statements), sent.round_trips) == (2, 2)


def test_the_same_order_again_gets_the_same_hold(warehouse: Warehouse, database: str) -> None:
    first, second = add_products(database, 5, 5)
    order_id = new_id()
    held = warehouse.try_hold(order_id, (first, 2), (second, 1))
    repeated = warehouse.try_hold(order_id, (second, 1), (first, 1), (first, 1))
    assert isinstance(held, Held)
    assert isinstance(repeated, AlreadyHeld)
    hold, again = held.hold, repeated.hold
    assert (again.reservation_id, again.items) == (hold.reservation_id, hold.items)
    assert abs(again.expires_at - hold.expires_at) < timedelta(milliseconds=1)
    assert levels(database, first) == (5, 2)
    with pytest.raises(Conflict) as refused:
        warehouse.hold(order_id, (first, 3), (second, 1))
    assert refused.value.code == "reservation_conflict"


def test_no_counter_moves_twice(warehouse: Warehouse, database: str) -> None:
    """A3 (medusa #12401), A6 (medusa #13625): any order, any number of times."""
    first, second = add_products(database, 5, 7)
    order_id = new_id()
    warehouse.hold(order_id, (first, 2), (second, 3))
    released = warehouse.release(order_id)
    assert released is not None
    assert released.hold.items == (Item(first, 2), Item(second, 3))
    assert [level.available for level in released.levels] == [5, 7]
    for repeat in (warehouse.release(order_id), warehouse.release(order_id, expired=True)):
        assert repeat is None
    assert warehouse.confirm(order_id) is None
    assert levels(database, first) == (5, 0)
    assert levels(database, second) == (7, 0)
    with pytest.raises(Conflict):
        warehouse.hold(order_id, (first, 2), (second, 3))


def test_confirming_takes_the_stock_once_and_cancelling_returns_it_once(
    warehouse: Warehouse, database: str
) -> None:
    """A6 (medusa #13625)."""
    (product,) = add_products(database, 5)
    order_id = new_id()
    hold = warehouse.hold(order_id, (product, 2))
    committed = warehouse.confirm(order_id)
    assert committed is not None
    assert committed.hold.reservation_id == hold.reservation_id
    assert committed.hold.items == hold.items
    assert [(level.on_hand, level.reserved) for level in committed.levels] == [(3, 0)]
    assert warehouse.confirm(order_id) is None
    assert levels(database, product) == (3, 0)
    assert warehouse.release(order_id, expired=True) is None
    assert warehouse.release(order_id) is not None
    assert warehouse.release(order_id) is None
    assert levels(database, product) == (5, 0)


def test_every_change_grows_the_version(warehouse: Warehouse, database: str) -> None:
    (product,) = add_products(database, 5)
    versions = [warehouse.level(product).version]
    first, second = new_id(), new_id()
    for step in (
        lambda: warehouse.hold(first, (product, 1)),
        lambda: warehouse.confirm(first),
        lambda: warehouse.hold(second, (product, 1)),
        lambda: warehouse.release(second),
        lambda: warehouse.change(product, adjust_by=1),
    ):
        step()
        versions.append(warehouse.level(product).version)
    assert versions == sorted(set(versions))


def test_only_a_pending_order_can_hold(warehouse: Warehouse, database: str) -> None:
    (product,) = add_products(database, 1)
    with pytest.raises(Conflict) as refused:
        warehouse.hold(add_order(database, OrderStatus.CANCELLED), (product, 1))
    assert refused.value.code == "order_state_conflict"
    warehouse.hold(add_order(database), (product, 1))


def test_stock_cannot_go_below_what_is_held(warehouse: Warehouse, database: str) -> None:
    (product,) = add_products(database, 5)
    order_id = new_id()
    warehouse.hold(order_id, (product, 3))
    for change in ({"on_hand": 2}, {"adjust_by": -3}, {"adjust_by": 1_000_000_000}):
        with pytest.raises(Conflict) as refused:
            warehouse.change(product, **change)
        assert refused.value.code == "stock_conflict"
    assert query(database, "SELECT count(*) FROM stock_adjustments") == [(0,)]
    level = warehouse.change(product, on_hand=3)
    assert level is not None
    assert (level.on_hand, level.reserved, level.available) == (3, 3, 0)
    lapse(database, order_id)
    level = warehouse.change(product, adjust_by=-3)
    assert level is not None
    assert (level.on_hand, level.reserved, level.available) == (0, 0, 0)
    assert query(database, "SELECT delta FROM stock_adjustments ORDER BY id") == [(-2,), (-3,)]


def test_the_first_stock_of_a_product(warehouse: Warehouse, database: str) -> None:
    (product,) = add_products(database, 0)
    query(database, "DELETE FROM inventory")
    assert warehouse.level(product) == StockLevel(product, 0, 0, 0, 0)
    level = warehouse.change(product, adjust_by=4)
    assert level is not None
    assert level.on_hand == 4
    assert warehouse.change(new_id(), on_hand=1) is None
