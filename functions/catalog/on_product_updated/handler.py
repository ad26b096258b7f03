"""product.updated: drop what the catalog has cached."""

from collections.abc import Sequence

from shop.bootstrap import container
from shop.contracts.events import ProductUpdated
from shop.entrypoints.rabbitmq import batch_consumer
from shop.services import product_changes


@batch_consumer(service="catalog", event=ProductUpdated)
def handler(events: Sequence[ProductUpdated]) -> None:
    """Drop what the catalog has cached."""
    product_changes.on_products_updated(container().catalog_cache, events)
