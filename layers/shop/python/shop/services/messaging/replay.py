"""Send messages again: dead ones, or what the outbox has of a span of time."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from shop.services.messaging.ports import DeadLetters, Outbox, Publisher

_BATCH: Final = 200


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Events of ``[since, until)``, of one type or of all."""

    since: datetime
    until: datetime
    event_type: str | None = None


def replay_dead(
    letters: DeadLetters, queues: Iterable[str], *, limit: int, dry_run: bool
) -> dict[str, int]:
    """Put dead messages back into their queues.

    Parameters
    ----------
    limit : int
        How many of each queue, at most.
    dry_run : bool
        Only count.

    Returns
    -------
    dict
        Messages by queue.
    """
    counts: dict[str, int] = {}
    for queue in queues:
        waiting = min(letters.count(queue), limit)
        counts[queue] = waiting if dry_run else letters.send_back(queue, waiting)
    return counts


def replay_span(
    outbox: Outbox, publisher: Publisher, span: Span, *, dry_run: bool
) -> dict[str, int]:
    """Publish events of the past again, in order. Consumers skip what their inbox knows.

    Parameters
    ----------
    dry_run : bool
        Only count.

    Returns
    -------
    dict
        Events by type.

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
