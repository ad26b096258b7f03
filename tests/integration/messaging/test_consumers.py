"""Batches of messages, good and bad, as the event source mapping hands them over."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pika
import pytest

from shop.adapters.rabbitmq import publisher as rabbitmq_publisher
from shop.contracts.events import (
    CONSUMERS,
    DELIVERY_LIMIT,
    RETRY_QUEUE,
    Envelope,
    OrderPaid,
    encode,
    queue_name,
)
from shop.domain.errors import Conflict, DependencyUnavailable
from shop.domain.ids import new_id
from shop.entrypoints.rabbitmq import Delivery, batch_consumer, consumer
from shop.entrypoints.rabbitmq import batch as entrypoint
from shop_local.services import RunningServices
from tests.support import broker
from tests.support.broker import rmq_event
from tests.support.containers import Container, container_for
from tests.support.gateway import Gateway
from tests.support.proxy_events import Context
from tests.support.stock import query

QUEUE = "inventory.order.paid"
type Message = tuple[pika.BasicProperties, bytes]
MALFORMED = [
    b"",
    b"not JSON",
    b"\xff\xfe",
    b"[]",
    b"{}",
    b'{"event_type": "order.paid"}',
    b"[" * 100_000,
    b'{"x":' + b"[" * 100_000,
]


def message(payment: str = "pi", *, deliveries: int = 1, **changes: Any) -> Message:
    event = OrderPaid(order_id=new_id(), payment_intent_id=payment)
    body = encode(
        Envelope(event_id=new_id(), occurred_at=datetime.now(UTC), correlation_id="c", event=event)
    )
    if changes:
        body = msgspec.json.encode(msgspec.json.decode(body) | changes)
    headers = {"x-delivery-count": deliveries - 1} if deliveries > 1 else {}
    return pika.BasicProperties(message_id="m", headers=headers), body


@pytest.fixture
def container(database: str, redis_url: str, rabbitmq: str) -> Iterator[Container]:
    with container_for(database, redis_url, rabbitmq) as made:
        yield made


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for servers that are unavailable."""
    monkeypatch.setattr(entrypoint, "_SPARE_SECONDS", 60.0)


class Shelf:
    """A consumer that notes payments in the database, and fails as told."""

    def __init__(self, container: Container, url: str) -> None:
        self.url = url
        self.seen: list[str] = []
        self.fail: dict[str, Exception] = {}
        self._gateway = Gateway(container)
        self.handler = consumer(service="inventory", event=OrderPaid)(self.put)
        query(url, "CREATE TABLE shelf (payment text)")

    def put(self, delivery: Delivery[OrderPaid]) -> None:
        payment = delivery.event.payment_intent_id
        self.seen.append(payment)
        delivery.work.transaction.execute(  # type: ignore[attr-defined]
            "INSERT INTO shelf VALUES (%s)", (payment,)
        )
        if error := self.fail.get(payment):
            raise error

    def receive(self, *messages: Message) -> None:
        with self._gateway.active():
            self.handler(rmq_event(QUEUE, messages), Context("inventory/on_order_paid"))

    @property
    def kept(self) -> list[str]:
        return [row[0] for row in query(self.url, "SELECT payment FROM shelf ORDER BY payment")]


@pytest.fixture
def shelf(container: Container, database: str) -> Shelf:
    return Shelf(container, database)


def attempts_of(message: Message) -> int:
    return int((message[0].headers or {}).get("x-shop-attempts", 0))


def dead(rabbitmq: str, queue: str = QUEUE) -> list[tuple[bytes, str]]:
    return [
        (body, properties.headers["x-shop-reason"])
        for properties, body in broker.take(rabbitmq, f"{queue}.dead")
    ]


def test_a_second_delivery_is_a_no_op(shelf: Shelf, database: str) -> None:
    first = message("a")
    shelf.receive(first, first)
    shelf.receive(first)
    assert (shelf.seen, shelf.kept) == (["a"], ["a"])
    assert query(database, "SELECT consumer FROM inbox") == [(QUEUE,)]


def test_one_poison_message_does_not_hold_up_the_batch(shelf: Shelf, rabbitmq: str) -> None:
    refused = message("refused")
    shelf.fail["refused"] = Conflict("never", code="order_state_conflict")
    poison = (pika.BasicProperties(), b"poison")
    future = message("future", version=99)
    foreign = message("foreign", event_type="order.confirmed")
    shelf.receive(message("a"), refused, poison, future, foreign, message("b"))
    assert shelf.kept == ["a", "b"]
    reasons = dict(dead(rabbitmq))
    assert reasons[refused[1]] == "order_state_conflict: never"
    assert reasons[poison[1]].startswith("malformed: ")
    assert "unknown version 99" in reasons[future[1]]
    assert "does not belong" in reasons[foreign[1]]
    assert len(reasons) == 4


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (ZeroDivisionError("Ada, 1 Market Street"), "ZeroDivisionError at test_consumers.py:"),
        (DependencyUnavailable("ses", "SES answered 1."), "ses: SES answered 1."),
        (DependencyUnavailable("postgresql", "lock time-out"), "postgresql: lock time-out"),
    ],
)
def test_a_message_that_alone_fails_is_dead_lettered_after_bounded_attempts(
    shelf: Shelf, rabbitmq: str, failure: Exception, reason: str
) -> None:
    """A33: the others go on, whether they come with it or find it alone in the queue."""
    shelf.fail["bad"] = failure
    bad = message("bad")
    shelf.receive(bad, message("a"), message("b"))
    assert shelf.kept == ["a", "b"]
    for attempts in range(1, DELIVERY_LIMIT):
        assert dead(rabbitmq) == []
        (again,) = broker.take(rabbitmq, RETRY_QUEUE)
        assert (attempts_of(again), again[1]) == (attempts, bad[1])
        shelf.receive(again)
    ((body, found),) = dead(rabbitmq)
    assert body == bad[1]
    assert found.startswith(f"failed {DELIVERY_LIMIT} times: {reason}")
    assert broker.take(rabbitmq, RETRY_QUEUE) == broker.take(rabbitmq, QUEUE) == []
    assert shelf.kept == ["a", "b"]


def test_a_message_to_be_retried_returns_to_its_queue_after_a_pause(
    shelf: Shelf, rabbitmq: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rabbitmq_publisher, "_RETRY_DELAY_SECONDS", 1)
    shelf.fail["bad"] = DependencyUnavailable("ses")
    shelf.receive(message("bad"), message("a"))
    assert broker.take(rabbitmq, QUEUE) == []
    deadline = time.monotonic() + 20
    while not (again := broker.take(rabbitmq, QUEUE)):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert [(attempts_of(each), each[0].message_id) for each in again] == [(1, "m")]
    shelf.fail.clear()
    shelf.receive(*again)
    assert shelf.kept == ["a", "bad"]


def test_a_failure_that_the_next_try_mends_counts_for_nothing(shelf: Shelf, rabbitmq: str) -> None:
    shelf.fail["a"] = DependencyUnavailable("postgresql")
    put = shelf.put

    def recover(delivery: Delivery[OrderPaid]) -> None:
        if shelf.seen:
            shelf.fail.clear()
        put(delivery)

    shelf.handler = consumer(service="inventory", event=OrderPaid)(recover)
    shelf.receive(message("a"), message("b"))
    assert shelf.kept == ["a", "b"]
    assert broker.take(rabbitmq, RETRY_QUEUE) == []


def test_a_crash_after_the_copy_and_before_the_acknowledgement_makes_no_second_effect(
    shelf: Shelf, rabbitmq: str
) -> None:
    bad = message("bad")
    shelf.fail["bad"] = ValueError()
    shelf.receive(bad)
    # The invocation ended before the mapping saw its answer: the original is delivered again.
    bad[0].headers = {"x-delivery-count": 1}
    copies = broker.take(rabbitmq, RETRY_QUEUE)
    shelf.fail.clear()
    shelf.receive(bad, *copies)
    shelf.receive(*copies)
    assert (shelf.kept, shelf.seen.count("bad")) == (["bad"], 2)


def test_an_outage_brings_the_batch_back(shelf: Shelf, rabbitmq: str) -> None:
    shelf.fail["b"] = DependencyUnavailable("ses", outage=True)
    shelf.fail["x"] = ValueError()
    batch = [message("x"), message("a"), message("b"), message("c")]
    with pytest.raises(DependencyUnavailable):
        shelf.receive(*batch)
    # What has failed by itself is settled by the delivery that ends without an outage.
    assert broker.take(rabbitmq, RETRY_QUEUE) == []
    assert shelf.kept == ["a"]
    shelf.fail.clear()
    shelf.receive(*batch)
    assert shelf.kept == ["a", "b", "c", "x"]
    assert shelf.seen.count("a") == 1
    assert dead(rabbitmq) == []


@pytest.mark.parametrize("counter", ["x-delivery-count", "x-acquired-count"])
def test_a_long_outage_costs_no_message(shelf: Shelf, rabbitmq: str, counter: str) -> None:
    """A8: however often the batch came back, what is left of it is neither lost nor dead."""
    shelf.fail["b"] = DependencyUnavailable("ses", outage=True)
    late = message("b")
    late[0].headers = {counter: DELIVERY_LIMIT - 1, "x-shop-attempts": 3}
    shelf.receive(message("a"), late, message("c"))
    assert (shelf.kept, dead(rabbitmq)) == (["a"], [])
    shelf.fail.clear()
    again = broker.take(rabbitmq, QUEUE)
    assert [attempts_of(each) for each in again] == [3, 0]
    assert all(properties.delivery_mode == 2 for properties, _ in again)
    shelf.receive(*again)
    assert (shelf.kept, shelf.seen) == (["a", "b", "c"], ["a", "b", "b", "c"])


def test_a_database_that_stays_unavailable_costs_no_message(
    services: RunningServices, shelf: Shelf, rabbitmq: str
) -> None:
    batch = [message("a"), message("b")]
    services.stop("postgresql")
    try:
        for _ in range(2):
            for deliveries in range(DELIVERY_LIMIT - 1):
                for properties, _ in batch:
                    properties.headers = {"x-delivery-count": deliveries} if deliveries else {}
                with pytest.raises(DependencyUnavailable):
                    shelf.receive(*batch)
            for properties, _ in batch:
                properties.headers = {"x-delivery-count": DELIVERY_LIMIT - 1}
            shelf.receive(*batch)
            batch = broker.take(rabbitmq, QUEUE)
            assert [attempts_of(each) for each in batch] == [0, 0]
    finally:
        services.start("postgresql")
    assert broker.take(rabbitmq, RETRY_QUEUE) == []
    assert dead(rabbitmq) == []
    shelf.receive(*batch)
    assert shelf.kept == ["a", "b"]


def test_a_broker_that_is_unavailable_keeps_the_batch(
    shelf: Shelf, container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(*_: object) -> None:
        raise DependencyUnavailable("rabbitmq")

    shelf.fail["bad"] = ValueError()
    for method in ("put_back", "retry_later", "dead_letter"):
        monkeypatch.setattr(container.publisher, method, unavailable)
    for deliveries in (1, DELIVERY_LIMIT):
        with pytest.raises(DependencyUnavailable):
            shelf.receive(message("bad", deliveries=deliveries))


@pytest.mark.parametrize(
    "headers",
    [
        {"x-delivery-count": DELIVERY_LIMIT - 1},
        {"x-acquired-count": DELIVERY_LIMIT - 1},
        {"x-acquired-count": DELIVERY_LIMIT - 1, "x-delivery-count": 1},
        {"x-acquired-count": {"bytes": [ord(str(DELIVERY_LIMIT - 1))]}},
        {"x-delivery-count": str(DELIVERY_LIMIT - 1), "x-acquired-count": {"bytes": [-1]}},
    ],
)
def test_deliveries_are_counted_as_each_broker_counts_them(
    shelf: Shelf, rabbitmq: str, headers: dict[str, Any]
) -> None:
    """RabbitMQ 4.3 leaves ``basic.nack`` out of x-delivery-count."""
    bad = message("bad")
    bad[0].headers = headers
    shelf.fail["bad"] = ValueError()
    shelf.receive(bad)
    ((_, reason),) = dead(rabbitmq)
    assert reason.startswith(f"failed {DELIVERY_LIMIT} times: ValueError")


def test_a_message_that_ends_the_function_each_time_is_dead_lettered(
    shelf: Shelf, rabbitmq: str
) -> None:
    """A broker that counts returns does it by itself; RabbitMQ 4.3 would deliver it for ever."""
    fatal = message("fatal")
    fatal[0].headers = {"x-acquired-count": DELIVERY_LIMIT + 1}
    shelf.receive(fatal, message("a"))
    assert (shelf.seen, shelf.kept) == (["a"], ["a"])
    ((body, reason),) = dead(rabbitmq)
    assert body == fatal[1]
    assert reason == f"delivered {DELIVERY_LIMIT + 2} times, never completed"


def test_what_there_is_no_time_for_returns_to_its_queue(
    shelf: Shelf, rabbitmq: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entrypoint, "_LAST_SECONDS", 27.9)
    put = shelf.put

    def slow(delivery: Delivery[OrderPaid]) -> None:
        time.sleep(0.2)
        put(delivery)

    shelf.handler = consumer(service="inventory", event=OrderPaid)(slow)
    shelf.receive(message("a"), message("b"))
    assert shelf.kept == ["a"]
    shelf.receive(*broker.take(rabbitmq, QUEUE))
    assert shelf.kept == ["a", "b"]


def test_an_index_that_is_unavailable_for_long_costs_no_message(
    container: Container, rabbitmq: str
) -> None:
    @batch_consumer(service="inventory", event=OrderPaid)
    def lost(_: Any) -> None:
        raise DependencyUnavailable("opensearch", outage=True)

    batch = [message("a", deliveries=DELIVERY_LIMIT), message("b")]
    with Gateway(container).active():
        lost(rmq_event(QUEUE, batch), Context("inventory/on_order_paid"))
    assert [body for _, body in broker.take(rabbitmq, QUEUE)] == [body for _, body in batch]
    assert dead(rabbitmq) == []


@pytest.mark.parametrize("failure", [RuntimeError(), DependencyUnavailable("opensearch")])
def test_one_event_that_a_batch_consumer_cannot_process_does_not_hold_up_the_others(
    container: Container, rabbitmq: str, failure: Exception
) -> None:
    done: list[str] = []

    @batch_consumer(service="inventory", event=OrderPaid)
    def note(events: Any) -> None:
        payments = [event.payment_intent_id for event in events]
        if "bad" in payments:
            raise failure
        done.extend(payments)

    bad = message("bad")
    with Gateway(container).active():
        event = rmq_event(QUEUE, [message("a"), bad, message("b")])
        note(event, Context("inventory/on_order_paid"))
    assert done == ["a", "b"]
    (again,) = broker.take(rabbitmq, RETRY_QUEUE)
    assert (attempts_of(again), again[1]) == (1, bad[1])


def test_a_short_loss_is_waited_for(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entrypoint, "_SPARE_SECONDS", 15.0)
    monkeypatch.setattr(entrypoint, "_RETRY_PAUSE_SECONDS", 0.01)
    shelf.fail["a"] = DependencyUnavailable("redis")
    put = shelf.put

    def recover(delivery: Delivery[OrderPaid]) -> None:
        if len(shelf.seen) == 3:
            shelf.fail.clear()
        put(delivery)

    shelf.handler = consumer(service="inventory", event=OrderPaid)(recover)
    shelf.receive(message("a"))
    assert (shelf.seen, shelf.kept) == (["a"] * 4, ["a"])


def test_poison_is_not_dropped_while_the_broker_is_unavailable(
    container: Container, database: str, redis_url: str
) -> None:
    with container_for(database, redis_url) as cut_off:
        shelf = Shelf(cut_off, database)
        with pytest.raises(DependencyUnavailable):
            shelf.receive((pika.BasicProperties(), b"poison"))


def test_events_a_consumer_causes_are_published_with_its_commit(
    container: Container, rabbitmq: str
) -> None:
    @consumer(service="inventory", event=OrderPaid)
    def pass_on(delivery: Delivery[OrderPaid]) -> None:
        delivery.work.record(delivery.event, correlation_id=delivery.correlation_id)

    with Gateway(container).active():
        pass_on(rmq_event(QUEUE, [message("a")]), Context("inventory/on_order_paid"))
    assert len(broker.take(rabbitmq, QUEUE)) == 1


def test_a_batch_consumer_gets_what_can_be_read(container: Container, rabbitmq: str) -> None:
    batches: list[list[str]] = []

    @batch_consumer(service="inventory", event=OrderPaid)
    def note(events: Any) -> None:
        batches.append([event.payment_intent_id for event in events])

    with Gateway(container).active():
        batch = rmq_event(QUEUE, [message("a"), (pika.BasicProperties(), b"?"), message("b")])
        note(batch, Context("inventory/on_order_paid"))
    assert batches == [["a", "b"]]
    assert len(dead(rabbitmq)) == 1


@pytest.mark.parametrize(("service", "event_type"), CONSUMERS)
def test_malformed_messages_on_every_queue_are_dead_lettered(
    service: str, event_type: str, container: Container, database: str, rabbitmq: str
) -> None:
    function = f"{service}/on_{event_type.replace('.', '_')}"
    queue = queue_name(service, event_type)
    messages = [(pika.BasicProperties(), body) for body in MALFORMED]
    Gateway(container).invoke(function, rmq_event(queue, messages))
    assert [body for body, _ in dead(rabbitmq, queue)] == MALFORMED
    assert query(database, "SELECT count(*) FROM inbox") == [(0,)]


def test_a_database_that_crashes_under_a_batch_is_waited_for(
    services: RunningServices, shelf: Shelf, rabbitmq: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entrypoint, "_SPARE_SECONDS", 8.0)
    monkeypatch.setattr(entrypoint, "_RETRY_PAUSE_SECONDS", 0.3)
    put = shelf.put

    def crash_once(delivery: Delivery[OrderPaid]) -> None:
        put(delivery)
        if shelf.seen == ["a", "b"]:
            services.kill("postgresql")
            threading.Timer(1, services.start, ["postgresql"]).start()

    shelf.handler = consumer(service="inventory", event=OrderPaid)(crash_once)
    shelf.receive(message("a"), message("b"), message("c"))
    assert (shelf.seen, shelf.kept) == (["a", "b", "b", "c"], ["a", "b", "c"])
    assert dead(rabbitmq) == []
