"""inventory.order.paid: take what the order holds out of the stock."""

from shop.contracts.events import OrderPaid
from shop.entrypoints.rabbitmq import Delivery, consumer
from shop.services.inventory.holds import confirm_order


@consumer(service="inventory", event=OrderPaid)
def handler(delivery: Delivery[OrderPaid]) -> None:
    """Confirm a paid order's stock."""
    confirm_order(delivery.work, delivery.event.order_id, delivery.correlation_id)
