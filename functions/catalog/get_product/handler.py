"""GET /api/catalog/products/{product_id}: one product."""

from shop.bootstrap.catalog import catalog_cache
from shop.bootstrap.postgres import read
from shop.bootstrap.work.catalog import PostgresCatalogWork
from shop.contracts.http.catalog import ProductView
from shop.entrypoints.caching import conditional_answer
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.catalog import browse as catalog


@endpoint(answer=ProductView, conditional=True, problems=("product_not_found",))
def handler(request: Request[None, None]) -> Answer:
    """Return one product."""
    found = catalog.get_product(
        catalog_cache(), read(PostgresCatalogWork), request.id("product_id")
    )
    return conditional_answer(request, found)
