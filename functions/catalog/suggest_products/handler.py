"""GET /api/catalog/suggest: suggest products while the customer types a name."""

from shop.bootstrap.catalog import catalog_cache
from shop.bootstrap.search import search_engine
from shop.contracts.http.search import SuggestAnswer, SuggestProducts
from shop.entrypoints.caching import conditional_answer
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.search import find as search


@endpoint(query=SuggestProducts, answer=SuggestAnswer, conditional=True)
def handler(request: Request[None, SuggestProducts]) -> Answer:
    """Suggest products whose names match the text typed so far."""
    found = search.suggest_products(search_engine(), catalog_cache(), request.query)
    return conditional_answer(request, found)
