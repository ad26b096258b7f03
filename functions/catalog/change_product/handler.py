"""PATCH /api/catalog/products/{product_id}: change some fields of a product."""

from shop.bootstrap import environment
from shop.bootstrap.catalog import catalog_cache
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.catalog import PostgresCatalogWork
from shop.contracts.http.catalog import ChangeProduct, ProductView
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.caching import precondition_of
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.catalog import change as product_changes


@endpoint(
    body=ChangeProduct,
    answer=ProductView,
    request_headers=("If-Match",),
    response_headers=("ETag",),
    access=only(STAFF),
    problems=(
        "product_not_found",
        "precondition_required",
        "precondition_failed",
        "version_conflict",
        "sku_taken",
    ),
)
def handler(request: Request[ChangeProduct, None]) -> Answer:
    """Change some fields of a product, given its ETag (If-Match) or version."""
    changed = product_changes.change_product(
        catalog_cache(),
        unit_of_work(PostgresCatalogWork, request.shopper),
        request.id("product_id"),
        request.body,
        precondition_of(request, request.body.version),
        currency=environment().settings.currency,
        correlation_id=request.correlation_id,
    )
    return Answer(changed.text, 200, {"Content-Type": "application/json", "ETag": changed.etag})
