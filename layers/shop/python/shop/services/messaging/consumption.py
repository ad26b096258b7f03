"""Process one message of a queue: once, in one transaction with what it causes."""

from collections.abc import Callable

from shop.contracts.events import Envelope
from shop.domain.errors import AlreadyConsumed
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
