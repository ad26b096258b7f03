"""Step of fulfil_order: look at what has become of an order that was waited for in vain."""

from shop.bootstrap.transactions import unit_of_work
from shop.contracts.tasks import CloseOrder, Decision
from shop.entrypoints.task import task
from shop.services.orders import fulfilment


@task(CloseOrder)
def handler(command: CloseOrder) -> Decision:
    """Cancel the order if its time is over; tell the state machine what to do."""
    return fulfilment.close_order(unit_of_work, command)
