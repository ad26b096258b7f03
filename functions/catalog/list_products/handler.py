"""GET /api/catalog/products: a page of products."""

from shop.bootstrap.catalog import catalog_cache
from shop.bootstrap.postgres import read
from shop.bootstrap.work.catalog import PostgresCatalogWork
from shop.contracts.http.catalog import ListProducts, ProductPage
from shop.entrypoints.caching import conditional_answer
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.catalog import browse as catalog


@endpoint(
    query=ListProducts, answer=ProductPage, conditional=True, problems=("category_not_found",)
)
def handler(request: Request[None, ListProducts]) -> Answer:
    """List products, newest first or by price."""
    found = catalog.list_products(catalog_cache(), read(PostgresCatalogWork), request.query)
    return conditional_answer(request, found)
