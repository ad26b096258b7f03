"""notifications.return.approved: e-mail the customer that a return is approved."""

from shop.bootstrap.mail import mailer
from shop.bootstrap.work.notifications import PostgresNotificationsWork
from shop.contracts.events import ReturnApproved
from shop.entrypoints.rabbitmq import Delivery, consumer
from shop.services.notifications import notify as notifications


@consumer(service="notifications", event=ReturnApproved, work=PostgresNotificationsWork)
def handler(delivery: Delivery[ReturnApproved, PostgresNotificationsWork]) -> None:
    """Send the e-mail once."""
    event = delivery.event
    notifications.return_approved(delivery.work, mailer(), event.order_id, event.return_id)
