"""Exchanges and queues, declared from the contracts."""

import pytest
from pika.exceptions import ChannelClosedByBroker

from shop.adapters.rabbitmq.topology import TopologyError, _declare_consumer, declare, retire
from shop.contracts.events import (
    CONSUMERS,
    DELIVERY_LIMIT,
    EXCHANGE,
    RETIRED_CONSUMERS,
    queue_name,
)
from tests.support import broker
from tests.support.proxy_events import template
from tests.support.waiting import eventually


def test_declaring_again_changes_nothing(rabbitmq: str, declared: list[str]) -> None:
    broker.put(rabbitmq, declared[0], b"kept")
    assert declare(rabbitmq) == declared
    assert [body for _, body in broker.take(rabbitmq, declared[0])] == [b"kept"]


def test_the_template_consumes_exactly_the_declared_queues() -> None:
    queues = {
        event["Properties"]["Queues"][0]: resource["Properties"]["CodeUri"]
        for resource in template()["Resources"].values()
        for event in resource.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "MQ"
    }
    assert queues == {
        queue_name(service, event): f"../functions/{service}/on_{event.replace('.', '_')}/"
        for service, event in CONSUMERS
    }


def test_the_broker_dead_letters_messages_returned_too_often(rabbitmq: str) -> None:
    queue = "inventory.order.paid"
    broker.put(rabbitmq, queue, b"again and again", message_id="m")
    deliveries = 0
    with broker.channel(rabbitmq) as channel:
        for method, _, _ in channel.consume(queue, inactivity_timeout=30):
            assert method, "the message does not come back"
            deliveries += 1
            channel.basic_nack(method.delivery_tag, requeue=True)
            if deliveries == DELIVERY_LIMIT + 1:
                break
    ((properties, body),) = eventually(
        lambda: broker.take(rabbitmq, f"{queue}.dead"), what="the message is dead-lettered"
    )
    assert (body, properties.message_id) == (b"again and again", "m")
    assert properties.headers["x-death"][0]["reason"] == "delivery_limit"


def test_queues_of_retired_consumers_are_removed_when_empty(rabbitmq: str) -> None:
    def declare_retired() -> None:
        with broker.channel(rabbitmq) as channel:
            for service, event_type in RETIRED_CONSUMERS:
                _declare_consumer(channel, queue_name(service, event_type), event_type)

    declare_retired()
    broker.put(rabbitmq, "orders.order.paid", b"left behind")
    with broker.channel(rabbitmq) as channel:
        channel.basic_consume("orders.order.confirmed", lambda *_: None)
        assert retire(rabbitmq) == [
            "orders.order.paid: 1 messages",
            "orders.order.confirmed: 1 consumers",
        ]
    # A queue that was kept without a consumer gets no more messages, and is deleted once it is empty.
    with broker.channel(rabbitmq) as channel:
        channel.basic_publish(EXCHANGE, "order.paid", b"new")
    assert [body for _, body in broker.take(rabbitmq, "orders.order.paid")] == [b"left behind"]
    assert retire(rabbitmq) == []
    with broker.channel(rabbitmq) as channel, pytest.raises(ChannelClosedByBroker):
        channel.queue_declare("orders.order.paid", passive=True)
    assert retire(rabbitmq) == []


def test_an_unavailable_broker_is_named() -> None:
    with pytest.raises(TopologyError, match="RabbitMQ is unavailable"):
        declare("amqp://guest:guest@127.0.0.1:1/%2f")
