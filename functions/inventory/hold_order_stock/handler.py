"""Step of checkout: hold the order's stock."""

from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.inventory import PostgresInventoryWork
from shop.contracts.tasks import HoldOrderStock, StockHeld
from shop.entrypoints.task import task
from shop.services.inventory.holds import hold_stock


@task(HoldOrderStock)
def handler(command: HoldOrderStock) -> StockHeld:
    """Hold the stock of an order, all lines or none; raise InsufficientStock if it does not suffice."""
    hold = hold_stock(
        unit_of_work(PostgresInventoryWork),
        command.order_id,
        command.items,
        expires_at=command.expires_at,
        correlation_id=command.correlation_id,
    )
    return StockHeld(reservation_id=hold.reservation_id, expires_at=hold.expires_at)
