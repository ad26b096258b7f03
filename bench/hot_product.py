"""Many buyers of one product at once, alternating with as many buyers of different products.

Every buyer is a process with its own connections and its own copy of ``inventory/reserve_stock``, called with
an API Gateway event; all begin at one moment. PostgreSQL allows 400 connections here, so more than 300 buyers
are played by 300 processes, each several, one after the other. Sold must be exactly the stock, everybody else
must be refused with 400 insufficient_stock, and nothing may fail. Buyers and PostgreSQL share the machine's
CPUs: the times hold for this machine alone, the ratio of both ways and CPU time for others too.
"""

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from uuid import UUID

from bench.buyers import Crowd, crowd
from bench.measuring import machine, percentile, table
from bench.servers import Servers, servers
from shop.adapters.postgres.database import Database
from tests.support.builders import add_product

PROCESSES = 300
SIZES = (50, 200, 1000)


@dataclass
class Run:
    """The result of one rush; CPU in seconds."""

    statuses: Counter[int]
    times: list[float]
    took: float
    held: int
    cpu: float
    postgresql_cpu: float

    @property
    def throughput(self) -> float:
        """Answers per second."""
        return len(self.times) / self.took


@dataclass
class Series:
    """All rushes of one size and kind."""

    buyers: int
    name: str
    runs: list[Run] = field(default_factory=list)

    def exact(self, stock: int) -> bool:
        """Whether each time exactly the stock was sold, and everybody else refused."""
        sold = min(stock, self.buyers)
        expected = +Counter({200: sold, 400: self.buyers - sold})
        return all(run.statuses == expected and run.held == sold for run in self.runs)

    @property
    def throughput(self) -> float:
        """Median of the rushes."""
        return median(run.throughput for run in self.runs)

    def row(self) -> list[object]:
        """Return the cells of its table row."""
        times = [
            f"{median(percentile(run.times, percent) for run in self.runs) * 1000:.0f}"
            for percent in (50, 95)
        ]
        cpu = [
            f"{median(used) / self.buyers * 1000:.2f}"
            for used in ([r.cpu for r in self.runs], [r.postgresql_cpu for r in self.runs])
        ]
        return [
            f"{self.buyers}, {self.name}",
            "/".join(str(run.held) for run in self.runs),
            sum(run.statuses.total() - run.statuses[200] - run.statuses[400] for run in self.runs),
            f"{self.throughput:.0f}",
            *times,
            *cpu,
        ]


def rush(of: Servers, buyers: Crowd, wanted: Sequence[UUID]) -> Run:
    """Let one buyer per product start at once."""
    before = of.cpu("postgresql")
    bought = buyers.rush(wanted)
    after = of.cpu("postgresql")
    with of.container() as container, container.database.autocommit() as transaction:
        row = transaction.row(
            "SELECT coalesce(sum(quantity), 0)::int AS held FROM reservations"
            " WHERE product_id = ANY(%s) AND status = 'pending'",
            (list(set(wanted)),),
        )
    acted = [each for each in bought if each.statuses]
    return Run(
        statuses=Counter(status for each in acted for status in each.statuses),
        times=[took for each in acted for took in each.times],
        took=max(each.ended for each in acted) - min(each.began for each in acted),
        held=row.held if row else 0,
        cpu=sum(each.cpu for each in acted),
        postgresql_cpu=after - before,
    )


def measure(of: Servers, sizes: Sequence[int], stock: int, rounds: int) -> list[Series]:
    """Measure each size in both kinds alternately, `rounds` times."""
    found = []
    for size in sizes:
        one, many = Series(size, "one product"), Series(size, "a product each")
        sold = min(stock, size)
        with of.container() as container, crowd(of, min(size, PROCESSES)) as buyers:
            empty = [add_product(container.database, on_hand=0) for _ in range(size - sold)]
            ways: list[tuple[Series, Callable[[], list[UUID]]]] = [
                (one, partial(_one, container.database, size, stock)),
                (many, partial(_each, container.database, sold, empty)),
            ]
            for number in range(-1, rounds):
                for series, products in ways if number % 2 else ways[::-1]:
                    run = rush(of, buyers, products())
                    if number >= 0:  # the first opens connections and prepares statements
                        series.runs.append(run)
        found += [one, many]
    return found


def _one(database: Database, buyers: int, stock: int) -> list[UUID]:
    return [add_product(database, on_hand=stock)] * buyers


def _each(database: Database, sold: int, empty: Sequence[UUID]) -> list[UUID]:
    wanted = [*(add_product(database, on_hand=1) for _ in range(sold)), *empty]
    return random.sample(wanted, len(wanted))


def main() -> None:
    """Run from the command line; exit with 1 if what was sold is not exactly the stock."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--buyers", type=int, nargs="*", default=SIZES, help="at once (50 200 1000)"
    )
    parser.add_argument("--stock", type=int, default=50, help="of the product (50)")
    parser.add_argument("--rounds", type=int, default=5, help="rushes each way (5)")
    options = parser.parse_args()
    with servers(products=1) as running:
        found = measure(running, options.buyers, options.stock, options.rounds)
    print(f"Buyers of a stock of {options.stock}, medians of {options.rounds}. {machine()}")
    print("CPU in milliseconds a buyer.\n")
    headings = (
        "buyers",
        "sold",
        "failed",
        "answers/s",
        "p50 ms",
        "p95 ms",
        "CPU buyer",
        "CPU PostgreSQL",
    )
    table(headings, [series.row() for series in found])
    for one, many in zip(found[::2], found[1::2], strict=True):
        ratio = one.throughput / many.throughput
        print(f"\n{one.buyers} buyers: throughput of one product / a product each: {ratio:.2f}.")
    exact = all(series.exact(options.stock) for series in found)
    print("\nSold exactly the stock, each time." if exact else "\nWRONG: not exactly the stock.")
    sys.exit(0 if exact else 1)


if __name__ == "__main__":
    main()
