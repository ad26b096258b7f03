"""Publish what the outbox holds: right after a commit, and by the relay what was missed then."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Final

from shop.domain.messages import StoredEvent
from shop.observability import metric
from shop.services.messaging.ports import Outbox, Publisher

_log = logging.getLogger(__name__)

_RELAY_BATCH: Final = 200


def publish(outbox: Outbox, publisher: Publisher, events: Sequence[StoredEvent]) -> None:
    """Publish committed events in order and mark them as published.

    A crash between the broker's confirm and the mark has the relay publish them once more: consumers
    process an event once, whatever the number of its messages. The same holds where two transactions on one
    aggregate commit one right after the other: the second publishes what the first has not marked yet, so
    that the first message of every event arrives in the order of the outbox.

    Raises
    ------
    DependencyUnavailable
        If the broker or the database is unavailable. What was not published stays in the outbox.
    """
    publisher.ready()
    _send(publisher, events, outbox.mark_published)


def relay(
    outbox: Outbox,
    publisher: Publisher,
    *,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Publish everything that waits, oldest first, until nothing is left or time is up.

    Parameters
    ----------
    seconds : float
        How long to go on.

    Returns
    -------
    int
        How many events the broker took; 0 when another relay is at work.

    Raises
    ------
    DependencyUnavailable
        If the broker or the database is unavailable. What was not published stays in the outbox.
    """
    deadline = clock() + seconds
    relayed = 0
    metric("OutboxOldestAge", outbox.oldest_age_seconds())
    while clock() < deadline:
        publisher.ready()
        with outbox.pending(limit=_RELAY_BATCH) as batch:
            published = _send(publisher, batch.events, batch.mark_published)
        relayed += published
        if published < _RELAY_BATCH:
            break
        _log.info("relayed so far", extra={"events": relayed})
    return relayed


def _send(
    publisher: Publisher,
    events: Sequence[StoredEvent],
    mark_published: Callable[[Sequence[StoredEvent]], None],
) -> int:
    """Hand events to the broker in order and mark those that it took; give how many."""
    published = 0
    try:
        for event in events:
            publisher.publish(event)
            published += 1
    finally:
        # Also when the broker became unavailable half-way: what it has confirmed is not sent again.
        if published:
            mark_published(events[:published])
    return published
