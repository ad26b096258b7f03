"""inventory.order.paid: commit the stock that the order holds."""

from shop.bootstrap.work.inventory import PostgresInventoryWork
from shop.contracts.events import OrderPaid
from shop.entrypoints.rabbitmq import Delivery, consumer
from shop.services.inventory.holds import commit_stock


@consumer(service="inventory", event=OrderPaid, work=PostgresInventoryWork)
def handler(delivery: Delivery[OrderPaid, PostgresInventoryWork]) -> None:
    """Commit a paid order's stock."""
    commit_stock(delivery.work, delivery.event.order_id, delivery.correlation_id)
