"""notifications.return.rejected: e-mail the customer that a return is rejected."""

from shop.bootstrap.mail import mailer
from shop.bootstrap.work.notifications import PostgresNotificationsWork
from shop.contracts.events import ReturnRejected
from shop.entrypoints.rabbitmq import Delivery, consumer
from shop.services.notifications import notify as notifications


@consumer(service="notifications", event=ReturnRejected, work=PostgresNotificationsWork)
def handler(delivery: Delivery[ReturnRejected, PostgresNotificationsWork]) -> None:
    """Send the e-mail once."""
    event = delivery.event
    notifications.return_rejected(delivery.work, mailer(), event.order_id, event.return_id)
