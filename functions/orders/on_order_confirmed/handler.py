"""orders.order.confirmed: the fulfilment goes on."""

from shop.bootstrap import container
from shop.contracts.events import OrderConfirmed
from shop.entrypoints.rabbitmq import Delivery, consumer
from shop.services.orders import fulfilment


@consumer(service="orders", event=OrderConfirmed)
def handler(delivery: Delivery[OrderConfirmed]) -> None:
    """Wake the step that waits for the stock's confirmation."""
    fulfilment.on_order_confirmed(delivery.work, container().fulfilment, delivery.event.order_id)
