"""orders.order.paid: the fulfilment goes on."""

from shop.bootstrap import container
from shop.contracts.events import OrderPaid
from shop.entrypoints.rabbitmq import Delivery, consumer
from shop.services.orders import fulfilment


@consumer(service="orders", event=OrderPaid)
def handler(delivery: Delivery[OrderPaid]) -> None:
    """Wake the step that waits for the payment."""
    fulfilment.on_order_paid(delivery.work, container().fulfilment, delivery.event.order_id)
