"""Step of fulfil_order: tell the customer that the order is confirmed."""

from shop.bootstrap.aws import mailer
from shop.bootstrap.transactions import unit_of_work
from shop.contracts.tasks import Notified, NotifyCustomer
from shop.entrypoints.task import task
from shop.services.notifications import notify as notifications


@task(NotifyCustomer)
def handler(command: NotifyCustomer) -> Notified:
    """Send the e-mail, once, and move the order to PROCESSING."""
    with unit_of_work() as work:
        status = notifications.order_confirmed(work, mailer(), command.order_id)
    return Notified(status="" if status is None else status.value)
