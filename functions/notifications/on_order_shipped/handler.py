"""notifications.order.shipped: e-mail the tracking number to the customer."""

from shop.bootstrap.mail import mailer
from shop.bootstrap.work.notifications import PostgresNotificationsWork
from shop.contracts.events import OrderShipped
from shop.entrypoints.rabbitmq import Delivery, consumer
from shop.services.notifications import notify as notifications


@consumer(service="notifications", event=OrderShipped, work=PostgresNotificationsWork)
def handler(delivery: Delivery[OrderShipped, PostgresNotificationsWork]) -> None:
    """Send the e-mail once."""
    notifications.order_shipped(delivery.work, mailer(), delivery.event.order_id)
