"""Publish what the outbox holds: right after a commit, and by the relay what was missed then."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Final

from shop.observability import metric
from shop.services.messaging.ports import Outbox, OutboxBatch, Publisher

_log = logging.getLogger(__name__)

_REQUEST_LIMIT: Final = 100
_RELAY_BATCH: Final = 200


def publish_pending(outbox: Outbox, publisher: Publisher, aggregate_ids: Sequence[str]) -> int:
    """Publish the waiting events of some aggregates, in order.

    Parameters
    ----------
    aggregate_ids : sequence of str
        Whose events.

    Returns
    -------
    int
        How many the broker took.

    Raises
    ------
    DependencyUnavailable
        If the broker or the database is away. What was not published stays in the outbox.
    """
    publisher.ready()
    published = 0
    while True:
        with outbox.pending(aggregate_ids, limit=_REQUEST_LIMIT) as batch:
            count = _publish(batch, publisher)
        published += count
        if count < _REQUEST_LIMIT:
            return published


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
        If the broker or the database is away. What was not published stays in the outbox.
    """
    deadline = clock() + seconds
    published = 0
    metric("OutboxOldestAge", outbox.oldest_age_seconds(), unit="Seconds")
    while clock() < deadline:
        publisher.ready()
        with outbox.pending(None, limit=_RELAY_BATCH) as batch:
            count = _publish(batch, publisher)
        published += count
        if count < _RELAY_BATCH:
            break
        _log.info("relayed so far", extra={"events": published})
    return published


def _publish(batch: OutboxBatch, publisher: Publisher) -> int:
    published = 0
    try:
        for event in batch.events:
            publisher.publish(event)
            published += 1
    finally:
        # Also when the broker went away half-way: what it has confirmed is not sent again.
        batch.mark_published(batch.events[:published])
    return published
