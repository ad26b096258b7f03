"""Replays dead-lettered messages, or the outbox's events of a time span."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from shop.services.messaging.ports import DeadLetters, Outbox, Publisher

_BATCH: Final = 200


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """The time span ``[since, until)``, for one event type or all."""

    since: datetime
    until: datetime
    event_type: str | None = None


def replay_dead(
    letters: DeadLetters, queues: Iterable[str], *, limit: int, dry_run: bool
) -> dict[str, int]:
    """Move dead-lettered messages back to their queues.

    Parameters
    ----------
    limit : int
        Maximum number per queue.
    dry_run : bool
        Count without sending.

    Returns
    -------
    dict
        Number of messages by queue.
    """
    counts: dict[str, int] = {}
    for queue in queues:
        waiting = min(letters.count(queue), limit)
        counts[queue] = waiting if dry_run else letters.send_back(queue, waiting)
    return counts


def replay_span(
    outbox: Outbox, publisher: Publisher, span: Span, *, dry_run: bool
) -> dict[str, int]:
    """Publish past events again, in order. Consumers skip those in their inbox.

    Parameters
    ----------
    dry_run : bool
        Count without sending.

    Returns
    -------
    dict
        Number of events by type.

    Raises
    ------
    DependencyUnavailable
        If the broker or the database is unavailable. Replaying again is safe.
    """
    counts: dict[str, int] = {}
    after = 0
    while events := outbox.published_between(
        span.since, span.until, span.event_type, after=after, limit=_BATCH
    ):
        for event in events:
            if not dry_run:
                publisher.publish(event)
            counts[event.event_type] = counts.get(event.event_type, 0) + 1
        after = events[-1].sequence
    return counts
