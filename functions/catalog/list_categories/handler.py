"""GET /api/catalog/categories: the tree of categories."""

from shop.bootstrap.catalog import catalog_cache
from shop.bootstrap.postgres import read
from shop.bootstrap.work.catalog import PostgresCatalogWork
from shop.contracts.http.catalog import CategoryTree
from shop.entrypoints.caching import conditional_answer
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.catalog import browse as catalog


@endpoint(answer=CategoryTree, conditional=True)
def handler(request: Request[None, None]) -> Answer:
    """Return the tree of categories, each with its number of products."""
    return conditional_answer(
        request, catalog.list_categories(catalog_cache(), read(PostgresCatalogWork))
    )
