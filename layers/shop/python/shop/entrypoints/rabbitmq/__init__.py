"""Consumers: functions that receive batches of messages from Amazon MQ's event source mapping.

The mapping acknowledges a batch as a whole when the function returns, and returns all of it to the queue when
the function raises. Each message therefore has its own transaction with an inbox row, so that a repeated
delivery has no effect, and the function raises only while a server is unavailable to all messages.

1. A message that cannot be read, or that a use case refuses with a `ShopError`, is dead-lettered with the
   reason.
2. A message that fails for any other reason, while the server it needs serves other messages, is redelivered
   after a pause and dead-lettered with the reason after `DELIVERY_LIMIT` failed attempts; the rest of its
   batch continues.
3. While a server is unavailable to all messages, the batch is retried until the invocation is nearly out of
   time, then returned to its queue. Copies replace messages before they reach the broker's delivery limit,
   so an outage loses no message, however long it lasts.
4. A redelivered message arrives after newer ones of its aggregate: ordering is best effort, so consumers are
   idempotent and use cases check the state that they find.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, cast
from uuid import UUID

import msgspec

from shop.bootstrap import prepare
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work import PostgresUnitOfWork
from shop.contracts.envelopes import Envelope
from shop.contracts.events import Event, queue_name
from shop.entrypoints.invocation import invocation
from shop.entrypoints.rabbitmq.batch import Batch
from shop.observability import bound
from shop.services.messaging.consumption import consume
from shop.services.unit_of_work import OpenUnitOfWork, UnitOfWork

__all__ = ["Delivery", "batch_consumer", "consumer"]

_log = logging.getLogger(__name__)

type LambdaHandler = Callable[[dict[str, Any], Any], None]


class Delivery[E: Event, Work: UnitOfWork = UnitOfWork](msgspec.Struct, frozen=True):
    """An event, as a consumer receives it.

    Attributes
    ----------
    work : UnitOfWork
        The transaction that also records the event as processed; use it for all reads and writes.
    """

    event: E
    event_id: UUID
    occurred_at: datetime
    correlation_id: str
    work: Work


def consumer[E: Event, Work: PostgresUnitOfWork](
    *, service: str, event: type[E], work: type[Work]
) -> Callable[[Callable[[Delivery[E, Work]], None]], LambdaHandler]:
    """Turn a function that processes one event into a Lambda handler.

    Parameters
    ----------
    service : str
        The consuming service; with the event it determines the queue.
    event : type of Event
        The event that it consumes.
    work : type of PostgresUnitOfWork
        The transactions in which it does so.
    """
    queue = queue_name(service, event.event_type)
    open_unit_of_work = unit_of_work(work)

    def decorate(function: Callable[[Delivery[E, Work]], None]) -> LambdaHandler:
        prepare()

        def handler(received: dict[str, Any], context: Any) -> None:
            with (
                invocation("consumer", context, queue=queue),
                Batch(received, queue, context) as batch,
            ):
                for message, envelope in batch.read(event):
                    batch.process(
                        message, partial(_consume, open_unit_of_work, queue, envelope, function)
                    )

        return handler

    return decorate


def batch_consumer[E: Event](
    *, service: str, event: type[E]
) -> Callable[[Callable[[Sequence[E]], None]], LambdaHandler]:
    """Turn a function that processes a batch, in order of delivery, into a Lambda handler.

    There is no inbox: the function must be idempotent, for example by comparing the events' versions. A
    failed batch is processed again one event at a time, so that only the events that cause the failure are
    retried.
    """
    queue = queue_name(service, event.event_type)

    def decorate(function: Callable[[Sequence[E]], None]) -> LambdaHandler:
        prepare()

        def handler(received: dict[str, Any], context: Any) -> None:
            with (
                invocation("consumer", context, queue=queue),
                Batch(received, queue, context) as batch,
            ):
                readable = [
                    (message, cast("E", envelope.event)) for message, envelope in batch.read(event)
                ]
                events = [each for _, each in readable]
                if batch.process_together(
                    [message for message, _ in readable], partial(function, events)
                ):
                    _log.info("consumed", extra={"queue": queue, "messages": len(events)})
                    return
                for message, each in readable:
                    batch.process(message, partial(function, [each]))

        return handler

    return decorate


def _consume[E: Event, Work: UnitOfWork](
    open_unit_of_work: OpenUnitOfWork[Work],
    queue: str,
    envelope: Envelope,
    function: Callable[[Delivery[E, Work]], None],
) -> None:
    def handle(work: Work) -> None:
        function(
            Delivery(
                cast("E", envelope.event),
                envelope.event_id,
                envelope.occurred_at,
                envelope.correlation_id,
                work,
            )
        )

    with bound(**envelope.log_fields()):
        first = consume(open_unit_of_work, queue, envelope, handle)
        _log.info("consumed", extra={"queue": queue, "repeated": not first})
