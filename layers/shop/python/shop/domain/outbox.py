"""Events as the outbox stores them."""

from datetime import datetime
from uuid import UUID

import msgspec


class StoredEvent(msgspec.Struct, frozen=True):
    """An event as it stands in the outbox.

    Attributes
    ----------
    sequence : int
        Grows with every event; events of one aggregate are published in this order.
    body : bytes
        The message's JSON.
    """

    sequence: int
    event_id: UUID
    event_type: str
    correlation_id: str
    occurred_at: datetime
    body: bytes
