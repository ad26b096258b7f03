"""Many buyers at once: a real thread each, with its own connections to real servers."""

import hashlib
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from shop.domain.errors import Conflict, InsufficientStock
from shop.domain.ids import new_id
from shop.domain.inventory import Item
from shop.services.inventory.holds import commit_stock, hold_stock, release_stock
from shop.services.orders.expire import expire_reservations
from shop_local.services import RunningServices
from tests.support.at_once import at_once
from tests.support.builders import add_order, add_products
from tests.support.containers import container_for
from tests.support.gateway import Gateway
from tests.support.stock import begin_payment, levels, query

BUYERS = 200
STOCK = 50
NO_REDIS = "redis://127.0.0.1:1"
TOKEN = "token-of-another-service"


def buy(database: str, lines: Callable[[], list[Item]], *, times: int = 10) -> Counter[str]:
    """Hold stock for several orders, one after the other."""
    outcomes: Counter[str] = Counter()
    with container_for(database, NO_REDIS) as container:
        for _ in range(times):
            try:
                hold_stock(
                    partial(container.unit_of_work, publish=False),
                    new_id(),
                    lines(),
                    expires_at=datetime.now(UTC) + timedelta(minutes=10),
                    correlation_id="c",
                )
                outcomes["held"] += 1
            except InsufficientStock:
                outcomes["refused"] += 1
    return outcomes


def test_two_hundred_buyers_of_fifty(database: str) -> None:
    """A1 (vendure #1738, saleor #543, medusa #16569): exactly 50 succeed, nothing else goes wrong."""
    (product,) = add_products(database, STOCK)
    buyer = partial(buy, database, lambda: [Item(product, 1)], times=1)
    outcomes = sum(at_once([buyer] * BUYERS), Counter[str]())
    assert outcomes == {"held": STOCK, "refused": BUYERS - STOCK}
    assert levels(database, product) == (STOCK, STOCK)
    assert query(database, "SELECT count(*), sum(quantity) FROM reservations") == [(STOCK, STOCK)]


def test_redis_is_killed_during_reservations(
    services: RunningServices, database: str, redis_url: str
) -> None:
    """A1: no reservation by another service depends on Redis."""
    (product,) = add_products(database, STOCK)
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    requests = iter(range(10**6))

    def reserve() -> Counter[int]:
        statuses: Counter[int] = Counter()
        with container_for(database, redis_url, service_token_sha256=digest) as container:
            shop = Gateway(container)
            for _ in range(10):
                items = [{"product_id": str(product), "quantity": 1}]
                body = {"order_id": str(new_id()), "items": items}
                statuses[shop.post("/api/inventory/reserve", json=body, token=TOKEN).status] += 1
                if next(requests) == 25:
                    services.kill("valkey")
        return statuses

    try:
        statuses = sum(at_once([reserve] * 10), Counter[int]())
    finally:
        services.start("valkey")
    assert statuses == {200: STOCK, 400: 10 * 10 - STOCK}
    assert levels(database, product) == (STOCK, STOCK)


def test_overlapping_orders_never_deadlock(database: str) -> None:
    """A1: concurrent holds of several products in random order, some with two lines of one product."""
    products = add_products(database, 30, 30, 30, 30)

    def lines() -> list[Item]:
        return [Item(random.choice(products), random.randint(1, 2)) for _ in range(4)]

    buyer = partial(buy, database, lines)
    at_once([buyer] * 12)
    for product in products:
        on_hand, reserved = levels(database, product)
        assert 0 <= reserved <= on_hand
        held = query(
            database, "SELECT sum(quantity) FROM reservations WHERE product_id = %s", (product,)
        )
        assert held == [(reserved,)]


def test_concurrent_operations_keep_the_counters_consistent(database: str) -> None:
    """A3, A6: hold, pay, confirm, release and sweep the same orders from many threads."""
    products = add_products(database, 12, 12, 12)
    soon = datetime.now(UTC) + timedelta(seconds=0.5)
    orders = [add_order(database, reservation_expires_at=soon) for _ in range(24)]

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

    at_once([partial(trade, seed) for seed in range(8)])
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
