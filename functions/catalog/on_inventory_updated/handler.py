"""inventory.updated: drop the products concerned from the catalog's cache."""

from collections.abc import Sequence

from shop.bootstrap import container
from shop.contracts.events import InventoryUpdated
from shop.entrypoints.rabbitmq import batch_consumer
from shop.services import product_changes


@batch_consumer(service="catalog", event=InventoryUpdated)
def handler(events: Sequence[InventoryUpdated]) -> None:
    """Drop the products concerned from the catalog's cache."""
    product_changes.on_inventory_updated(container().catalog_cache, events)
