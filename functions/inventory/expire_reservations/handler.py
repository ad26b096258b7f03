"""Every minute: expire lapsed holds and cancel the orders that were not paid in time."""

from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.orders import PostgresOrdersWork
from shop.entrypoints.schedule import schedule
from shop.services.orders.expire import expire_reservations


@schedule
def handler(seconds: float) -> dict[str, int]:
    """Expire lapsed holds and cancel unpaid orders."""
    return expire_reservations(unit_of_work(PostgresOrdersWork), seconds=seconds)
