"""orders.order.confirmed: the fulfilment goes on."""

from shop.bootstrap.aws import fulfilment
from shop.contracts.events import OrderConfirmed
from shop.entrypoints.rabbitmq import Delivery, consumer
from shop.services.orders.fulfilment import on_order_confirmed


@consumer(service="orders", event=OrderConfirmed)
def handler(delivery: Delivery[OrderConfirmed]) -> None:
    """Wake the step that waits for the stock's confirmation."""
    on_order_confirmed(delivery.work, fulfilment(), delivery.event.order_id)
