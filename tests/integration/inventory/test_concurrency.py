"""Many buyers at once: a real thread each, with its own connections to real servers."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest

from shop.adapters.redis import stock_locks as redis_stock_locks
from shop.domain.errors import Conflict, InsufficientStock
from shop.domain.ids import new_id
from shop.domain.inventory import Item
from shop.services.inventory.holds import commit_stock, hold_stock, release_stock
from shop.services.orders.expire import expire_reservations
from shop_local.services import RunningServices
from tests.support.containers import container_for
from tests.support.stock import add_order, add_products, begin_payment, levels, query
from tests.support.threads import in_threads

BUYERS = 200
STOCK = 50
NO_REDIS = "redis://127.0.0.1:1"


def buy(
    database: str,
    redis_url: str,
    lines: Callable[[], list[Item]],
    note: Callable[[], object] = lambda: None,
    *,
    times: int = 10,
) -> Counter[str]:
    """Hold stock for several orders, one after the other."""
    outcomes: Counter[str] = Counter()
    with container_for(database, redis_url) as container:
        for _ in range(times):
            try:
                hold_stock(
                    partial(container.unit_of_work, publish=False),
                    container.stock_locks,
                    new_id(),
                    lines(),
                    expires_at=datetime.now(UTC) + timedelta(minutes=10),
                    correlation_id="c",
                )
                outcomes["held"] += 1
            except InsufficientStock:
                outcomes["refused"] += 1
            note()
    return outcomes


@pytest.mark.parametrize("with_redis", [True, False], ids=["with locks", "without Redis"])
def test_two_hundred_buyers_of_fifty(database: str, redis_url: str, with_redis: bool) -> None:
    """A1 (vendure #1738, saleor #543, medusa #16569): exactly 50 succeed, nothing else goes wrong."""
    (product,) = add_products(database, STOCK)
    redis = redis_url if with_redis else NO_REDIS
    buyer = partial(buy, database, redis, lambda: [Item(product, 1)], times=1)
    outcomes = sum(in_threads([buyer] * BUYERS), Counter[str]())
    assert outcomes == {"held": STOCK, "refused": BUYERS - STOCK}
    assert levels(database, product) == (STOCK, STOCK)
    assert query(database, "SELECT count(*), sum(quantity) FROM reservations") == [(STOCK, STOCK)]


def test_redis_dies_in_the_middle(
    services: RunningServices, database: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A1: the locks only order the queue; losing them half-way costs speed, not stock."""
    monkeypatch.setattr(redis_stock_locks, "OPEN_SECONDS", 0.2)
    (product,) = add_products(database, STOCK)
    orders = iter(range(10**6))

    def kill_once() -> None:
        if next(orders) == 25:
            services.kill("valkey")

    buyer = partial(buy, database, redis_url, lambda: [Item(product, 1)], kill_once)
    try:
        outcomes = sum(in_threads([buyer] * 10), Counter[str]())
    finally:
        services.start("valkey")
    assert outcomes == {"held": STOCK, "refused": 10 * 10 - STOCK}
    assert levels(database, product) == (STOCK, STOCK)


def test_overlapping_orders_never_deadlock(database: str) -> None:
    """A1: several products in random order, two lines of some, everybody at once, no locks to help."""
    products = add_products(database, 30, 30, 30, 30)

    def lines() -> list[Item]:
        return [Item(random.choice(products), random.randint(1, 2)) for _ in range(4)]

    buyer = partial(buy, database, NO_REDIS, lines)
    in_threads([buyer] * 12)
    for product in products:
        on_hand, reserved = levels(database, product)
        assert 0 <= reserved <= on_hand
        held = query(
            database, "SELECT sum(quantity) FROM reservations WHERE product_id = %s", (product,)
        )
        assert held == [(reserved,)]


def test_everything_at_once_keeps_the_books(database: str) -> None:
    """A3, A6: hold, pay, confirm, release and sweep the same orders from many threads."""
    products = add_products(database, 12, 12, 12)
    orders: list[UUID] = [add_order(database, expires_in="0.5 seconds") for _ in range(24)]

    def trade(seed: int) -> None:
        chance = random.Random(seed)
        with container_for(database, NO_REDIS) as container:
            open_work = partial(container.unit_of_work, publish=False)
            for _ in range(40):
                order_id = chance.choice(orders)
                match chance.randrange(5):
                    case 0:
                        lines = [Item(product, 1) for product in products]
                        ends = datetime.now(UTC) + timedelta(seconds=chance.choice([0.05, 60]))
                        try:
                            hold_stock(
                                open_work,
                                container.stock_locks,
                                order_id,
                                lines,
                                expires_at=ends,
                                correlation_id="c",
                            )
                        except (InsufficientStock, Conflict):
                            continue
                    case 1:
                        with container.database.transaction() as transaction:
                            begin_payment(transaction, order_id)
                    case 2:
                        with open_work() as work:
                            commit_stock(work, order_id, "c")
                    case 3:
                        with open_work() as work:
                            work.inventory.lock_order(order_id)
                            release_stock(work, order_id, reason="test", correlation_id="c")
                    case 4:
                        expire_reservations(open_work, seconds=2)

    in_threads([partial(trade, seed) for seed in range(8)])
    for product in products:
        on_hand, reserved = levels(database, product)
        pending, confirmed = query(
            database,
            "SELECT coalesce(sum(quantity) FILTER (WHERE status = 'pending'), 0),"
            " coalesce(sum(quantity) FILTER (WHERE status = 'confirmed'), 0)"
            " FROM reservations WHERE product_id = %s",
            (product,),
        )[0]
        assert (on_hand, reserved) == (12 - confirmed, pending)
