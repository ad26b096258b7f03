"""Dead-lettered messages in RabbitMQ."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, override
from uuid import UUID

import msgspec
import pika
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import AMQPError

from shop.contracts.events import dead_letter_queue
from shop.domain.errors import DependencyUnavailable
from shop.domain.messages import DeadMessage
from shop.services.messaging.ports import DeadLetters

#: Headers that the broker and the consumers add to dead-lettered messages.
_DEATH_HEADERS: Final = (
    "x-death", "x-first-death", "x-last-death", "x-delivery-count", "x-acquired-count", "x-shop-",
)  # fmt: skip


class _Named(msgspec.Struct):
    order_id: UUID | None = None


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

    @override
    def look(self, queue: str, limit: int) -> Sequence[DeadMessage]:
        dead = dead_letter_queue(queue)
        found: list[DeadMessage] = []
        with self._channel() as channel:
            while len(found) < limit:
                method, properties, body = channel.basic_get(dead)
                if method is None:
                    break
                found.append(_dead_message(queue, properties, body))
                channel.basic_publish("", dead, body, properties, mandatory=True)
                channel.basic_ack(method.delivery_tag)
        return found

    @contextmanager
    def _channel(self) -> Iterator[BlockingChannel]:
        try:
            with BlockingConnection(self._parameters) as connection:
                channel = connection.channel()
                channel.confirm_delivery()
                yield channel
        except (AMQPError, AMQPConnectorException, OSError) as error:
            raise DependencyUnavailable("rabbitmq", f"RabbitMQ: {error!r}", outage=True) from error


def _dead_message(queue: str, properties: pika.BasicProperties, body: bytes) -> DeadMessage:
    headers = properties.headers or {}
    reason, dead_at = headers.get("x-shop-reason"), properties.timestamp
    if reason is None:
        # The broker did it; the message's own time is that of the event.
        death: dict[str, Any] = next(iter(headers.get("x-death", [])), {})
        reason, dead_at = f"the broker: {death.get('reason', 'unknown')}", None
        if isinstance(death.get("time"), datetime):
            dead_at = int(death["time"].replace(tzinfo=UTC).timestamp())
    return DeadMessage(
        queue=queue,
        body=body,
        message_id=properties.message_id,
        order_id=_order_id(body),
        reason=reason,
        dead_at=datetime.now(UTC) if dead_at is None else datetime.fromtimestamp(dead_at, UTC),
    )


def _order_id(body: bytes) -> UUID | None:
    """Return the order that a body names, which may be malformed otherwise."""
    try:
        return msgspec.json.decode(body, type=_Named).order_id
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
