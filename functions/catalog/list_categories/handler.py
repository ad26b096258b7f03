"""GET /api/catalog/categories: the tree of categories."""

from shop.bootstrap import container
from shop.contracts.http.catalog import CategoryTree
from shop.entrypoints.caching import conditional_answer
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.catalog import browse as catalog


@endpoint(answer=CategoryTree, conditional=True)
def handler(request: Request[None, None]) -> Answer:
    """Give the tree of categories with their numbers of products."""
    box = container()
    return conditional_answer(request, catalog.list_categories(box.catalog_cache, box.unit_of_work))
