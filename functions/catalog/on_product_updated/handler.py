"""product.updated: refresh the search index and drop what the catalog has cached."""

from collections.abc import Sequence

from shop.bootstrap import container
from shop.contracts.events import ProductUpdated
from shop.entrypoints.rabbitmq import batch_consumer
from shop.services import product_changes, search_indexing


@batch_consumer(service="catalog", event=ProductUpdated)
def handler(events: Sequence[ProductUpdated]) -> None:
    """Refresh the index, then drop what is cached, whether or not there was an index to refresh."""
    box = container()
    try:
        products = (event.product_id for event in events)
        search_indexing.refresh_index(box.search_index, box.search_documents, products)
    finally:
        product_changes.on_products_updated(box.catalog_cache, events)
