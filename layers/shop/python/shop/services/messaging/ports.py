"""Ports of the messaging: outbox, inbox and broker."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from shop.domain.messages import QueuedMessage, StoredEvent


class OutboxBatch(Protocol):
    """Unpublished events, locked until the block that gave them ends."""

    @property
    def events(self) -> Sequence[StoredEvent]:
        """The events, in order."""

    def mark_published(self, events: Sequence[StoredEvent]) -> None:
        """Note that the broker has taken these."""


class Outbox(Protocol):
    """Events that were committed and wait for the broker."""

    def pending(self, *, limit: int) -> AbstractContextManager[OutboxBatch]:
        """Lock the oldest unpublished events; none while another relay does the same."""

    def mark_published(self, events: Sequence[StoredEvent]) -> None:
        """Note that the broker has taken these."""

    def oldest_age_seconds(self) -> float:
        """Give how long the oldest unpublished event has waited; 0 when none waits."""

    def published_between(
        self, since: datetime, until: datetime, event_type: str | None, *, after: int, limit: int
    ) -> list[StoredEvent]:
        """Read events that happened in ``[since, until)`` with a sequence above `after`, in order."""


class Publisher(Protocol):
    """The broker. Every method returns only when the broker has confirmed what it took."""

    def ready(self) -> None:
        """Connect if need be, so that nothing is locked while an unavailable broker is waited for.

        Raises
        ------
        DependencyUnavailable
            If the broker is unavailable, or was a moment ago.
        """

    def publish(self, event: StoredEvent) -> None:
        """Publish one event to the topic exchange.

        Raises
        ------
        DependencyUnavailable
            If the broker is unavailable, or has no queue for an event that somebody consumes.
        """

    def put_back(self, message: QueuedMessage) -> None:
        """Put a copy of a message at the end of its own queue, with as many attempts as it has.

        Raises
        ------
        DependencyUnavailable
            If the broker is unavailable.
        """

    def retry_later(self, message: QueuedMessage) -> None:
        """Count a failed attempt and have the message delivered again after a pause.

        Raises
        ------
        DependencyUnavailable
            If the broker is unavailable.
        """

    def dead_letter(self, message: QueuedMessage, reason: str) -> None:
        """Put a message that cannot be processed into ``<queue>.dead``, with the reason as header.

        Raises
        ------
        DependencyUnavailable
            If the broker is unavailable.
        """


class DeadLetters(Protocol):
    """Messages that a consumer could not process."""

    def count(self, queue: str) -> int:
        """Give how many wait in ``<queue>.dead``."""

    def send_back(self, queue: str, limit: int) -> int:
        """Put up to `limit` of them back into their queue, oldest first; give how many.

        Each is confirmed there before it leaves here: a crash in between makes a copy, never a loss.
        """
