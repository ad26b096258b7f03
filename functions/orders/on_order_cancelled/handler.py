"""orders.order.cancelled: the fulfilment ends."""

from shop.bootstrap import container
from shop.contracts.events import OrderCancelled
from shop.entrypoints.rabbitmq import Delivery, consumer
from shop.services.orders import fulfilment


@consumer(service="orders", event=OrderCancelled)
def handler(delivery: Delivery[OrderCancelled]) -> None:
    """Wake whatever step still waits."""
    fulfilment.on_order_cancelled(delivery.work, container().fulfilment, delivery.event.order_id)
