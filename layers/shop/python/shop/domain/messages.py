"""Events on their way: as the outbox stores them, and as consumers receive them from their queues."""

from datetime import datetime
from uuid import UUID

import msgspec


class QueuedMessage(msgspec.Struct, frozen=True):
    """A message of a consumer's queue.

    Attributes
    ----------
    deliveries : int
        How often the broker has delivered this copy, this time included.
    attempts : int
        How often processing the message has failed before, over all its copies.
    """

    queue: str
    body: bytes
    message_id: str | None = None
    deliveries: int = 1
    attempts: int = 0


class StoredEvent(msgspec.Struct, frozen=True):
    """An event that was committed and is published from its stored form.

    Attributes
    ----------
    body : bytes
        The message's JSON.
    sequence : int
        Its place in the outbox; 0 of an event that was not read from there.
    """

    event_id: UUID
    event_type: str
    correlation_id: str
    occurred_at: datetime
    body: bytes
    sequence: int = 0
