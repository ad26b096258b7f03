"""notifications.order.confirmed: e-mail the customer and move the order to PROCESSING."""

from shop.bootstrap.aws import mailer
from shop.contracts.events import OrderConfirmed
from shop.entrypoints.rabbitmq import Delivery, consumer
from shop.services.notifications import notify as notifications


@consumer(service="notifications", event=OrderConfirmed)
def handler(delivery: Delivery[OrderConfirmed]) -> None:
    """Send the e-mail once and move the order to PROCESSING."""
    notifications.order_confirmed(delivery.work, mailer(), delivery.event.order_id)
