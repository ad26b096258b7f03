"""Publishes the events of the outbox: right after a commit, and by the relay those left over."""

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

    After a crash between the broker's confirm and the mark, the relay publishes them again; consumers process
    an event once, however many messages it has. Likewise, if two transactions on one aggregate commit in
    quick succession, the second publishes the events that the first has not marked yet, so that the first
    message of every event arrives in the order of the outbox.

    Raises
    ------
    DependencyUnavailable
        If the broker or the database is unavailable. Unpublished events stay in the outbox.
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
    """Publish all unpublished events, oldest first, until none is left or the time is over.

    Parameters
    ----------
    seconds : float
        Maximum duration.

    Returns
    -------
    int
        Number of published events; 0 if another relay is running.

    Raises
    ------
    DependencyUnavailable
        If the broker or the database is unavailable. Unpublished events stay in the outbox.
    """
    deadline = clock() + seconds
    relayed = 0
    metric("OutboxOldestAge", outbox.oldest_age_seconds(), unit="Seconds")
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
    """Publish events in order and mark those that the broker confirmed; return their number."""
    published = 0
    try:
        for event in events:
            publisher.publish(event)
            published += 1
    finally:
        # Also if the broker became unavailable in between, so that confirmed events are not sent again.
        if published:
            mark_published(events[:published])
    return published
