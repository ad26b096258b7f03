"""Declare exchanges and queues in RabbitMQ from `shop.contracts.events`; safe to repeat.

Queues of retired consumers are removed once they are empty and have no consumer.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import pika
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import AMQPError, ChannelClosedByBroker

from shop.contracts.events import (
    CONSUMERS,
    DEAD_LETTER_EXCHANGE,
    DELIVERY_LIMIT,
    EXCHANGE,
    RETIRED_CONSUMERS,
    RETRY_EXCHANGE,
    RETRY_QUEUE,
    dead_letter_queue,
    queue_name,
)


class TopologyError(Exception):
    """The broker is unavailable, or a name is in use with other arguments."""


def declare(rabbitmq_url: str) -> list[str]:
    """Declare the exchanges, the retry queue, and for each consumer a queue and a dead-letter queue.

    Parameters
    ----------
    rabbitmq_url : str
        ``amqp[s]://user:password@host:port/vhost``.

    Returns
    -------
    list of str
        Names of the consumers' queues.

    Raises
    ------
    TopologyError
        If the broker is unavailable, or refuses because a name is in use with other arguments.
    """
    with _connected(rabbitmq_url) as connection:
        channel = connection.channel()
        channel.exchange_declare(EXCHANGE, "topic", durable=True)
        channel.exchange_declare(DEAD_LETTER_EXCHANGE, "direct", durable=True)
        queues: list[str] = []
        for service, event_type in CONSUMERS:
            queues += _declare_consumer(channel, queue_name(service, event_type), event_type)
        channel.exchange_declare(RETRY_EXCHANGE, "fanout", durable=True)
        channel.queue_declare(RETRY_QUEUE, durable=True, arguments=dict(_RETRY))
        channel.queue_bind(RETRY_QUEUE, RETRY_EXCHANGE)
        queues.append(RETRY_QUEUE)
    return queues


def retire(rabbitmq_url: str) -> list[str]:
    """Remove the queues of retired consumers that are empty and have no consumer.

    Returns
    -------
    list of str
        The queues that were kept, each with the reason. Those without a consumer receive no more messages.

    Raises
    ------
    TopologyError
        If the broker is unavailable or refuses.
    """
    kept: list[str] = []
    with _connected(rabbitmq_url) as connection:
        for service, event_type in RETIRED_CONSUMERS:
            queue = queue_name(service, event_type)
            kept += _retire(connection, queue, EXCHANGE, event_type)
            kept += _retire(connection, dead_letter_queue(queue), DEAD_LETTER_EXCHANGE, queue)
    return kept


def _retire(
    connection: BlockingConnection, queue: str, exchange: str, routing_key: str
) -> list[str]:
    channel = connection.channel()
    try:
        state = channel.queue_declare(queue, passive=True).method
    except ChannelClosedByBroker as error:
        if error.reply_code != _NOT_FOUND:
            raise
        return []
    if state.consumer_count:
        return [f"{queue}: {state.consumer_count} consumers"]
    channel.queue_unbind(queue, exchange, routing_key)
    # Counted after the queue was unbound, so that no message can follow.
    waiting = channel.queue_declare(queue, passive=True).method.message_count
    if waiting:
        return [f"{queue}: {waiting} messages"]
    channel.queue_delete(queue)
    return []


@contextmanager
def _connected(rabbitmq_url: str) -> Iterator[BlockingConnection]:
    try:
        connection = BlockingConnection(pika.URLParameters(rabbitmq_url))
    except (AMQPError, AMQPConnectorException, OSError) as error:
        raise TopologyError(f"RabbitMQ is unavailable: {error!r}") from error
    try:
        yield connection
    except AMQPError as error:
        raise TopologyError(f"RabbitMQ refuses: {error!r}") from error
    finally:
        if connection.is_open:
            connection.close()


def _declare_consumer(channel: BlockingChannel, queue: str, event_type: str) -> list[str]:
    dead = dead_letter_queue(queue)
    channel.queue_declare(dead, durable=True, arguments=dict(_DEAD))
    channel.queue_bind(dead, DEAD_LETTER_EXCHANGE, queue)
    channel.queue_declare(
        queue, durable=True, arguments={**_LIVE, "x-dead-letter-routing-key": queue}
    )
    channel.queue_bind(queue, EXCHANGE, event_type)
    return [queue, dead]


_NOT_FOUND: Final = 404
_DEAD: Final[Mapping[str, str]] = {"x-queue-type": "quorum"}
_LIVE: Final[Mapping[str, object]] = {
    "x-queue-type": "quorum",
    "x-delivery-limit": DELIVERY_LIMIT,
    "x-dead-letter-exchange": DEAD_LETTER_EXCHANGE,
    # The broker itself uses confirms when it dead-letters.
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",
}
#: The retry queue has no consumer: an expired message is dead-lettered to the default exchange with its
#: original routing key, which is the name of the consumer's queue.
_RETRY: Final[Mapping[str, object]] = {
    "x-queue-type": "quorum",
    "x-dead-letter-exchange": "",
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",
}
