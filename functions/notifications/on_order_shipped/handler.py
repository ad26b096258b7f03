"""notifications.order.shipped: e-mail the tracking number to the customer."""

from shop.bootstrap.aws import mailer
from shop.contracts.events import OrderShipped
from shop.entrypoints.rabbitmq import Delivery, consumer
from shop.services.notifications import notify as notifications


@consumer(service="notifications", event=OrderShipped)
def handler(delivery: Delivery[OrderShipped]) -> None:
    """Send the e-mail once."""
    notifications.order_shipped(delivery.work, mailer(), delivery.event.order_id)
