"""Dead-lettered messages in RabbitMQ."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, override

import pika
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import AMQPError

from shop.contracts.events import dead_letter_queue
from shop.domain.errors import DependencyUnavailable
from shop.services.messaging.ports import DeadLetters

#: Headers that the broker and the consumers add to dead-lettered messages.
_DEATH_HEADERS: Final = (
    "x-death", "x-first-death", "x-last-death", "x-delivery-count", "x-acquired-count", "x-shop-",
)  # fmt: skip


class RabbitMQDeadLetters(DeadLetters):
    """The dead-letter queues; each call opens its own connection.

    Parameters
    ----------
    url : str
        ``amqp[s]://user:password@host:port/vhost``.
    """

    def __init__(self, url: str) -> None:
        self._parameters = pika.URLParameters(url)

    @override
    def count(self, queue: str) -> int:
        with self._channel() as channel:
            declared = channel.queue_declare(dead_letter_queue(queue), passive=True)
            return int(declared.method.message_count)

    @override
    def send_back(self, queue: str, limit: int) -> int:
        with self._channel() as channel:
            for sent in range(limit):
                method, properties, body = channel.basic_get(dead_letter_queue(queue))
                if method is None:
                    return sent
                properties.headers = {
                    name: value
                    for name, value in (properties.headers or {}).items()
                    if not name.startswith(_DEATH_HEADERS)
                }
                # Published directly to the queue: the event's other consumers have processed it.
                channel.basic_publish("", queue, body, properties, mandatory=True)
                channel.basic_ack(method.delivery_tag)
        return limit

    @contextmanager
    def _channel(self) -> Iterator[BlockingChannel]:
        try:
            with BlockingConnection(self._parameters) as connection:
                channel = connection.channel()
                channel.confirm_delivery()
                yield channel
        except (AMQPError, AMQPConnectorException, OSError) as error:
            raise DependencyUnavailable("rabbitmq", f"RabbitMQ: {error!r}", outage=True) from error
