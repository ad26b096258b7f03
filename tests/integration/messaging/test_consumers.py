"""Batches of messages, good and bad, as the event source mapping hands them over."""

from typing import Any

import pika
import pytest

from shop.adapters.postgres.unit_of_work import PostgresUnitOfWork
from shop.contracts.events import (
    CONSUMERS,
    OrderPaid,
    queue_name,
)
from shop.domain.errors import Conflict
from shop.entrypoints.rabbitmq import Delivery, batch_consumer, consumer
from tests.support import broker
from tests.support.broker import rmq_event
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.proxy_events import Context
from tests.support.shelf import QUEUE, Shelf, dead, message
from tests.support.stock import query

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


def test_events_a_consumer_causes_are_published_with_its_commit(
    container: Container, rabbitmq: str
) -> None:
    @consumer(service="inventory", event=OrderPaid, work=PostgresUnitOfWork)
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
