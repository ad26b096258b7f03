"""Deletes records past their retention period, in batches that hold locks only briefly."""

import time
from collections.abc import Callable
from typing import Final

from shop.services.platform.ports import Records

_BATCH: Final = 1000


def prune(
    records: Records, *, seconds: float, clock: Callable[[], float] = time.monotonic
) -> dict[str, int]:
    """Delete old records until none is left or the time is over; the next run continues.

    Parameters
    ----------
    seconds : float
        Maximum duration.

    Returns
    -------
    dict
        Number of deleted rows by table.
    """
    deadline = clock() + seconds
    counts: dict[str, int] = {}
    for table, delete in (
        ("idempotency_keys", records.prune_idempotency_keys),
        ("inbox", records.prune_inbox),
        ("outbox", records.prune_outbox),
        ("webhook_events", records.prune_webhook_events),
        ("links", records.prune_links),
        ("cart_owners", records.prune_cart_owners),
        ("cost_log_events", records.prune_cost_log_events),
    ):
        counts[table] = 0
        while clock() < deadline:
            deleted = delete(_BATCH)
            counts[table] += deleted
            if deleted < _BATCH:
                break
    return counts
