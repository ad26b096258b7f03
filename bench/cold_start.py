"""Cold starts of the storefront's functions, beside an empty handler's.

Each start is a process ``python -m awslambdaric handler.handler`` of the environment that resembles
Lambda's image, with its layers on the path and a Runtime API on loopback. Timed are: from the start of
the process until it asks for its first invocation (what Lambda calls INIT), the first invocation, which
imports drivers and connects, and the same request once more. Every start is paired with one of an empty
handler right before it. Step Functions, which only checkout calls, is a stub that answers at once.
"""

import argparse
import json
import os
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from bench.measuring import Pairs, machine, milliseconds, table, verdict
from bench.placement import step_functions
from bench.servers import Servers, body, servers
from shop.domain.sessions import Role
from shop_local.functions import declared
from shop_local.paths import CHECKOUT, LAMBDA_PYTHON
from shop_localstack.process import LambdaProcess, ProcessLog
from shop_localstack.runtime_api import Invocation, Kind
from tests.support.orders import ADDRESS, OrderingShop
from tests.support.people import token_of
from tests.support.proxy_events import find_route, proxy_event

BUDGET = 2.0
_DEADLINE_SECONDS = 30


@dataclass
class Start:
    """Times of one process, in seconds."""

    init: float
    init_cpu: float
    first: float
    second: float


@dataclass
class Starts:
    """All starts of one function."""

    init: Pairs = field(default_factory=Pairs)
    init_cpu: Pairs = field(default_factory=Pairs)
    first: list[float] = field(default_factory=list)
    second: list[float] = field(default_factory=list)


type MakeEvent = Callable[[], dict[str, Any]]


def _environment(of: Servers, step_functions_url: str) -> dict[str, str]:
    """What Lambda sets, and the template."""
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        **of.environment,
        "SHOP_CHECKOUT_ARN": "arn:aws:states:us-east-1:000000000000:stateMachine:checkout",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_ENDPOINT_URL_SFN": step_functions_url,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
    }


def start(folder: Path, environment: dict[str, str], event: MakeEvent | None) -> Start:
    """Start a function, send it two requests, and end it."""
    log = ProcessLog()
    command = [str(LAMBDA_PYTHON), "-m", "awslambdaric", "handler.handler"]
    events = [event() if event else {} for _ in range(2)]
    began = time.perf_counter()
    process = LambdaProcess(command, folder, environment, log)
    try:
        _expect(process, Kind.READY, log)
        init = time.perf_counter() - began
        init_cpu = _cpu_seconds(process.pid)
        first, second = (_invoke(process, event, log) for event in events)
    finally:
        process.kill()
        log.close()
    return Start(init, init_cpu, first, second)


def _cpu_seconds(pid: int) -> float:
    """Give the time that a process has spent on a CPU, which a busy machine disturbs little."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def _invoke(process: LambdaProcess, event: dict[str, Any], log: ProcessLog) -> float:
    deadline = round((time.time() + _DEADLINE_SECONDS) * 1000)
    invocation = Invocation(
        str(uuid.uuid4()), "arn:aws:lambda:bench", "", deadline, json.dumps(event).encode()
    )
    began = time.perf_counter()
    process.submit(invocation)
    answer = _expect(process, Kind.RESPONSE, log)
    took = time.perf_counter() - began
    if event and json.loads(answer)["statusCode"] not in {200, 201}:
        raise SystemExit(f"the request failed: {answer.decode()}\n{log.read()}")
    _expect(process, Kind.READY, log)
    return took


def _expect(process: LambdaProcess, kind: Kind, log: ProcessLog) -> bytes:
    report = process.wait(_DEADLINE_SECONDS)
    if report is None or report.kind is not kind:
        raise SystemExit(f"expected {kind}, got {report}\n{log.read()}")
    return report.body


class _Requests:
    """A good request for each function; each call prepares what it needs."""

    def __init__(self, of: Servers, shop: OrderingShop) -> None:
        self._shop = shop
        self._products = of.products
        self._token = token_of(shop.container, Role.CUSTOMER)
        self._order = shop.order(self._token, of.products[0])

    def all(self) -> dict[str, MakeEvent]:
        """Give the makers of requests by title of the function."""
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


def measure(of: Servers, rounds: int, only: str) -> dict[str, Starts]:
    """Start every function so many times, each after an empty one."""
    with (
        tempfile.TemporaryDirectory() as empty,
        of.container() as container,
        step_functions() as step_functions_url,
    ):
        (Path(empty) / "handler.py").write_text("def handler(event, context):\n    return None\n")
        environment = _environment(of, step_functions_url)
        paths = {f.title: ":".join(f"{layer}/python" for layer in f.layers) for f in declared()}
        events = _Requests(of, OrderingShop(container)).all()
        found = {title: Starts() for title in events if only in title}
        for number in range(-1, rounds):
            for title, starts in found.items():
                environment["PYTHONPATH"] = paths[title]
                base = start(Path(empty), environment, None)
                ours = start(CHECKOUT / "functions" / title, environment, events[title])
                if number >= 0:  # the first round warms the page cache
                    starts.init.add(ours.init, base.init)
                    starts.init_cpu.add(ours.init_cpu, base.init_cpu)
                    starts.first.append(ours.first)
                    starts.second.append(ours.second)
    return found


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7, help="starts of each function (7)")
    parser.add_argument("--only", default="", help="only functions whose name contains this")
    options = parser.parse_args()
    with tempfile.TemporaryFile("w") as log, servers(products=50) as running:
        # What this process itself would log, it logs elsewhere.
        stdout = os.dup(1)
        os.dup2(log.fileno(), 1)
        try:
            found = measure(running, options.rounds, options.only)
        finally:
            os.dup2(stdout, 1)
    print(f"Cold starts, medians of {options.rounds}, milliseconds. {machine()}\n")
    print(
        "INIT is judged by the clock; its ratio in CPU time beside it is what a busy machine hides.\n"
    )
    headings = (
        "function",
        "INIT",
        "empty",
        "ratio",
        "CPU ratio",
        f"within {BUDGET:g}x",
        "first request",
        "second",
    )
    rows = [
        (
            title,
            milliseconds(median(starts.init.ours)),
            milliseconds(median(starts.init.base)),
            f"{starts.init.ratio:.2f}",
            f"{starts.init_cpu.ratio:.2f}",
            verdict(starts.init.ratio, BUDGET, starts.init.spread),
            milliseconds(median(starts.first)),
            milliseconds(median(starts.second)),
        )
        for title, starts in found.items()
    ]
    table(headings, rows)


if __name__ == "__main__":
    main()
