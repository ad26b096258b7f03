"""Publish to RabbitMQ with confirms, over a connection that is mended when it is used."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import pika
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import AMQPError, UnroutableError

from shop.contracts.events import CONSUMERS, DEAD_LETTER_EXCHANGE, EXCHANGE
from shop.domain.errors import DependencyUnavailable
from shop.domain.outbox import StoredEvent

_log = logging.getLogger(__name__)
# It reports each refused connection as several errors with stack traces; we report it once.
logging.getLogger("pika").setLevel(logging.CRITICAL)

_CONNECT_SECONDS: Final = 1.5
_CONFIRM_SECONDS: Final = 1.5
#: After a failure no call waits for the broker again for this long.
_CIRCUIT_OPEN_SECONDS: Final = 5.0
_BROKEN: Final = (AMQPError, AMQPConnectorException, OSError)
_CONSUMED: Final = frozenset(event_type for _, event_type in CONSUMERS)


class RabbitMQPublisher:
    """See `shop.services.messaging.ports.Publisher`.

    Parameters
    ----------
    url : str
        ``amqp[s]://user:password@host:port/vhost``.
    """

    def __init__(self, url: str) -> None:
        parameters = pika.URLParameters(url)
        parameters.connection_attempts = 1
        parameters.socket_timeout = _CONNECT_SECONDS
        parameters.stack_timeout = _CONNECT_SECONDS
        parameters.blocked_connection_timeout = _CONFIRM_SECONDS
        # An execution environment sleeps between requests and cannot answer heartbeats.
        parameters.heartbeat = 0
        parameters.tcp_options = {"TCP_USER_TIMEOUT": int(_CONFIRM_SECONDS * 1000)}
        self._parameters = parameters
        self._connection: BlockingConnection | None = None
        self._channel: BlockingChannel | None = None
        self._circuit_open_until = 0.0

    def ready(self) -> None:
        """Connect if need be; see the port."""
        if time.monotonic() < self._circuit_open_until:
            raise DependencyUnavailable("rabbitmq")
        if self._connection is not None and self._connection.is_open:
            with _ignore_broken():
                # Reads, without waiting, that the broker has said goodbye.
                self._connection.process_data_events(0)
        self._open_channel()

    def publish(self, event: StoredEvent) -> None:
        """Publish one event to the topic exchange; see the port."""
        self._send(
            EXCHANGE,
            event.event_type,
            event.body,
            message_id=str(event.event_id),
            headers={},
            # An event that nobody consumes may vanish; the others must not if the topology is missing.
            mandatory=event.event_type in _CONSUMED,
            properties={
                "type": event.event_type,
                "correlation_id": event.correlation_id,
                "timestamp": int(event.occurred_at.timestamp()),
            },
        )

    def deliver_again(self, queue: str, body: bytes, *, message_id: str | None) -> None:
        """Put a message at the end of its own queue; see the port."""
        self._send(
            "", queue, body, message_id=message_id, headers={}, mandatory=True, properties={}
        )

    def dead_letter(self, queue: str, body: bytes, *, message_id: str | None, reason: str) -> None:
        """Put a message into ``<queue>.dead``; see the port."""
        self._send(
            DEAD_LETTER_EXCHANGE,
            queue,
            body,
            message_id=message_id,
            headers={"x-shop-reason": reason[:1000], "x-shop-queue": queue},
            mandatory=True,
            properties={},
        )

    def close(self) -> None:
        """Close the connection; the next message opens it again."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None and connection.is_open:
            with _ignore_broken():
                connection.close()

    def _send(
        self,
        exchange: str,
        routing_key: str,
        body: bytes,
        *,
        message_id: str | None,
        headers: Mapping[str, str],
        mandatory: bool,
        properties: Mapping[str, Any],
    ) -> None:
        basic = pika.BasicProperties(
            content_type="application/json",
            delivery_mode=2,
            message_id=message_id,
            headers=dict(headers),
            **properties,
        )
        for attempt in (1, 2):
            reused = self._channel is not None
            try:
                channel = self._open_channel()
                with self._deadline(channel.connection):
                    channel.basic_publish(exchange, routing_key, body, basic, mandatory=mandatory)
            except UnroutableError as error:
                raise DependencyUnavailable(
                    "rabbitmq", f"RabbitMQ has no queue for {routing_key}; declare the topology."
                ) from error
            except _BROKEN as error:
                self.close()
                # A connection that was lost while it lay idle is opened again, once.
                if not reused or attempt == 2:
                    raise self._broken(error) from error
            else:
                return

    def _open_channel(self) -> BlockingChannel:
        if self._channel is not None and self._channel.is_open:
            return self._channel
        self.close()
        try:
            self._connection = connection = BlockingConnection(self._parameters)
            with self._deadline(connection):
                channel = connection.channel()
                channel.confirm_delivery()
        except _BROKEN as error:
            self.close()
            raise self._broken(error) from error
        self._channel = channel
        return channel

    def _broken(self, error: Exception) -> DependencyUnavailable:
        self._circuit_open_until = time.monotonic() + _CIRCUIT_OPEN_SECONDS
        _log.warning("RabbitMQ is away: %r", error)
        return DependencyUnavailable("rabbitmq")

    @staticmethod
    @contextmanager
    def _deadline(connection: BlockingConnection) -> Iterator[None]:
        """Drop the connection if the broker does not answer in time; pika itself waits for ever."""
        implementation = connection._impl
        timer = implementation._adapter_call_later(
            _CONFIRM_SECONDS,
            lambda: implementation._terminate_stream(TimeoutError("the broker does not answer")),
        )
        try:
            yield
        finally:
            if connection.is_open:
                implementation._adapter_remove_timeout(timer)


@contextmanager
def _ignore_broken() -> Iterator[None]:
    """Take it calmly that a connection to be closed is broken already."""
    try:
        yield
    except _BROKEN as error:
        _log.debug("while closing: %r", error)
