"""Compensation of checkout: cancel the order that a step has refused."""

from shop.bootstrap import container
from shop.contracts.tasks import RejectOrder
from shop.entrypoints.task import task
from shop.services.orders import place


@task(RejectOrder)
def handler(command: RejectOrder) -> None:
    """Cancel the order."""
    place.reject_order(container().unit_of_work, command)
