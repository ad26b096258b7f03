"""Product search: answers are encoded once and cached for half a minute."""

import hashlib
import html
from collections.abc import Callable
from typing import Final

import msgspec
from msgspec.structs import replace

from shop.contracts.encoding import to_json
from shop.contracts.http.search import (
    Highlights,
    PriceFilter,
    SearchAnswer,
    SearchFacets,
    SearchFilters,
    SearchProducts,
    SearchResult,
    SuggestAnswer,
    SuggestedProduct,
    SuggestProducts,
)
from shop.domain.cursors import check_paging, foreign_cursor, read_cursor, write_cursor
from shop.domain.errors import FieldError, InvalidRequest
from shop.domain.money import to_minor
from shop.domain.search import MAX_DEPTH, Filters, SearchQuery, Walk
from shop.domain.search_results import MARK_END, MARK_START, Found, SearchPage, Suggestions
from shop.services.catalog.browse import Representation, outline
from shop.services.catalog.caching import CacheKey
from shop.services.catalog.ports import CatalogCache
from shop.services.search.ports import SearchEngine

_CACHE_SECONDS: Final = 30


def search_products(
    engine: SearchEngine, cache: CatalogCache, request: SearchProducts, filters: SearchFilters
) -> Representation:
    """Find products by words and filters, with facets.

    Raises
    ------
    InvalidRequest
        If the page reaches beyond `MAX_DEPTH` results, the range of prices is empty, or the cursor is not
        one of this search.
    """
    query = _query(request, filters)

    def load() -> str:
        page = engine.search(query)
        return to_json(_answer(query, page))

    return _cached(cache, "search", query, load)


def suggest_products(
    engine: SearchEngine, cache: CatalogCache, request: SuggestProducts
) -> Representation:
    """Suggest products while the customer types."""

    def load() -> str:
        return to_json(_suggest_answer(engine.suggest(request.q, request.limit)))

    return _cached(cache, "suggest", request, load)


def _cached(
    cache: CatalogCache, kind: str, query: object, load: Callable[[], str]
) -> Representation:
    digest = hashlib.sha256(msgspec.json.encode(query)).hexdigest()[:32]
    key = CacheKey(f"products:{kind}:{digest}", shared_seconds=_CACHE_SECONDS)
    cached = cache.fetch(key, load)
    etag = hashlib.sha256(cached.text.encode()).hexdigest()[:16]
    return Representation(cached.text, f'"{etag}"', cached.hit)


def _query(request: SearchProducts, filters: SearchFilters) -> SearchQuery:
    check_paging(request.page, request.cursor)
    if request.cursor is None and request.page * request.per_page > MAX_DEPTH:
        raise InvalidRequest(
            "The page is beyond the last one; continue with next_cursor, or narrow the search.",
            errors=[FieldError("page", f"page times per_page must not exceed {MAX_DEPTH}")],
        )
    lowest, highest = _prices(filters.price or PriceFilter())
    query = SearchQuery(
        text=" ".join(request.q.split()),
        filters=Filters(
            brands=_several(filters.brand),
            categories=_several(filters.category),
            tags=_several(filters.tags),
            price_from_minor=lowest,
            price_to_minor=highest,
            in_stock=filters.in_stock,
        ),
        sort=request.sort,
        page=request.page,
        per_page=request.per_page,
    )
    if request.cursor is None:
        return query
    walk = read_cursor(request.cursor, Walk)
    if walk.listing != query.listing:
        raise foreign_cursor()
    return replace(query, after=walk)


def _prices(price: PriceFilter) -> tuple[int | None, int | None]:
    bounds: list[int | None] = []
    for name, amount in (("gte", price.gte), ("lte", price.lte)):
        try:
            bounds.append(None if amount is None else to_minor(amount))
        except ValueError as error:
            raise _wrong_price(name, str(error)) from error
    lowest, highest = bounds
    if lowest is not None and highest is not None and lowest > highest:
        raise _wrong_price("gte", "must not be more than lte")
    return lowest, highest


def _wrong_price(bound: str, message: str) -> InvalidRequest:
    return InvalidRequest(
        "The range of prices is wrong.", errors=[FieldError(f"filters.price.{bound}", message)]
    )


def _several(names: str | list[str] | None) -> tuple[str, ...]:
    chosen = [names] if isinstance(names, str) else names or []
    return tuple(sorted(set(chosen)))


def _answer(query: SearchQuery, page: SearchPage) -> SearchAnswer:
    facets = page.facets
    return SearchAnswer(
        results=[_result(found) for found in page.results],
        total=page.total,
        page=None if query.after else query.page,
        per_page=query.per_page,
        facets=SearchFacets(facets.brands, facets.price_ranges, facets.categories),
        engine=page.engine,
        degraded=page.degraded,
        did_you_mean=page.did_you_mean,
        next_cursor=None if page.following is None else write_cursor(page.following),
    )


def _result(found: Found) -> SearchResult:
    return SearchResult(
        **outline(found),
        highlights=Highlights(_markup(found.name_marked), _markup(found.description_marked)),
    )


def _markup(marked: str | None) -> str | None:
    if marked is None:
        return None
    return html.escape(marked).replace(MARK_START, "<em>").replace(MARK_END, "</em>")


def _suggest_answer(found: Suggestions) -> SuggestAnswer:
    return SuggestAnswer(
        suggestions=[
            SuggestedProduct(each.product_id, each.name, each.brand, each.category)
            for each in found.suggestions
        ],
        engine=found.engine,
        degraded=found.degraded,
    )
