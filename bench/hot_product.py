"""Many buyers of one product at once, with the stock's Redis lock and without it, in turns.

Every buyer is a thread with its own connections and its own copy of ``inventory/reserve_stock``, called with
an API Gateway event; all begin together. Sold must be exactly the stock, everybody else must be refused
with 400 insufficient_stock, and nothing may fail. All threads share one Python process, so the times
contain waiting for the interpreter: compare the two ways with each other, not with a deployment.
"""

import argparse
import contextlib
import hashlib
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median

import psycopg

from bench.measuring import machine, percentile, seconds, spread, table
from bench.servers import Servers, body, servers
from shop.adapters.postgres.database import Database
from shop.domain.ids import new_id
from tests.support.containers import container_for
from tests.support.gateway import Gateway
from tests.support.products import add_product
from tests.support.proxy_events import Context, proxy_event
from tests.support.threads import in_threads

FUNCTION = "inventory/reserve_stock"
_TOKEN = "service-token-of-the-benchmark"
_NO_REDIS = "redis://127.0.0.1:1"


@dataclass
class Run:
    """What came of one rush."""

    statuses: Counter[int]
    times: list[float]
    took: float
    held: int

    @property
    def throughput(self) -> float:
        """Answers a second."""
        return len(self.times) / self.took


@contextmanager
def buyers(of: Servers, redis_url: str, count: int) -> Iterator[list[Gateway]]:
    """Make buyers whose connections are open and whose handlers are loaded."""
    digest = hashlib.sha256(_TOKEN.encode()).hexdigest()
    warming = add_product_with(of, 10**6)
    with ExitStack() as stack:
        made = []
        for _ in range(count):
            container = stack.enter_context(
                container_for(of.database_url, redis_url, service_token_sha256=digest)
            )
            shop = Gateway(container)
            _buy(shop, warming)
            made.append(shop)
        yield made


def add_product_with(of: Servers, stock: int) -> object:
    """Make a product with so much stock."""
    with contextlib.closing(Database(of.database_url)) as database:
        return add_product(database, on_hand=stock)


def _buy(shop: Gateway, product: object) -> int:
    headers = {"Authorization": f"Bearer {_TOKEN}", "Content-Type": "application/json"}
    sent = body(order_id=new_id(), items=[{"product_id": str(product), "quantity": 1}])
    event = proxy_event("POST", "/api/inventory/reserve", headers, sent)
    with shop.active():
        answer = shop.handler(FUNCTION)(event, Context(FUNCTION))
    status: int = answer["statusCode"]
    return status


def rush(of: Servers, crowd: list[Gateway], stock: int) -> Run:
    """Let everybody buy a new product at once."""
    product = add_product_with(of, stock)
    statuses: Counter[int] = Counter()
    ends: list[float] = []

    def buy(shop: Gateway) -> tuple[float, float]:
        began = time.perf_counter()
        took = seconds(lambda: statuses.update([_buy(shop, product)]))
        ends.append(time.perf_counter())
        return began, took

    results = in_threads([lambda shop=shop: buy(shop) for shop in crowd])  # type: ignore[misc]
    with psycopg.connect(of.database_url) as connection:
        found = connection.execute(
            "SELECT coalesce(sum(quantity), 0) FROM reservations"
            " WHERE product_id = %s AND status = 'pending'",
            (product,),
        )
        (held,) = found.fetchone() or (0,)
    took = max(ends) - min(began for began, _ in results)
    return Run(statuses, [took for _, took in results], took, int(held))


def main() -> None:
    """Run from the command line; exit with 1 if what was sold is not exactly the stock."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--buyers", type=int, default=200, help="at once (200)")
    parser.add_argument("--stock", type=int, default=50, help="of the product (50)")
    parser.add_argument("--rounds", type=int, default=3, help="rushes each way (3)")
    options = parser.parse_args()
    runs: dict[str, list[Run]] = {"with the Redis lock": [], "without": []}
    with (
        servers(products=1) as running,
        open(os.devnull, "w") as log,  # noqa: PTH123
        contextlib.redirect_stdout(log),
    ):
        for _ in range(options.rounds):
            for name, redis_url in zip(runs, (running.redis_url, _NO_REDIS), strict=True):
                with buyers(running, redis_url, options.buyers) as crowd:
                    runs[name].append(rush(running, crowd, options.stock))
    print(
        f"{options.buyers} buyers of a stock of {options.stock}, medians of {options.rounds}."
        f" {machine()}\n"
    )
    headings = (
        "stock lock",
        "sold",
        "refused",
        "failed",
        "answers/s",
        "p50 ms",
        "p95 ms",
        "spread",
    )
    rows = [
        (
            name,
            "/".join(str(run.held) for run in each),
            "/".join(str(run.statuses[400]) for run in each),
            sum(run.statuses.total() - run.statuses[200] - run.statuses[400] for run in each),
            f"{median(run.throughput for run in each):.0f}",
            f"{median(percentile(run.times, 50) for run in each) * 1000:.0f}",
            f"{median(percentile(run.times, 95) for run in each) * 1000:.0f}",
            f"{spread([run.took for run in each]):.0%}",
        )
        for name, each in runs.items()
    ]
    table(headings, rows)
    locked, free = (median(run.throughput for run in each) for each in runs.values())
    print(f"\nThroughput with the lock / without: {locked / free:.2f}.")
    sold = min(options.stock, options.buyers)
    expected = Counter({200: sold, 400: options.buyers - sold})
    exact = all(
        run.statuses == expected and run.held == sold for each in runs.values() for run in each
    )
    print("Sold exactly the stock, each time." if exact else "WRONG: not exactly the stock.")
    sys.exit(0 if exact else 1)


if __name__ == "__main__":
    main()
