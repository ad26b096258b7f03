"""orders.order.paid: the fulfilment goes on."""

from shop.bootstrap.aws import fulfilment
from shop.contracts.events import OrderPaid
from shop.entrypoints.rabbitmq import Delivery, consumer
from shop.services.orders.fulfilment import on_order_paid


@consumer(service="orders", event=OrderPaid)
def handler(delivery: Delivery[OrderPaid]) -> None:
    """Wake the step that waits for the payment."""
    on_order_paid(delivery.work, fulfilment(), delivery.event.order_id)
