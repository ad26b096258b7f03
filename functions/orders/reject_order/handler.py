"""Compensation of place_order: cancel the order whose stock could not be held."""

from shop.bootstrap import container
from shop.contracts.tasks import RejectOrder
from shop.entrypoints.task import task
from shop.services.orders import place as placement


@task(RejectOrder)
def handler(command: RejectOrder) -> None:
    """Cancel the order."""
    placement.reject_order(container().unit_of_work, command)
