"""Cold starts of the storefront's functions, beside a bare handler that imports the same packages.

Each start is a process ``python -m awslambdaric handler.handler`` of the environment that resembles Lambda's
image, with its layers on the path and a Runtime API on loopback. Counted is the CPU time of the process until
it asks for its first invocation (what Lambda calls INIT), for the first invocation, and for those after it.
Every start is paired with one of the bare handler (see `bench.bare_handlers`) right before it. Step
Functions, which only checkout calls, is a stub that answers at once; the broker is unavailable.

The second table compares memory sizes: Lambda gives a function CPU in proportion to its
memory, one vCPU at 1,769 MB, and bills the product of memory and duration.
"""

import argparse
import os
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from bench.aws import aws
from bench.bare import recorded
from bench.bare_handlers import modules, python_path, write_bare_handler
from bench.lambda_process import Start, start
from bench.measuring import Pairs, machine, table, verdict
from bench.memory import Cost, memory_table
from bench.replay import Step
from bench.servers import Servers, body, servers
from shop.adapters.aws.step_functions import step_functions_client
from shop.domain.sessions import Role
from shop_local.functions import Function, declared
from tests.support.orders import ADDRESS, OrderingShop
from tests.support.people import token_of
from tests.support.proxy_events import Context, find_route, proxy_event

BUDGET = 1.25
_WARM = 5
#: Functions whose costs are shown: a read, a write, and one that waits for others.
TYPICAL = ("catalog/get_product", "cart/add_item", "orders/checkout")


@dataclass
class Starts:
    """All starts of one function."""

    init: Pairs = field(default_factory=Pairs)
    first: Pairs = field(default_factory=Pairs)
    both: Pairs = field(default_factory=Pairs)
    later: list[float] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def add(self, ours: Start, base: Start) -> None:
        """Keep a pair."""
        self.init.add(ours.init, base.init)
        self.first.add(ours.first, base.first)
        self.both.add(ours.init + ours.first, base.init + base.first)
        self.later.append(ours.later)

    def row(self, title: str) -> list[object]:
        """Return the cells of its table row."""
        pairs = (self.init, self.first, self.both)
        return [
            title,
            *(f"{median(each.ours) * 1000:.0f}" for each in pairs),
            *(f"{median(each.base) * 1000:.0f}" for each in pairs),
            f"{self.init.ratio:.2f}",
            f"{self.both.ratio:.2f}",
            verdict(self.both.ratio, BUDGET, self.both.spread),
        ]


type MakeEvent = Callable[[], dict[str, Any]]


def _environment(of: Servers, boto3: dict[str, str]) -> dict[str, str]:
    """Return the variables that Lambda and the template set."""
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        **of.environment,
        **boto3,
        "SHOP_CHECKOUT_ARN": "arn:aws:states:us-east-1:000000000000:stateMachine:checkout",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    }


class _Requests:
    """A valid request for each function; each call prepares its data."""

    def __init__(self, of: Servers, shop: OrderingShop) -> None:
        self._shop = shop
        self._products = of.products
        self._token = token_of(shop.container, Role.CUSTOMER)
        self._order = shop.order(self._token, of.products[0])

    def all(self) -> dict[str, MakeEvent]:
        """Return the makers of requests by title of the function."""
        product = self._products[0]
        item = {"product_id": product, "quantity": 1}
        made: list[tuple[str, str, dict[str, object] | None]] = [
            ("GET", "/api/catalog/products?category=phones", None),
            ("GET", f"/api/catalog/products/{product}", None),
            ("GET", f"/api/stock/{product}", None),
            ("GET", "/api/cart", None),
            ("POST", "/api/cart/items", item),
            ("GET", f"/api/orders/{self._order}", None),
        ]
        events: dict[str, MakeEvent] = {
            find_route(method, path.partition("?")[0])[0].function: partial(
                self._event, method, path, sent
            )
            for method, path, sent in made
        }
        return {**events, "orders/checkout": self._checkout, "payments/process_payment": self._pay}

    def _event(
        self, method: str, path: str, sent: dict[str, object] | None, token: str = ""
    ) -> dict[str, Any]:
        headers = {
            "Authorization": f"Bearer {token or token_of(self._shop.container, Role.CUSTOMER)}",
            "Content-Type": "application/json",
            "Idempotency-Key": uuid.uuid4().hex,
        }
        if "/orders/" in path and method == "GET":
            headers["Authorization"] = f"Bearer {self._token}"
        return proxy_event(method, path, headers, body(**sent) if sent else None)

    def _checkout(self) -> dict[str, Any]:
        token = token_of(self._shop.container, Role.CUSTOMER)
        sent: dict[str, object] = {
            "cart_id": self._shop.fill_cart(token, self._products[0]),
            "shipping_address": ADDRESS,
            "payment_method_id": "pm_card_visa",
        }
        return self._event("POST", "/api/orders/checkout", sent, token)

    def _pay(self) -> dict[str, Any]:
        token = token_of(self._shop.container, Role.CUSTOMER)
        order_id = self._shop.order(token, self._products[0])
        sent = {"order_id": order_id, "payment_method_id": "pm_card_visa"}
        return self._event("POST", "/api/payments/process", sent, token)


def record(shop: OrderingShop, function: Function, event: dict[str, Any]) -> list[Step]:
    """Record what a function's request sends to PostgreSQL and Redis."""
    handler, context = shop.handler(function.title), Context(function.title)
    with shop.active(), recorded() as steps:
        answer = handler(event, context)
    if answer["statusCode"] not in {200, 201}:
        raise SystemExit(f"{function.title}: {answer}")
    return steps


def measure(of: Servers, rounds: int, only: str) -> dict[str, Starts]:
    """Start every function `rounds` times, each after its bare handler."""
    with (
        tempfile.TemporaryDirectory() as folder,
        of.container(rate_limit_per_second=10**6, rate_limit_burst=10**6) as container,
        aws() as boto3,
    ):
        environment = _environment(of, boto3)
        shop = OrderingShop(container)
        events = _Requests(of, shop).all()
        functions = {f.title: f for f in declared() if f.title in events and only in f.title}
        found = {title: Starts() for title in functions}
        paths = {}
        order = _order(of)
        for title, function in functions.items():
            with patch.dict(os.environ, boto3):
                event = events[title]()
                in_process = shop.states
                container.checkout_machine._client = step_functions_client()  # type: ignore[attr-defined]
                found[title].steps = record(shop, function, event)
                container.checkout_machine._client = in_process  # type: ignore[attr-defined]
            bare = {k: v for k, v in environment.items() if k != "AWS_LAMBDA_FUNCTION_NAME"}
            paths[title] = write_bare_handler(
                Path(folder) / function.name,
                function,
                modules(function, bare),
                found[title].steps,
                order,
            )
        for number in range(-1, rounds):
            for title, function in functions.items():
                bare_events: list[dict[str, Any]] = [{}] * (_WARM + 1)
                base = start(Path(folder) / function.name, environment, paths[title], bare_events)
                wanted = [events[title]() for _ in range(_WARM + 1)]
                container.redis.incr("products:version")  # its first request finds no cache
                ours = start(function.folder, environment, python_path(function), wanted)
                if number >= 0:  # the first round warms the page cache
                    found[title].add(ours, base)
    return found


def _order(of: Servers) -> str:
    item = {"product_id": of.products[0], "quantity": 1}
    ids = {name: uuid.uuid4() for name in ("order_id", "user_id", "correlation_id")}
    rest = {"email": None, "shipping_method": "standard", "payment_method_id": "pm_card_visa"}
    return body(items=[item], shipping_address=ADDRESS, tax_region="CA", **ids, **rest)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7, help="starts of each function (7)")
    parser.add_argument("--only", default="", help="only functions whose name contains this")
    options = parser.parse_args()
    with tempfile.TemporaryFile("w") as log, servers(products=50) as running:
        # Discards this process's own log lines.
        stdout = os.dup(1)
        os.dup2(log.fileno(), 1)
        try:
            found = measure(running, options.rounds, options.only)
        finally:
            os.dup2(stdout, 1)
    print(f"Cold starts, medians of {options.rounds}, milliseconds of CPU. {machine()}\n")
    headings = (
        "function",
        "INIT",
        "first request",
        "sum",
        "bare INIT",
        "bare first",
        "bare sum",
        "INIT ratio",
        "sum ratio",
        f"within {BUDGET:g}x",
    )
    table(headings, [starts.row(title) for title, starts in found.items()])
    print("\nCost of 1,000 requests, one in a hundred of them a cold start, and latency:\n")
    memory_table(
        [
            Cost(
                title,
                cold=median(starts.both.ours),
                warm=median(starts.later),
                trips=sum(kind in {"sql", "redis", "commit"} for kind, _ in starts.steps),
            )
            for title, starts in found.items()
            if title in TYPICAL
        ]
    )


if __name__ == "__main__":
    main()
