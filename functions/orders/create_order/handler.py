"""Step of checkout: price the cart and create the order."""

from shop.bootstrap import environment
from shop.bootstrap.taxes import tax_provider
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.placement import PostgresPlacementWork
from shop.contracts.tasks import PlacedOrder, PlaceOrder
from shop.entrypoints.task import task
from shop.services.orders import place


@task(PlaceOrder)
def handler(command: PlaceOrder) -> PlacedOrder:
    """Create the order as PENDING, with the catalog's prices."""
    settings = environment().settings
    return place.create_order(
        unit_of_work(PostgresPlacementWork),
        command,
        taxes=tax_provider(),
        currency=settings.currency,
        reservation_ttl_seconds=settings.reservation_ttl_seconds,
        prices_include_tax=settings.prices_include_tax,
    )
