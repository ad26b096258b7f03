"""Batches of messages, good and bad, as the event source mapping hands them over."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pika
import pytest

from shop.contracts.events import (
    CONSUMERS,
    DELIVERY_LIMIT,
    Envelope,
    OrderPaid,
    encode,
    queue_name,
)
from shop.domain.errors import Conflict, DependencyUnavailable
from shop.domain.ids import new_id
from shop.entrypoints import rabbitmq as entrypoint
from shop.entrypoints.rabbitmq import Delivery, batch_consumer, consumer
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
    """Do not wait for servers that are away."""
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


def dead(rabbitmq: str, queue: str = QUEUE) -> list[tuple[bytes, str]]:
    return [
        (body, properties.headers["x-shop-reason"])
        for properties, body in broker.take(rabbitmq, f"{queue}.dead")
    ]


def test_a_second_delivery_is_a_no_op(shelf: Shelf, database: str) -> None:
    first = message("a")
    shelf.receive(first, first)
    shelf.receive(first)
    assert shelf.kept == ["a"]
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


def test_an_unexpected_failure_brings_the_message_back_until_it_is_dead_lettered(
    shelf: Shelf, rabbitmq: str
) -> None:
    shelf.fail["bad"] = ZeroDivisionError("a bug")
    good, bad = message("good"), message("bad")
    for deliveries in range(1, DELIVERY_LIMIT):
        bad[0].headers = {"x-delivery-count": deliveries - 1}
        with pytest.raises(ExceptionGroup, match="deliver again"):
            shelf.receive(bad, good)
    assert (shelf.kept, dead(rabbitmq)) == (["good"], [])
    bad[0].headers = {"x-delivery-count": DELIVERY_LIMIT - 1}
    shelf.receive(bad, good)
    ((body, reason),) = dead(rabbitmq)
    assert body == bad[1]
    assert reason == f"failed {DELIVERY_LIMIT} times: ZeroDivisionError('a bug')"
    assert shelf.kept == ["good"]


def test_a_server_that_is_away_brings_the_batch_back(shelf: Shelf, rabbitmq: str) -> None:
    shelf.fail["b"] = DependencyUnavailable("stripe")
    batch = [message("a"), message("b"), message("c")]
    with pytest.raises(DependencyUnavailable):
        shelf.receive(*batch)
    assert shelf.kept == ["a"]
    shelf.fail.clear()
    shelf.receive(*batch)
    assert shelf.kept == ["a", "b", "c"]
    assert dead(rabbitmq) == []


def test_a_server_that_is_away_for_long_costs_no_message(shelf: Shelf, rabbitmq: str) -> None:
    """A8: however often the batch came back, what is left of it is neither lost nor dead."""
    shelf.fail["b"] = DependencyUnavailable("postgresql")
    shelf.receive(message("a"), message("b", deliveries=DELIVERY_LIMIT), message("c"))
    assert (shelf.kept, dead(rabbitmq)) == (["a"], [])
    shelf.fail.clear()
    again = broker.take(rabbitmq, QUEUE)
    assert len(again) == 2
    assert all(properties.delivery_mode == 2 for properties, _ in again)
    assert not any((properties.headers or {}).get("x-delivery-count") for properties, _ in again)
    shelf.receive(*again)
    assert shelf.kept == ["a", "b", "c"]


def test_an_index_that_is_away_for_long_costs_no_message(
    container: Container, rabbitmq: str
) -> None:
    @batch_consumer(service="inventory", event=OrderPaid)
    def lost(_: Any) -> None:
        raise DependencyUnavailable("opensearch")

    batch = [message("a", deliveries=DELIVERY_LIMIT), message("b")]
    with Gateway(container).active():
        lost(rmq_event(QUEUE, batch), Context("inventory/on_order_paid"))
    assert [body for _, body in broker.take(rabbitmq, QUEUE)] == [body for _, body in batch]
    assert dead(rabbitmq) == []


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


def test_poison_is_not_dropped_while_the_broker_is_away(
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
