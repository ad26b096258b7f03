"""inventory.updated: refresh the search index and the catalog's cache of the products concerned."""

from collections.abc import Sequence

from shop.bootstrap import container
from shop.contracts.events import InventoryUpdated
from shop.entrypoints.rabbitmq import batch_consumer
from shop.services import product_changes, search_indexing


@batch_consumer(service="catalog", event=InventoryUpdated)
def handler(events: Sequence[InventoryUpdated]) -> None:
    """Refresh the index, then drop what is cached, whether or not there was an index to refresh."""
    box = container()
    try:
        products = (event.product_id for event in events)
        search_indexing.refresh_index(box.search_index, box.search_documents, products)
    finally:
        product_changes.on_inventory_updated(box.catalog_cache, events)
