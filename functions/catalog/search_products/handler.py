"""GET /api/catalog/search: search for products by words and filters, with facets."""

from shop.bootstrap.catalog import catalog_cache
from shop.bootstrap.search import search_engine
from shop.contracts.http.search import SearchAnswer, SearchFilters, SearchProducts
from shop.entrypoints.caching import conditional_answer
from shop.entrypoints.http import Answer, Request, endpoint
from shop.entrypoints.parsing import parse_json_parameter
from shop.services.search import find as search


@endpoint(
    query=SearchProducts,
    json_query={"filters": SearchFilters},
    answer=SearchAnswer,
    conditional=True,
)
def handler(request: Request[None, SearchProducts]) -> Answer:
    """Search for products by words and filters."""
    filters = parse_json_parameter(request.query.filters, SearchFilters, "filters")
    found = search.search_products(search_engine(), catalog_cache(), request.query, filters)
    return conditional_answer(request, found)
