"""Warm requests of the hot endpoints, beside the bare drivers sending the same to the same servers.

A handler is called in process with an API Gateway event. What it sends to PostgreSQL and Redis is recorded
once and sent again by psycopg and redis-py alone, alternating with the handler. The difference is our own
time: Chalice, validation, the session's and the cache's logic, JSON, one structured log line. It hardly
depends on the servers, so the ratio is worst here, where a round trip takes microseconds: the last column
adds a network of half a millisecond a round trip, as between a Lambda function and its servers in AWS, to
both sides.
"""

import argparse
import contextlib
import gc
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import Any

from bench.bare import bare_drivers, recorded
from bench.measuring import Pairs, machine, seconds, table, verdict
from bench.replay import BareDrivers, Step
from bench.servers import Servers, body, servers
from shop.domain.sessions import Role
from shop.entrypoints.http import Answer, Request, endpoint
from tests.support.gateway import Gateway
from tests.support.orders import OrderingShop
from tests.support.people import token_of
from tests.support.proxy_events import Context, find_route, proxy_event
from tests.support.wire import counting

BUDGET = 1.5
#: Between a function and its servers in one availability zone or the next.
_NETWORK_SECONDS = 0.0005


@dataclass
class Case:
    """An endpoint in a certain state.

    Attributes
    ----------
    prepare : callable
        Establishes that state; not timed.
    round_trips : int
        Number of times that the handler waits for a server.
    """

    name: str
    event: dict[str, Any]
    prepare: Callable[[], object] = lambda: None
    pairs: Pairs = field(default_factory=Pairs)
    steps: Sequence[Step] = ()
    round_trips: int = 0

    @property
    def ratio_in_a_network(self) -> float:
        """The ratio if every round trip took half a millisecond more."""
        more = self.round_trips * _NETWORK_SECONDS
        return (median(self.pairs.ours) + more) / (median(self.pairs.base) + more)


def cases(of: Servers, shop: OrderingShop) -> list[Case]:
    """Make requests for the hot endpoints."""
    container = shop.container
    token = token_of(container, Role.CUSTOMER)
    order_id = shop.order(token, *of.products[:3])
    cart_token = token_of(container, Role.CUSTOMER)
    shop.fill_cart(cart_token, *of.products[:3])
    user_id = container.sessions.authenticate(cart_token).user_id
    product = of.products[7]

    def forget_local() -> None:
        container.catalog_cache._local.clear()  # type: ignore[attr-defined]

    def forget_all() -> None:
        forget_local()
        container.redis.incr("products:version")

    def small_cart() -> None:
        container.redis.hset(f"cart:{user_id}", str(of.products[0]), "1")

    def get(path: str, as_whom: str | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {as_whom}"} if as_whom else {}
        return proxy_event("GET", path, headers, None)

    listing = "/api/catalog/products?category=phones"
    add = proxy_event(
        "POST",
        "/api/cart/items",
        {"Authorization": f"Bearer {cart_token}", "Content-Type": "application/json"},
        body(product_id=of.products[0], quantity=1),
    )
    return [
        Case("product list, cached in Redis", get(listing), forget_local),
        Case("product list, uncached", get(listing), forget_all),
        Case("product, cached in Redis", get(f"/api/catalog/products/{product}"), forget_local),
        Case("product, uncached", get(f"/api/catalog/products/{product}"), forget_all),
        Case("cart add, 3 lines", add, small_cart),
        Case("order, 3 lines", get(f"/api/orders/{order_id}", token)),
        Case("stock", get(f"/api/stock/{product}")),
    ]


def measure(of: Servers, rounds: int) -> tuple[list[Case], list[float]]:
    """Time every case, and an endpoint that does nothing."""
    with (
        of.container(rate_limit_per_second=10**6, rate_limit_burst=10**6) as container,
        contextlib.closing(bare_drivers(of.database_url, of.redis_url)) as bare,
    ):
        shop = OrderingShop(container)
        found = cases(of, shop)
        with shop.active():
            for case in found:
                _measure_case(case, shop, bare, rounds)
            return found, _do_nothing(found[0].event, rounds)


def _measure_case(case: Case, shop: Gateway, bare: BareDrivers, rounds: int) -> None:
    function = find_route(case.event["httpMethod"], case.event["path"])[0].function
    handler, context = shop.handler(function), Context(function)
    for _ in range(5):
        case.prepare()
        answer = handler(case.event, context)
        if answer["statusCode"] != 200:
            raise SystemExit(f"{case.name}: {answer}")
    case.prepare()
    with counting(shop.container.database) as traffic, recorded() as case.steps:
        handler(case.event, context)
    redis_calls = sum(kind == "redis" for kind, _ in case.steps)
    case.round_trips = traffic.round_trips + redis_calls
    ours, base = partial(handler, case.event, context), partial(bare.replay, case.steps)
    for number in range(-5, rounds):
        case.prepare()
        our_time = seconds(ours)
        case.prepare()
        base_time = seconds(base)
        if number >= 0:
            case.pairs.add(our_time, base_time)


def _do_nothing(event: dict[str, Any], rounds: int) -> list[float]:
    @endpoint()
    def handler(_: Request[None, None]) -> Answer:
        return Answer()

    context = Context("bench/nothing")
    return [seconds(partial(handler, event, context)) for _ in range(rounds)]


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=400, help="calls of each endpoint (400)")
    options = parser.parse_args()
    # Log lines are written, as on Lambda, and discarded.
    with servers() as running, open(os.devnull, "w") as log, contextlib.redirect_stdout(log):  # noqa: PTH123
        gc.freeze()
        found, nothing = measure(running, options.rounds)
    print(f"Warm requests, medians of {options.rounds}, microseconds. {machine()}\n")
    headings = (
        "request",
        "handler",
        "bare",
        "ratio",
        f"within {BUDGET:g}x",
        "ours alone",
        "round trips",
        "ratio at 0.5 ms a trip",
    )
    rows = [
        (
            case.name,
            f"{median(case.pairs.ours) * 1e6:.0f}",
            f"{median(case.pairs.base) * 1e6:.0f}",
            f"{case.pairs.ratio:.2f}",
            verdict(case.pairs.ratio, BUDGET, case.pairs.spread),
            f"{(median(case.pairs.ours) - median(case.pairs.base)) * 1e6:.0f}",
            case.round_trips,
            f"{case.ratio_in_a_network:.2f}",
        )
        for case in found
    ]
    table(headings, rows)
    print(f"\nAn endpoint that does nothing, log line included: {median(nothing) * 1e6:.0f} µs.")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
