"""DELETE /api/catalog/products/{product_id}: take a product off sale."""

from shop.bootstrap.catalog import catalog_cache
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.catalog import PostgresCatalogWork
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.caching import precondition_of
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.catalog import change as product_changes


@endpoint(
    status=204,
    request_headers=("If-Match",),
    access=only(STAFF),
    problems=("product_not_found", "precondition_failed"),
)
def handler(request: Request[None, None]) -> Answer:
    """Take a product off sale. Orders keep it, and staff can still change it."""
    product_changes.deactivate_product(
        catalog_cache(),
        unit_of_work(PostgresCatalogWork, request.shopper),
        request.id("product_id"),
        precondition_of(request),
        correlation_id=request.correlation_id,
    )
    return Answer(status=204)
