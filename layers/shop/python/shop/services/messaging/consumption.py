"""Process one message of a queue: once, in one transaction with what it causes."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from shop.contracts.events import Envelope
from shop.domain.errors import AlreadyConsumed, DependencyUnavailable
from shop.services.unit_of_work import OpenUnitOfWork, UnitOfWork

#: A consumer and an event that do not exist.
_CHECK: Final = ("check", UUID(int=0))


def consume[Work: UnitOfWork](
    open_unit_of_work: OpenUnitOfWork[Work],
    consumer: str,
    envelope: Envelope,
    handle: Callable[[Work], None],
) -> bool:
    """Run a consumer on an event it has not seen yet.

    Parameters
    ----------
    consumer : str
        Its queue's name.
    handle : callable
        Gets the unit of work, whose last statement also notes the event as processed. What it does
        outside of the transaction must be decided by what it reads there: a second delivery is recognised
        at its end.

    Returns
    -------
    bool
        False when the event had been processed before; everything was rolled back then.
    """
    try:
        with open_unit_of_work(consumed=(consumer, envelope.event_id)) as work:
            handle(work)
    except AlreadyConsumed:
        return False
    return True


def accepts_writes(open_unit_of_work: OpenUnitOfWork) -> bool:
    """Whether the database takes the write that every consumer ends with: an inbox row, always the same."""
    try:
        with open_unit_of_work(publish=False, consumed=_CHECK):
            pass
    except AlreadyConsumed:
        return True
    except DependencyUnavailable:
        return False
    return True
