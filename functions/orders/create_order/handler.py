"""Step of place_order: price the cart and write the order down."""

from shop.bootstrap import environment
from shop.bootstrap.transactions import unit_of_work
from shop.contracts.tasks import CreateOrder, PlacedOrder
from shop.entrypoints.task import task
from shop.services.orders import place as placement


@task(CreateOrder)
def handler(command: CreateOrder) -> PlacedOrder:
    """Create the order, PENDING, with the catalog's prices."""
    settings = environment().settings
    return placement.create_order(
        unit_of_work,
        command,
        currency=settings.currency,
        reservation_ttl_seconds=settings.reservation_ttl_seconds,
        payment_grace_seconds=settings.payment_grace_seconds,
    )
