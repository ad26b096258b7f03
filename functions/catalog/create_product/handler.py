"""POST /api/catalog/products: add a product."""

from shop.bootstrap import environment
from shop.bootstrap.catalog import catalog_cache
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.catalog import PostgresCatalogWork
from shop.contracts.http.catalog import CreateProduct, ProductView
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.entrypoints.idempotency import ACCEPTED
from shop.services.catalog import change as product_changes


@endpoint(
    body=CreateProduct,
    answer=ProductView,
    status=201,
    response_headers=("Location", "ETag"),
    access=only(STAFF),
    idempotency=ACCEPTED,
    problems=("sku_taken",),
)
def handler(request: Request[CreateProduct, None]) -> Answer:
    """Add a product with no stock."""
    product_id = request.new_id
    created = product_changes.create_product(
        catalog_cache(),
        unit_of_work(PostgresCatalogWork, request.shopper),
        product_id,
        request.body,
        currency=environment().settings.currency,
        correlation_id=request.correlation_id,
    )
    headers = {
        "Content-Type": "application/json",
        "Location": f"/api/catalog/products/{product_id}",
        "ETag": created.etag,
    }
    return Answer(created.text, 201, headers)
