"""Events as the outbox stores them."""

from datetime import datetime
from uuid import UUID

import msgspec


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
