"""Publishes to RabbitMQ with publisher confirms and reopens lost connections."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final, override

import pika
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import AMQPError, UnroutableError

from shop.contracts.events import (
    ATTEMPTS_HEADER,
    CONSUMERS,
    DEAD_LETTER_EXCHANGE,
    EXCHANGE,
    RETRY_EXCHANGE,
)
from shop.domain.errors import DependencyUnavailable
from shop.domain.messages import QueuedMessage, StoredEvent
from shop.services.circuit_breaker import CircuitBreaker
from shop.services.messaging.ports import Publisher

_log = logging.getLogger(__name__)
# pika logs a refused connection as several errors with stack traces; the publisher logs it once.
logging.getLogger("pika").setLevel(logging.CRITICAL)

_CONNECT_SECONDS: Final = 1.5
_CONFIRM_SECONDS: Final = 1.5
#: Seconds after a failure during which calls fail at once.
_CIRCUIT_OPEN_SECONDS: Final = 5.0
#: Equal for all messages, because RabbitMQ expires messages only at the head of a queue.
_RETRY_DELAY_SECONDS: Final = 30
_BROKEN: Final = (AMQPError, AMQPConnectorException, OSError)
_CONSUMED: Final = frozenset(event_type for _, event_type in CONSUMERS)


class RabbitMQPublisher(Publisher):
    """A connection to the broker, kept between invocations.

    Parameters
    ----------
    url : str
        ``amqp[s]://user:password@host:port/vhost``.
    circuit : CircuitBreaker, optional
        Decides when to call the broker again after a failure.
    """

    def __init__(self, url: str, circuit: CircuitBreaker | None = None) -> None:
        parameters = pika.URLParameters(url)
        parameters.connection_attempts = 1
        parameters.socket_timeout = _CONNECT_SECONDS
        parameters.stack_timeout = _CONNECT_SECONDS
        parameters.blocked_connection_timeout = _CONFIRM_SECONDS
        # A frozen execution environment cannot answer heartbeats.
        parameters.heartbeat = 0
        parameters.tcp_options = {"TCP_USER_TIMEOUT": int(_CONFIRM_SECONDS * 1000)}
        self._parameters = parameters
        self._connection: BlockingConnection | None = None
        self._channel: BlockingChannel | None = None
        self._circuit = circuit or CircuitBreaker(_CIRCUIT_OPEN_SECONDS)

    @override
    def ready(self) -> None:
        if not self._circuit.allows():
            raise DependencyUnavailable("rabbitmq", outage=True)
        if self._connection is not None and self._connection.is_open:
            with _ignore_broken():
                # Detects, without waiting, that the broker has closed the connection.
                self._connection.process_data_events(0)
        self._open_channel()
        self._circuit.succeeded()

    @override
    def publish(self, event: StoredEvent) -> None:
        self._send(
            EXCHANGE,
            event.event_type,
            event.body,
            message_id=str(event.event_id),
            headers={},
            # An event without consumers may be dropped; any other must not be if its queue is missing.
            mandatory=event.event_type in _CONSUMED,
            properties={
                "type": event.event_type,
                "correlation_id": event.correlation_id,
                "timestamp": int(event.occurred_at.timestamp()),
            },
        )

    @override
    def put_back(self, message: QueuedMessage) -> None:
        self._copy("", message, message.attempts)

    @override
    def retry_later(self, message: QueuedMessage) -> None:
        delay = str(_RETRY_DELAY_SECONDS * 1000)
        self._copy(RETRY_EXCHANGE, message, message.attempts + 1, {"expiration": delay})

    @override
    def dead_letter(self, message: QueuedMessage, reason: str) -> None:
        self._send(
            DEAD_LETTER_EXCHANGE,
            message.queue,
            message.body,
            message_id=message.message_id,
            headers={"x-shop-reason": reason[:1000], "x-shop-queue": message.queue},
            mandatory=True,
            properties={"timestamp": int(time.time())},
        )

    def close(self) -> None:
        """Close the connection; the next message opens it again."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None and connection.is_open:
            with _ignore_broken():
                connection.close()

    def _copy(
        self,
        exchange: str,
        message: QueuedMessage,
        attempts: int,
        properties: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self._send(
            exchange,
            message.queue,
            message.body,
            message_id=message.message_id,
            headers={ATTEMPTS_HEADER: attempts} if attempts else {},
            mandatory=True,
            properties=properties,
        )

    def _send(
        self,
        exchange: str,
        routing_key: str,
        body: bytes,
        *,
        message_id: str | None,
        headers: Mapping[str, str | int],
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
                detail = f"RabbitMQ has no queue for {routing_key}; declare the topology."
                raise DependencyUnavailable("rabbitmq", detail, outage=True) from error
            except _BROKEN as error:
                self.close()
                # A connection that was lost while idle is reopened once.
                if not reused or attempt == 2:
                    raise self._broken(error) from error
            else:
                self._circuit.succeeded()
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
        self._circuit.failed()
        _log.warning("RabbitMQ is unavailable: %r", error)
        return DependencyUnavailable("rabbitmq", outage=True)

    @staticmethod
    @contextmanager
    def _deadline(connection: BlockingConnection) -> Iterator[None]:
        """Drop the connection if the broker does not answer in time; pika itself waits indefinitely."""
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
    """Ignore errors of a connection that is already broken while it is closed or probed."""
    try:
        yield
    except _BROKEN as error:
        _log.debug("while closing: %r", error)
