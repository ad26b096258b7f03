"""Process one message of a queue: once, in one transaction with what it causes."""

from collections.abc import Callable

from shop.contracts.events import Envelope
from shop.services.unit_of_work import OpenUnitOfWork, UnitOfWork


def consume(
    open_unit_of_work: OpenUnitOfWork,
    consumer: str,
    envelope: Envelope,
    handle: Callable[[UnitOfWork], None],
) -> bool:
    """Run a consumer on an event it has not seen yet.

    Parameters
    ----------
    consumer : str
        Its queue's name.
    handle : callable
        Gets the unit of work, whose commit also notes the event as processed.

    Returns
    -------
    bool
        False when the event had been processed before; nothing is done then.
    """
    with open_unit_of_work() as work:
        if not work.inbox.first_time(consumer, envelope.event_id):
            return False
        handle(work)
    return True
