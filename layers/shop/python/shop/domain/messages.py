"""Events in transit: as stored in the outbox, in the queues of consumers, and dead-lettered."""

from datetime import datetime
from uuid import UUID

import msgspec


class QueuedMessage(msgspec.Struct, frozen=True):
    """A message from a consumer's queue.

    Attributes
    ----------
    deliveries : int
        How often the broker has delivered this copy, including this delivery.
    attempts : int
        How often processing the message has failed, over all its copies.
    """

    queue: str
    body: bytes
    message_id: str | None = None
    deliveries: int = 1
    attempts: int = 0


class StoredEvent(msgspec.Struct, frozen=True):
    """A committed event, in the encoded form that is published.

    Attributes
    ----------
    body : bytes
        The message's JSON.
    sequence : int
        Its position in the outbox; 0 if it was not read from there.
    """

    event_id: UUID
    event_type: str
    correlation_id: str
    occurred_at: datetime
    body: bytes
    sequence: int = 0


class DeadMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message in a dead-letter queue.

    Attributes
    ----------
    queue : str
        The consumer's queue.
    reason : str
        Why the consumer, or the broker, has dead-lettered it.
    order_id : UUID or None
        The order that its body names.
    """

    queue: str
    body: bytes
    message_id: str | None
    order_id: UUID | None
    reason: str
    dead_at: datetime
