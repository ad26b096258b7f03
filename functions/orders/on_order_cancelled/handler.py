"""orders.order.cancelled: the fulfilment ends."""

from shop.bootstrap.aws import fulfilment
from shop.contracts.events import OrderCancelled
from shop.entrypoints.rabbitmq import Delivery, consumer
from shop.services.orders.fulfilment import on_order_cancelled


@consumer(service="orders", event=OrderCancelled)
def handler(delivery: Delivery[OrderCancelled]) -> None:
    """Wake whatever step still waits."""
    on_order_cancelled(delivery.work, fulfilment(), delivery.event.order_id)
