"""Publishing over a connection that fails in every way a connection can fail."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from shop.adapters.rabbitmq.publisher import RabbitMQPublisher
from shop.contracts.events import Envelope, OrderCreated, OrderPaid, encode
from shop.domain.errors import DependencyUnavailable
from shop.domain.ids import new_id
from shop.domain.messages import QueuedMessage, StoredEvent
from shop.services.circuit_breaker import CircuitBreaker
from tests.support import broker
from tests.support.broker import Line

QUEUE = "inventory.order.paid"


def paid() -> StoredEvent:
    now = datetime.now(UTC)
    event = OrderPaid(order_id=new_id(), payment_intent_id="pi_1")
    envelope = Envelope(event_id=new_id(), occurred_at=now, correlation_id="c", event=event)
    return StoredEvent(envelope.event_id, "order.paid", "c", now, encode(envelope))


@pytest.fixture
def publisher(line: Line) -> Iterator[RabbitMQPublisher]:
    made = RabbitMQPublisher(line.url)
    yield made
    made.close()


def test_messages_are_persistent_and_carry_the_event_id(
    publisher: RabbitMQPublisher, rabbitmq: str
) -> None:
    event = paid()
    publisher.publish(event)
    ((properties, body),) = broker.take(rabbitmq, QUEUE)
    assert body == event.body
    assert properties.message_id == str(event.event_id)
    assert properties.delivery_mode == 2
    assert properties.content_type == "application/json"


def test_a_connection_dropped_between_publishes_loses_nothing(
    publisher: RabbitMQPublisher, line: Line, rabbitmq: str
) -> None:
    """A16 (pika #636, #1104, #1243)."""
    events = [paid() for _ in range(5)]
    for event in events:
        publisher.publish(event)
        line.cut()
    assert [body for _, body in broker.take(rabbitmq, QUEUE)] == [event.body for event in events]
    assert line.opened == 5


def test_an_unavailable_broker_costs_little_and_then_nothing(
    publisher: RabbitMQPublisher, line: Line, rabbitmq: str
) -> None:
    now = 0.0
    publisher._circuit = CircuitBreaker(3.0, clock=lambda: now)
    publisher.publish(paid())
    line.refusing = True
    line.cut()
    begin = time.monotonic()
    with pytest.raises(DependencyUnavailable):
        publisher.publish(paid())
    assert time.monotonic() - begin < 20
    refused = line.refused
    for _ in range(100):
        with pytest.raises(DependencyUnavailable):
            publisher.ready()
    assert line.refused == refused >= 1
    line.refusing = False
    now = 3.0
    publisher.ready()
    publisher.publish(paid())
    assert len(broker.take(rabbitmq, QUEUE)) == 2


def test_a_hanging_broker_times_out(publisher: RabbitMQPublisher, line: Line) -> None:
    publisher.publish(paid())
    line.silent = True
    begin = time.monotonic()
    with pytest.raises(DependencyUnavailable):
        publisher.publish(paid())
    # The confirm and one more attempt to connect.
    assert 1 < time.monotonic() - begin < 20


def test_an_event_is_not_lost_while_its_queue_is_missing(
    publisher: RabbitMQPublisher, rabbitmq: str
) -> None:
    with broker.channel(rabbitmq) as channel:
        channel.queue_unbind(QUEUE, "ecommerce", "order.paid")
    try:
        with pytest.raises(DependencyUnavailable, match="declare the topology"):
            publisher.publish(paid())
    finally:
        with broker.channel(rabbitmq) as channel:
            channel.queue_bind(QUEUE, "ecommerce", "order.paid")
    publisher.publish(paid())


def test_an_event_without_a_consumer_is_no_error(publisher: RabbitMQPublisher) -> None:
    event = paid()
    publisher.publish(
        StoredEvent(event.event_id, OrderCreated.event_type, "c", event.occurred_at, b"{}")
    )


def test_dead_letters_end_in_the_dead_queue_with_the_reason(
    publisher: RabbitMQPublisher, rabbitmq: str
) -> None:
    publisher.dead_letter(QueuedMessage(QUEUE, b"?"), "malformed: ü")
    ((properties, body),) = broker.take(rabbitmq, f"{QUEUE}.dead")
    assert (body, properties.headers["x-shop-reason"]) == (b"?", "malformed: ü")
