"""CPU of one whole purchase by process, and what it sends to PostgreSQL.

Guest session, cart, checkout with an Idempotency-Key, payment, Stripe's webhook, and every event through
RabbitMQ to its consumers, until the order is PROCESSING and its e-mail is sent. The functions run in this
process, called with the events that AWS would send: counted is the CPU time of their thread while a handler
runs, not the API, the state machine or the event source around it. boto3 calls a stub of Step Functions and
SES, Stripe's SDK the fake; both run outside of what is counted. What these libraries and pika use is shown
apart from the functions that call them. There is no OpenSearch.
"""

import argparse
import contextlib
import gc
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Final, override
from unittest.mock import patch
from uuid import UUID, uuid4

from pika.adapters.blocking_connection import BlockingChannel

from bench.aws import aws
from bench.measuring import cpu_of, machine, table
from bench.servers import Servers, servers
from shop.adapters.aws.ses import SesMailer
from shop.adapters.aws.step_functions import StepFunctionsCheckout, step_functions_client
from shop.adapters.rabbitmq.publisher import RabbitMQPublisher
from shop.adapters.rabbitmq.topology import declare
from shop.adapters.stripe.payments import StripePayments
from shop_local.functions import declared
from tests.support.broker import channel, purge, rmq_event
from tests.support.containers import Container
from tests.support.orders import OrderingShop, StatesClient
from tests.support.paying import deliver
from tests.support.payments import StripeControl, event_of, status_of
from tests.support.wire import counting

STATEMENTS, ROUND_TRIPS, CPU_MILLISECONDS = 22, 30, 26.0


class Meter:
    """CPU time of this thread by function; a function called within another is not the other's."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.calls: Counter[str] = Counter()
        self._running: list[str | None] = [None]
        self._since = 0.0

    @contextmanager
    def running(self, function: str | None) -> Iterator[None]:
        """Count a block as this function's; None: as nobody's."""
        self._switch()
        self._running.append(function)
        try:
            yield
        finally:
            self._switch()
            self._running.pop()

    def _switch(self) -> None:
        now = time.thread_time()
        if (function := self._running[-1]) is not None:
            self.seconds[function] += now - self._since
        self._since = now


#: Methods that do little else than call a library: their time is shown as the library's.
_LIBRARIES: Final = (
    (StripePayments, "check_payment_method", "Stripe's SDK"),
    (StripePayments, "charge", "Stripe's SDK"),
    (StepFunctionsCheckout, "_start", "boto3"),
    (SesMailer, "send", "boto3"),
    (RabbitMQPublisher, "publish", "pika"),
)


class MeasuredStates(StatesClient):
    """Runs the checkout in process and calls the stub as well, for what boto3 costs."""

    def __init__(self, gateway: "MeasuredShop") -> None:
        super().__init__(gateway)
        self._shop = gateway
        self._client = step_functions_client()

    @override
    def start_sync_execution(self, **call: Any) -> dict[str, Any]:
        self._client.start_sync_execution(**call)
        with self._shop.meter.running(None):
            return super().start_sync_execution(**call)


class MeasuredShop(OrderingShop):
    """A shop that measures the CPU time of each handler."""

    def __init__(self, container: Container) -> None:
        super().__init__(container)
        self.meter = Meter()
        self.states = MeasuredStates(self)
        container.checkout_machine._client = self.states  # type: ignore[attr-defined]
        container.mailer = SesMailer("orders@shop.example")

    @override
    def handler(self, function: str) -> Any:
        handler = super().handler(function)

        def measured(event: Any, context: Any) -> Any:
            self.meter.calls[function] += 1
            with self.meter.running(function):
                return handler(event, context)

        return measured


@contextmanager
def libraries_apart(shop: MeasuredShop) -> Iterator[None]:
    """Measure the CPU time of `_LIBRARIES` separately."""

    def apart(original: Any, library: str) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            shop.meter.calls[library] += 1
            with shop.meter.running(library):
                return original(*given, **named)

        return call

    with ExitStack() as stack:
        for owner, name, library in _LIBRARIES:
            stack.enter_context(patch.object(owner, name, apart(getattr(owner, name), library)))
        yield


class Broker:
    """Delivers every message to its consumer, as the event source does."""

    def __init__(self, opened: BlockingChannel) -> None:
        self._channel = opened
        self._consumers = {queue: f.title for f in declared() for queue in f.queues}

    def carry(self, shop: OrderingShop) -> None:
        """Deliver messages until every queue is empty."""
        while sum([self._carry_one(shop, queue) for queue in self._consumers]):
            pass

    def _carry_one(self, shop: OrderingShop, queue: str) -> bool:
        method, properties, body = self._channel.basic_get(queue, auto_ack=True)
        if method is None:
            return False
        # pika's own kind of int, which JSON does not know.
        properties.headers = {
            name: int(value) if isinstance(value, int) else value
            for name, value in (properties.headers or {}).items()
        }
        shop.invoke(self._consumers[queue], rmq_event(queue, [(properties, body)]))
        return True


def buy(shop: OrderingShop, broker: Broker, control: StripeControl, product: UUID) -> None:
    """Make one purchase."""
    shop.post("/api/sessions", json={})
    token = shop.shopper()  # a customer: a guest has no address to which the e-mail could go
    placed = shop.check_out(token, shop.fill_cart(token, product), key=uuid4().hex)
    order_id = UUID(placed.json["order_id"])
    shop.pay(token, order_id)
    deliver(shop, event_of("payment_intent.succeeded", control.intents(order_id)[0]))
    broker.carry(shop)
    if (status := status_of(shop.database_url, order_id)) != "PROCESSING":
        raise SystemExit(f"the purchase stays {status}")


class Result:
    """What a purchase costs: milliseconds of CPU, and what is sent to PostgreSQL."""

    def __init__(
        self,
        functions: Mapping[str, float],
        calls: Mapping[str, int],
        by_server: Mapping[str, float],
        sent: str,
        counts: tuple[int, int],
    ) -> None:
        self.functions, self.calls, self.by_server = functions, calls, by_server
        self.sent, self.counts = sent, counts

    def print(self) -> None:
        """Print tables and verdicts."""
        rows = [
            [name, self.calls[name], f"{used:.2f}"]
            for name, used in sorted(self.functions.items(), key=lambda item: -item[1])
        ]
        table(["function, without its library", "calls", "CPU ms"], rows)
        print()
        all_functions = sum(self.functions.values())
        used = {"functions": all_functions, **self.by_server}
        table(["process", "CPU ms"], [[name, f"{each:.1f}"] for name, each in used.items()])
        counted = all_functions + self.by_server["PostgreSQL"] + self.by_server["Valkey"]
        statements, trips = self.counts
        print(f"\n{self.sent}\n")
        goals: list[tuple[str, float, float]] = [
            ("statements", statements, STATEMENTS),
            ("round trips to PostgreSQL", trips, ROUND_TRIPS),
            ("CPU ms: functions, PostgreSQL, Valkey", round(counted, 1), CPU_MILLISECONDS),
        ]
        table(
            ["a purchase", "measured", "goal", "met"],
            [(*goal, "yes" if goal[1] <= goal[2] else "NO") for goal in goals],
        )


def measure(of: Servers, purchases: int) -> Result:
    """Measure `purchases` purchases after a few unmeasured ones, and count the statements of one more."""
    queues = declare(of.rabbitmq_url)
    purge(of.rabbitmq_url, *queues)
    limits = {"rate_limit_per_second": 10**6, "rate_limit_burst": 10**6}
    with of.container(**limits) as container, channel(of.rabbitmq_url) as opened:
        shop, broker, control = (
            MeasuredShop(container),
            Broker(opened),
            StripeControl(of.stripe_url),
        )
        for _ in range(10):
            buy(shop, broker, control, of.products[0])
        with counting(container.database) as sent:
            buy(shop, broker, control, of.products[0])
        with container.database.autocommit() as transaction:
            backend = transaction.row("SELECT pg_backend_pid() AS pid").pid  # type: ignore[union-attr]
        gc.collect()
        gc.freeze()
        shop.meter = meter = Meter()
        before = cpu_of(backend), of.cpu("valkey"), of.cpu("rabbitmq")
        with libraries_apart(shop):
            for number in range(purchases):
                buy(shop, broker, control, of.products[number % len(of.products)])
        after = cpu_of(backend), of.cpu("valkey"), of.cpu("rabbitmq")
    per = [(b - a) / purchases * 1000 for a, b in zip(before, after, strict=True)]
    return Result(
        {k: v / purchases * 1000 for k, v in meter.seconds.items()},
        {k: round(v / purchases) for k, v in meter.calls.items()},
        dict(zip(("PostgreSQL", "Valkey", "RabbitMQ"), per, strict=True)),
        sent.table(),
        (len(sent.statements), sent.round_trips),
    )


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--purchases", type=int, default=200, help="of which the mean is taken (200)"
    )
    options = parser.parse_args()
    with (
        servers(products=50, broker=True) as running,
        aws() as environment,
        patch.dict(os.environ, environment),
        open(os.devnull, "w") as log,  # noqa: PTH123
        contextlib.redirect_stdout(log),
    ):
        result = measure(running, options.purchases)
    print(f"One purchase, mean of {options.purchases}. {machine()}\n")
    result.print()


if __name__ == "__main__":
    main()
