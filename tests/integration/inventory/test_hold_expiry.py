"""When a hold lapses, and when it does not."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from shop.domain.errors import Conflict, InsufficientStock
from shop.domain.ids import new_id
from shop.domain.inventory import (
    AlreadyHeld,
    Held,
    Item,
    StockLevel,
)
from tests.support.builders import add_order, add_products, lapse
from tests.support.stock import levels
from tests.support.warehouse import Warehouse


def test_repeating_a_hold_leaves_the_lapsed_ones_of_others_alone(
    warehouse: Warehouse, database: str
) -> None:
    (product,) = add_products(database, 5)
    order_id = new_id()
    warehouse.hold(order_id, (product, 1))
    other = new_id()
    warehouse.hold(other, (product, 1))
    lapse(database, other)
    assert isinstance(warehouse.try_hold(order_id, (product, 1)), AlreadyHeld)
    assert levels(database, product) == (5, 2)
    held = warehouse.try_hold(new_id(), (product, 1))
    assert isinstance(held, Held)
    assert len(held.lapsed) == 1
    assert levels(database, product) == (5, 2)


def test_a_hold_stops_counting_at_its_end_to_the_second(
    warehouse: Warehouse, database: str
) -> None:
    """A14 (commercetools, saleor): a hold lapses without a sweep."""
    (product,) = add_products(database, 1)
    order_id = add_order(database)
    hold = warehouse.hold(order_id, (product, 1), seconds=2)
    with pytest.raises(InsufficientStock):
        warehouse.hold(new_id(), (product, 1))
    answers = []
    while (asked := datetime.now(UTC)) <= hold.expires_at + timedelta(seconds=0.2):
        answers.append((asked, warehouse.level(product).available, datetime.now(UTC)))
        time.sleep(0.05)
    assert {available for _, available, answered in answers if answered < hold.expires_at} == {0}
    answers.append((asked, warehouse.level(product).available, datetime.now(UTC)))
    assert {available for asked, available, _ in answers if asked > hold.expires_at} == {1}
    assert warehouse.level(product) == StockLevel(product, 1, 0, 1, 2)
    assert not warehouse.begin_payment(order_id)
    other = warehouse.try_hold(new_id(), (product, 1))
    assert isinstance(other, Held)
    assert [(lapsed.order_id, lapsed.items) for lapsed in other.lapsed] == [
        (order_id, (Item(product, 1),))
    ]
    assert levels(database, product) == (1, 1)
    assert warehouse.release(order_id, expired=True) is None
    assert warehouse.confirm(order_id) is None
    assert levels(database, product) == (1, 1)


def test_a_hold_does_not_begin_after_its_end(warehouse: Warehouse, database: str) -> None:
    (product,) = add_products(database, 5)
    with pytest.raises(Conflict) as refused:
        warehouse.hold(add_order(database), (product, 1), seconds=-1)
    assert refused.value.code == "reservation_conflict"
    assert levels(database, product) == (5, 0)


def test_a_hold_being_paid_does_not_end(warehouse: Warehouse, database: str) -> None:
    (product,) = add_products(database, 1)
    order_id = add_order(database)
    hold = warehouse.hold(order_id, (product, 1))
    assert warehouse.begin_payment(order_id)
    lapse(database, order_id)
    assert warehouse.level(product).available == 0
    assert warehouse.release(order_id, expired=True) is None
    with pytest.raises(InsufficientStock):
        warehouse.hold(new_id(), (product, 1))
    assert warehouse.hold(order_id, (product, 1)).reservation_id == hold.reservation_id
    assert warehouse.confirm(order_id) is not None


def test_a_hold_in_part_taken_over_is_neither_paid_nor_confirmed(
    warehouse: Warehouse, database: str
) -> None:
    first, second = add_products(database, 1, 1)
    order_id = add_order(database)
    warehouse.hold(order_id, (first, 1), (second, 1))
    lapse(database, order_id)
    warehouse.hold(new_id(), (first, 1))
    assert not warehouse.begin_payment(order_id)
    assert warehouse.confirm(order_id) is None
    released = warehouse.release(order_id, expired=True)
    assert released is not None
    assert released.hold.items == (Item(second, 1),)
    assert (levels(database, first), levels(database, second)) == ((1, 1), (1, 0))
