"""GET /api/catalog/products/{product_id}: one product."""

from shop.bootstrap import container
from shop.contracts.http.catalog import ProductView
from shop.entrypoints.caching import conditional_answer
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.catalog import browse as catalog


@endpoint(answer=ProductView, conditional=True, problems=("product_not_found",))
def handler(request: Request[None, None]) -> Answer:
    """Give one product."""
    box = container()
    found = catalog.get_product(box.catalog_cache, box.unit_of_work, request.id("product_id"))
    return conditional_answer(request, found)
