"""Events as the outbox stores them."""

from datetime import datetime
from uuid import UUID

import msgspec


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
