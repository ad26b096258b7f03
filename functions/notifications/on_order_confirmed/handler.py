"""notifications.order.confirmed: e-mail the customer and move the order to PROCESSING."""

from shop.bootstrap.mail import mailer
from shop.bootstrap.work.notifications import PostgresNotificationsWork
from shop.contracts.events import OrderConfirmed
from shop.entrypoints.rabbitmq import Delivery, consumer
from shop.services.notifications import notify as notifications


@consumer(service="notifications", event=OrderConfirmed, work=PostgresNotificationsWork)
def handler(delivery: Delivery[OrderConfirmed, PostgresNotificationsWork]) -> None:
    """Send the e-mail once and move the order to PROCESSING."""
    notifications.order_confirmed(delivery.work, mailer(), delivery.event.order_id)
