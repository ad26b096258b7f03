"""Compensation of place_order: cancel the order whose stock could not be held."""

from shop.bootstrap.transactions import unit_of_work
from shop.contracts.tasks import RejectOrder
from shop.entrypoints.task import task
from shop.services.orders import place as placement


@task(RejectOrder)
def handler(command: RejectOrder) -> None:
    """Cancel the order."""
    placement.reject_order(unit_of_work, command)
