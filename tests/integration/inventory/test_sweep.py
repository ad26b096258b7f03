"""The sweep expires lapsed holds, and cleans up after crashes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import msgspec
import pytest

from shop.domain.ids import new_id
from shop.domain.inventory import Item
from shop.services.inventory.holds import commit_stock, hold_stock_for, release_order
from shop.services.orders.expire import expire_reservations
from tests.support.at_once import at_once
from tests.support.builders import add_order, add_products, lapse
from tests.support.containers import Container, container_for
from tests.support.stock import begin_payment, connected, levels, query

NO_REDIS = "redis://127.0.0.1:1"


@pytest.fixture
def container(database: str) -> Iterator[Container]:
    with container_for(database, NO_REDIS) as made:
        yield made


def hold(container: Container, order_id: UUID, *products: UUID, seconds: int = 600) -> None:
    hold_stock_for(
        container.unit_of_work,
        order_id,
        [Item(product, 1) for product in products],
        ttl_seconds=seconds,
        correlation_id="c",
    )


def sweep(container: Container) -> dict[str, int]:
    return expire_reservations(container.unit_of_work, seconds=20)


def statuses(database: str, order_id: UUID) -> tuple[str, str | None]:
    rows = query(database, "SELECT status, cancel_reason FROM orders WHERE id = %s", (order_id,))
    return rows[0]


def events(database: str, event_type: str) -> list[dict[str, object]]:
    rows = query(
        database,
        "SELECT body::text FROM outbox WHERE event_type = %s ORDER BY sequence",
        (event_type,),
    )
    return [msgspec.json.decode(row[0]) for row in rows]


def test_a_lapsed_hold_expires_and_its_order_is_cancelled_once(
    container: Container, database: str
) -> None:
    first, second = add_products(database, 5, 5)
    order_id = add_order(database)
    hold(container, order_id, first, second)
    assert sweep(container) == {"released": 0, "cancelled": 0}
    lapse(database)
    assert sweep(container) == {"released": 1, "cancelled": 1}
    assert sweep(container) == {"released": 0, "cancelled": 0}
    assert statuses(database, order_id) == ("CANCELLED", "reservation_expired")
    assert (levels(database, first), levels(database, second)) == ((5, 0), (5, 0))
    ((released),) = events(database, "inventory.released")
    assert released["order_id"] == str(order_id)
    assert released["reason"] == "reservation_expired"
    assert len(events(database, "order.cancelled")) == 1
    assert len(events(database, "inventory.updated")) == 2


def test_an_order_left_without_a_hold_by_a_crash_is_cancelled(
    container: Container, database: str
) -> None:
    order_id = add_order(database, reservation_expires_at=datetime.now(UTC) - timedelta(seconds=1))
    young = add_order(database)
    assert sweep(container) == {"released": 0, "cancelled": 1}
    assert statuses(database, order_id)[0] == "CANCELLED"
    assert statuses(database, young)[0] == "PENDING"


def test_an_order_being_paid_keeps_its_hold(container: Container, database: str) -> None:
    (product,) = add_products(database, 5)
    order_id = add_order(database)
    hold(container, order_id, product)
    with container.database.transaction() as transaction:
        assert begin_payment(transaction, order_id)
    lapse(database)
    assert sweep(container) == {"released": 0, "cancelled": 0}
    assert statuses(database, order_id)[0] == "PAYMENT_PROCESSING"
    assert levels(database, product) == (5, 1)


def test_a_lapsed_hold_of_another_systems_order_expires(
    container: Container, database: str
) -> None:
    (product,) = add_products(database, 5)
    hold(container, new_id(), product)
    lapse(database)
    assert sweep(container) == {"released": 1, "cancelled": 0}
    assert levels(database, product) == (5, 0)


def test_holds_expired_by_a_new_hold_are_announced_once(
    container: Container, database: str
) -> None:
    first, second = add_products(database, 1, 1)
    order_id = add_order(database)
    hold(container, order_id, first, second)
    lapse(database)
    hold(container, new_id(), first)
    assert sweep(container) == {"released": 1, "cancelled": 1}
    items = [event["items"] for event in events(database, "inventory.released")]
    assert items == [
        [{"product_id": str(first), "quantity": 1}],
        [{"product_id": str(second), "quantity": 1}],
    ]
    assert statuses(database, order_id)[0] == "CANCELLED"


def test_a_locked_order_is_left_for_the_next_run(container: Container, database: str) -> None:
    (product,) = add_products(database, 5)
    order_id = add_order(database)
    hold(container, order_id, product)
    lapse(database)
    with connected(database) as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT FROM orders WHERE id = %s FOR UPDATE", (order_id,))
        # A sweep that waited for the lock would fail when its time to wait is over.
        assert sweep(container) == {"released": 0, "cancelled": 0}
        cursor.execute("ROLLBACK")
    assert sweep(container) == {"released": 1, "cancelled": 1}


def test_several_runs_at_once_share_the_work(container: Container, database: str) -> None:
    """A3, A6: 60 lapsed orders, four sweeps: every hold is released exactly once."""
    (product,) = add_products(database, 60)
    for _ in range(60):
        hold(container, add_order(database), product)
    lapse(database)

    def run() -> dict[str, int]:
        with container_for(database, NO_REDIS) as own:
            return expire_reservations(partial(own.unit_of_work, publish=False), seconds=20)

    runs = at_once([run] * 4)
    runs.append(sweep(container))
    assert sum(counts["released"] for counts in runs) == 60
    assert sum(counts["cancelled"] for counts in runs) == 60
    assert levels(database, product) == (60, 0)
    assert len(events(database, "order.cancelled")) == 60


def test_a_run_ends_when_its_time_is_over(container: Container, database: str) -> None:
    (product,) = add_products(database, 20)
    for _ in range(20):
        hold(container, add_order(database), product)
    lapse(database)
    ticks = iter(range(1000))
    counts = expire_reservations(
        container.unit_of_work, seconds=5, clock=lambda: float(next(ticks))
    )
    assert 0 < counts["cancelled"] < 10


def test_a_paid_order_whose_hold_has_ended_is_reported_and_a_repeated_confirmation_is_not(
    container: Container, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (product,) = add_products(database, 5)
    kept, lost = add_order(database), add_order(database)
    for order_id in (kept, lost):
        hold(container, order_id, product)
    release_order(container.unit_of_work, lost, reason="test", correlation_id="c")
    committed = []
    for order_id in (kept, kept, lost):
        with container.unit_of_work() as work:
            committed.append(commit_stock(work, order_id, "c"))
    assert committed == [True, True, False]
    assert capsys.readouterr().out.count('"PaidOrdersWithoutHold":[1.0]') == 1
    assert levels(database, product) == (4, 0)
