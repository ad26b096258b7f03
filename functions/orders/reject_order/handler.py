"""Compensation of checkout: cancel the order that a step refused."""

from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.orders import PostgresOrdersWork
from shop.contracts.tasks import RejectOrder
from shop.entrypoints.task import task
from shop.services.orders import place


@task(RejectOrder)
def handler(command: RejectOrder) -> None:
    """Cancel the order."""
    place.reject_order(unit_of_work(PostgresOrdersWork), command)
