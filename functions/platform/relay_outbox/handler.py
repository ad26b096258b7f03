"""Every minute: publish the events that could not be published right after their commit."""

from shop.bootstrap import container
from shop.entrypoints.schedule import schedule
from shop.services.messaging import outbox


@schedule
def handler(seconds: float) -> dict[str, int]:
    """Publish what waits in the outbox."""
    return {"published": outbox.relay(container().outbox, container().publisher, seconds=seconds)}
