"""notifications.link.requested: send a link by e-mail, if a recipient exists."""

from shop.bootstrap import environment
from shop.bootstrap.mail import mailer
from shop.bootstrap.work.links import PostgresLinksWork
from shop.contracts.events import LinkRequested
from shop.entrypoints.rabbitmq import Delivery, consumer
from shop.services.identity.links import send_link


@consumer(service="notifications", event=LinkRequested, work=PostgresLinksWork)
def handler(delivery: Delivery[LinkRequested, PostgresLinksWork]) -> None:
    """Send the link."""
    send_link(
        delivery.work,
        mailer(),
        delivery.event.link_id,
        site_url=environment().settings.site_url,
    )
