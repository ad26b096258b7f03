"""product.updated: refresh the search index and drop the catalog's cached answers."""

from collections.abc import Sequence
from typing import Final

from shop.bootstrap.catalog import catalog_cache
from shop.bootstrap.search import search_documents, search_index
from shop.contracts.events import ProductUpdated
from shop.entrypoints.rabbitmq import batch_consumer
from shop.services.catalog import change as product_changes
from shop.services.search.indexing import Refresh, refresh_index

_refresh: Final = Refresh()


@batch_consumer(service="catalog", event=ProductUpdated)
def handler(events: Sequence[ProductUpdated]) -> None:
    """Refresh the index if there is one, then drop the cached answers."""
    products = [event.product_id for event in events]
    _refresh.run(
        events,
        write=lambda: refresh_index(search_index(), search_documents(), products),
        drop=lambda: product_changes.on_products_updated(catalog_cache(), events),
    )
