"""Process one message of a queue: once, in one transaction with what it causes."""

from collections.abc import Callable

from shop.contracts.events import Envelope
from shop.domain.errors import DependencyUnavailable
from shop.domain.ids import new_id
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


def accepts_writes(open_unit_of_work: OpenUnitOfWork) -> bool:
    """Whether the database takes the write with which every consumer begins; it is rolled back."""
    try:
        _write_and_roll_back(open_unit_of_work)
    except _RollBack:
        return True
    except DependencyUnavailable:
        pass
    return False


class _RollBack(Exception):
    pass


def _write_and_roll_back(open_unit_of_work: OpenUnitOfWork) -> None:
    with open_unit_of_work(publish=False) as work:
        work.inbox.first_time("check", new_id())
        raise _RollBack
