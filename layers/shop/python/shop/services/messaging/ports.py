"""Ports of messaging: outbox and broker."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from shop.domain.messages import DeadMessage, QueuedMessage, StoredEvent
from shop.services.unit_of_work import UnitOfWork


class OutboxBatch(Protocol):
    """Unpublished events, locked until the block ends."""

    @property
    def events(self) -> Sequence[StoredEvent]:
        """The events, in order."""

    def mark_published(self, events: Sequence[StoredEvent]) -> None:
        """Record that the broker has confirmed these events."""


class Outbox(Protocol):
    """Committed events that are not published yet."""

    def pending(self, *, limit: int) -> AbstractContextManager[OutboxBatch]:
        """Lock the oldest unpublished events; none while another relay holds the lock."""

    def mark_published(self, events: Sequence[StoredEvent]) -> None:
        """Record that the broker has confirmed these events."""

    def oldest_age_seconds(self) -> float:
        """Return the age of the oldest unpublished event; 0 if there is none."""

    def published_between(
        self, since: datetime, until: datetime, event_type: str | None, *, after: int, limit: int
    ) -> list[StoredEvent]:
        """Read events that occurred in ``[since, until)`` with a sequence above `after`, in order."""


class Publisher(Protocol):
    """The broker. Every method returns after the broker's confirm."""

    def ready(self) -> None:
        """Connect if necessary, so that no caller holds locks while it waits for an unavailable broker.

        Raises
        ------
        DependencyUnavailable
            If the broker is unavailable, or failed a moment ago.
        """

    def publish(self, event: StoredEvent) -> None:
        """Publish one event to the topic exchange.

        Raises
        ------
        DependencyUnavailable
            If the broker is unavailable, or has no queue for an event that has consumers.
        """

    def put_back(self, message: QueuedMessage) -> None:
        """Append a copy of a message to its queue with an unchanged number of attempts.

        Raises
        ------
        DependencyUnavailable
            If the broker is unavailable.
        """

    def retry_later(self, message: QueuedMessage) -> None:
        """Count a failed attempt and schedule the message for redelivery after a pause.

        Raises
        ------
        DependencyUnavailable
            If the broker is unavailable.
        """

    def dead_letter(self, message: QueuedMessage, reason: str) -> None:
        """Move a message that cannot be processed to ``<queue>.dead``, with the reason as header.

        Raises
        ------
        DependencyUnavailable
            If the broker is unavailable.
        """


class DeadLetters(Protocol):
    """The dead-letter queues."""

    def count(self, queue: str) -> int:
        """Return the number of messages in ``<queue>.dead``."""

    def send_back(self, queue: str, limit: int) -> int:
        """Move up to `limit` messages back to their queue, oldest first; return their number.

        Each is confirmed in its queue before it is removed: a crash in between duplicates it but never loses
        it.
        """

    def look(self, queue: str, limit: int) -> Sequence[DeadMessage]:
        """Read up to `limit` messages of ``<queue>.dead``, oldest first, which stay there.

        Each is moved to the queue's end, and is confirmed there before it is removed, so that the next look
        at a long queue continues behind them. Returning it instead would count as a delivery, of which a
        quorum queue of RabbitMQ 4 allows 20. A crash in between duplicates a message but never loses it.
        """


class DeadMessageRecords(Protocol):
    """What the dead-letter queues held when they were last read, inside one transaction."""

    def lock(self) -> bool:
        """Prevent other readers of the queues until the transaction ends; False if there is one."""

    def known(self) -> Mapping[str, int]:
        """Return the number of messages by queue, of queues that were read within the last hour."""

    def replace(self, queue: str, messages: Sequence[DeadMessage], *, complete: bool) -> None:
        """Record what a queue holds.

        Parameters
        ----------
        complete : bool
            Whether these are all. Records of other messages are then deleted, otherwise only old ones.
        """


class DeadMessagesWork(UnitOfWork, Protocol):
    """A transaction over the records of dead-lettered messages."""

    @property
    def dead_messages(self) -> DeadMessageRecords:
        """Records of dead-lettered messages."""
