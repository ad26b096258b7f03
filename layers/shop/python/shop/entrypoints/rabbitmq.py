"""Consumers: batches of messages that Amazon MQ's event source mapping hands to a function.

The mapping takes a batch as a whole: it is acknowledged when the function returns, and all of it comes
back when the function raises. So each message is processed in a transaction of its own, with an inbox row
that makes the second delivery a no-op, and only what another delivery can mend makes the function raise.
"""

import base64
import binascii
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any, Final, cast
from uuid import UUID

import msgspec

from shop.bootstrap.rabbitmq import publisher
from shop.bootstrap.transactions import unit_of_work
from shop.contracts.events import DELIVERY_LIMIT, Envelope, Event, decode, queue_name
from shop.domain.errors import DependencyUnavailable, ShopError
from shop.observability import begin_invocation, metric
from shop.services.messaging.consumption import consume
from shop.services.unit_of_work import UnitOfWork

_log = logging.getLogger(__name__)

type LambdaHandler = Callable[[dict[str, Any], Any], None]

#: While a server is away a batch is tried again this often before it goes back to the broker, as each
#: return counts towards the delivery limit.
_RETRY_PAUSE_SECONDS: Final = 2.0
_SPARE_SECONDS: Final = 15.0


class Delivery[E: Event](msgspec.Struct, frozen=True):
    """An event as a consumer gets it.

    Attributes
    ----------
    work : UnitOfWork
        The transaction in which the event is noted as processed; use it for everything.
    """

    event: E
    event_id: UUID
    occurred_at: datetime
    correlation_id: str
    work: UnitOfWork


class _Message(msgspec.Struct, frozen=True):
    queue: str
    body: bytes
    message_id: str | None
    deliveries: int


def consumer[E: Event](
    *, service: str, event: type[E]
) -> Callable[[Callable[[Delivery[E]], None]], LambdaHandler]:
    """Make a Lambda handler of a function that processes one event.

    Parameters
    ----------
    service : str
        Whose consumer it is; with the event it names the queue.
    event : type of Event
        What it consumes.

    Notes
    -----
    A message that is malformed, or that the function refuses with a `ShopError`, goes to the dead-letter
    exchange with the reason, and the rest of the batch goes on. A server that is away
    (`DependencyUnavailable`) brings the batch back. Any other exception brings the message back until it
    has been delivered as often as the queue allows, then it is dead-lettered too. A server that is away
    longer than that costs no message: what is left of the batch goes to the end of the queue.
    """
    queue = queue_name(service, event.event_type)

    def decorate(function: Callable[[Delivery[E]], None]) -> LambdaHandler:
        def handler(received: dict[str, Any], context: Any) -> None:
            begin_invocation(context)
            patience = _Patience(context)
            failures: list[Exception] = []
            left = list(_messages(received, queue))
            with _saved(left):
                for message in tuple(left):
                    envelope = _decode(message, event, patience)
                    failure = envelope and _process(message, envelope, function, patience)
                    if failure:
                        failures.append(failure)
                    else:
                        left.remove(message)
                if failures:
                    raise ExceptionGroup("messages to deliver again", failures)

        return handler

    return decorate


def batch_consumer[E: Event](
    *, service: str, event: type[E]
) -> Callable[[Callable[[Sequence[E]], None]], LambdaHandler]:
    """Make a Lambda handler of a function that processes a whole batch, in the order of delivery.

    There is no inbox: the function must be idempotent by itself, for example because it works with the
    versions that the events carry. If it raises, the batch comes back. Malformed messages are
    dead-lettered as by `consumer`.
    """
    queue = queue_name(service, event.event_type)

    def decorate(function: Callable[[Sequence[E]], None]) -> LambdaHandler:
        def handler(received: dict[str, Any], context: Any) -> None:
            begin_invocation(context)
            patience = _Patience(context)
            messages = list(_messages(received, queue))
            with _saved(messages):
                decoded = [_decode(message, event, patience) for message in messages]
                events = [cast("E", envelope.event) for envelope in decoded if envelope is not None]
                if events:
                    patience.until_done(partial(function, events))
            _log.info("consumed", extra={"queue": queue, "messages": len(events)})

        return handler

    return decorate


class _Patience:
    """Waits for servers that are away, for as long as the invocation has time to spare."""

    def __init__(self, context: Any) -> None:
        remaining = context.get_remaining_time_in_millis() / 1000
        self._deadline = time.monotonic() + remaining - _SPARE_SECONDS

    def until_done(self, action: Callable[[], None]) -> None:
        while True:
            try:
                return action()
            except DependencyUnavailable as away:
                if time.monotonic() + _RETRY_PAUSE_SECONDS > self._deadline:
                    raise
                _log.warning("waiting for a server", extra={"detail": away.detail})
                time.sleep(_RETRY_PAUSE_SECONDS)


@contextmanager
def _saved(left: Sequence[_Message]) -> Iterator[None]:
    """Keep what a server that is away has left from being dead-lettered for coming back too often.

    A copy goes to the end of the queue and the batch counts as done. Should the batch come back all the
    same, what is there twice is processed once.
    """
    try:
        yield
    except DependencyUnavailable as away:
        if all(message.deliveries < DELIVERY_LIMIT for message in left):
            raise
        for message in left:
            publisher().deliver_again(message.queue, message.body, message_id=message.message_id)
        _log.warning("messages put back", extra={"messages": len(left), "detail": away.detail})


def _process[E: Event](
    message: _Message,
    envelope: Envelope,
    function: Callable[[Delivery[E]], None],
    patience: _Patience,
) -> Exception | None:
    """Process one message; give the exception that another delivery may mend."""
    try:
        patience.until_done(partial(_consume, message.queue, envelope, function))
    except DependencyUnavailable:
        raise
    except ShopError as refusal:
        patience.until_done(partial(_bury, message, f"{refusal.code}: {refusal.detail}"))
    except Exception as error:  # noqa: BLE001 - given back, raised when the batch is through
        _log.exception("consumer failed", extra=_about(message.queue, envelope))
        if message.deliveries < DELIVERY_LIMIT:
            return error
        reason = f"failed {message.deliveries} times: {error!r}"
        patience.until_done(partial(_bury, message, reason))
    return None


def _consume[E: Event](
    queue: str, envelope: Envelope, function: Callable[[Delivery[E]], None]
) -> None:
    def handle(work: UnitOfWork) -> None:
        function(
            Delivery(
                cast("E", envelope.event),
                envelope.event_id,
                envelope.occurred_at,
                envelope.correlation_id,
                work,
            )
        )

    first = consume(unit_of_work, queue, envelope, handle)
    _log.info("consumed", extra=_about(queue, envelope) | {"repeated": not first})


def _messages(received: Mapping[str, Any], queue: str) -> Iterator[_Message]:
    """Read the mapping's batch: ``{"rmqMessagesByQueue": {"queue::vhost": [message, …]}}``."""
    for messages in received["rmqMessagesByQueue"].values():
        for message in messages:
            properties = message.get("basicProperties") or {}
            count = (properties.get("headers") or {}).get("x-delivery-count")
            earlier = count if isinstance(count, int) else int(bool(message.get("redelivered")))
            try:
                body = base64.b64decode(message["data"], validate=True)
            except binascii.Error:
                # Never seen; it ends as a malformed message.
                body = b""
            yield _Message(queue, body, properties.get("messageId"), earlier + 1)


def _decode(message: _Message, event: type[Event], patience: _Patience) -> Envelope | None:
    """Read a message's event, or bury the message."""
    try:
        envelope = decode(message.body)
    except ValueError as error:
        patience.until_done(partial(_bury, message, f"malformed: {error}"))
        return None
    if not isinstance(envelope.event, event):
        reason = f"malformed: {envelope.event_type} does not belong into {message.queue}"
        patience.until_done(partial(_bury, message, reason))
        return None
    return envelope


def _bury(message: _Message, reason: str) -> None:
    """Send a message to the dead-letter exchange.

    The inbox is left alone, so that the message can be replayed. If the batch comes back for another
    message's sake a second copy may be made; replayed, it is a no-op once the first was processed.
    """
    _log.error(
        "message dead-lettered",
        extra={"queue": message.queue, "message_id": message.message_id, "reason": reason},
    )
    metric("DeadLetters", queue=message.queue)
    publisher().dead_letter(
        message.queue, message.body, message_id=message.message_id, reason=reason
    )


def _about(queue: str, envelope: Envelope) -> dict[str, str]:
    about = {
        "queue": queue,
        "event_id": str(envelope.event_id),
        "event_type": envelope.event_type,
        "correlation_id": envelope.correlation_id,
    }
    order_id = getattr(envelope.event, "order_id", None)
    return about | ({"order_id": str(order_id)} if order_id else {})
