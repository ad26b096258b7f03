"""Every minute: publish the events that could not be published right after their commit."""

from shop.bootstrap.outbox import outbox
from shop.bootstrap.rabbitmq import publisher
from shop.entrypoints.schedule import schedule
from shop.services.messaging.outbox import relay


@schedule
def handler(seconds: float) -> dict[str, int]:
    """Publish the unpublished events of the outbox."""
    return {"published": relay(outbox(), publisher(), seconds=seconds)}
