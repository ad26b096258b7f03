"""Processes a message exactly once, in one transaction with its effects."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from shop.contracts.envelopes import Envelope
from shop.domain.errors import AlreadyConsumed, DependencyUnavailable
from shop.services.unit_of_work import OpenUnitOfWork, UnitOfWork

#: A fictitious consumer and event.
_CHECK: Final = ("check", UUID(int=0))


def consume[Work: UnitOfWork](
    open_unit_of_work: OpenUnitOfWork[Work],
    consumer: str,
    envelope: Envelope,
    handle: Callable[[Work], None],
) -> bool:
    """Run a consumer on an event that it has not processed yet.

    Parameters
    ----------
    consumer : str
        Its queue's name.
    handle : callable
        Receives the unit of work, whose last statement also records the event as processed. Effects outside
        the transaction must depend on what it reads inside, because a repeated delivery is detected only at
        the end.

    Returns
    -------
    bool
        False if the event had been processed before; everything was then rolled back.
    """
    try:
        with open_unit_of_work(consumed=(consumer, envelope.event_id)) as work:
            handle(work)
    except AlreadyConsumed:
        return False
    return True


def accepts_writes(open_unit_of_work: OpenUnitOfWork) -> bool:
    """Return whether the database accepts an inbox row, the write with which every consumer ends."""
    try:
        with open_unit_of_work(publish=False, consumed=_CHECK):
            pass
    except AlreadyConsumed:
        return True
    except DependencyUnavailable:
        return False
    return True
