"""Messages, as consumers receive them from their queues."""

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
