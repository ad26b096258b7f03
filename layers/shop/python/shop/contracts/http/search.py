"""Bodies of /api/catalog/search and /api/catalog/suggest."""

from typing import Annotated, Final
from uuid import UUID

import msgspec

from shop.contracts.http.amounts import Amount
from shop.contracts.http.catalog import ProductSummary
from shop.domain.search import MAX_DEPTH, SearchSort

_LIST: Final = 50

type Words = Annotated[str, msgspec.Meta(max_length=200)]
type Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
type Names = Annotated[list[Name], msgspec.Meta(min_length=1, max_length=_LIST)]


class SearchProducts(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Words, filters, order and page of a search; ``page`` times ``per_page`` is at most 10,000.

    `cursor` is the `next_cursor` of an earlier page of the same search and replaces `page`; it has no such
    limit.

    `filters` is JSON, for example ``{"brand": ["Nordvik"], "category": "laptops", "in_stock": true,
    "price": {"gte": 500, "lte": 999.99}, "tags": ["travel"]}``.
    """

    q: Words = ""
    filters: Annotated[str, msgspec.Meta(max_length=10_000)] = "{}"
    page: Annotated[int, msgspec.Meta(ge=1, le=MAX_DEPTH)] = 1
    per_page: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    sort: SearchSort = SearchSort.RELEVANCE
    cursor: Annotated[str, msgspec.Meta(max_length=8_000)] | None = None


class PriceFilter(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A range of prices, both ends included."""

    gte: Amount | None = None
    lte: Amount | None = None


class SearchFilters(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Results have one of the brands, one of the categories (or one below it) and all tags.

    ``in_stock: false`` is the same as leaving it out.
    """

    brand: Name | Names | None = None
    category: Name | Names | None = None
    price: PriceFilter | None = None
    in_stock: bool = False
    tags: Name | Names | None = None


class Highlights(msgspec.Struct, frozen=True, omit_defaults=True):
    """Matching parts as escaped HTML, with ``<em>`` around the matching words."""

    name: str | None = None
    description: str | None = None


class SearchResult(ProductSummary, frozen=True):
    """A product that was found."""

    highlights: Highlights


class SearchFacets(msgspec.Struct, frozen=True):
    """Numbers of results by value; each facet ignores its own filter."""

    brands: dict[str, int]
    price_ranges: dict[str, int]
    categories: dict[str, int]


class SearchAnswer(msgspec.Struct, frozen=True):
    """A page of results.

    `engine` is the engine that answered; `degraded` is whether it replaced an unavailable one. `did_you_mean`
    is a corrected query, set only if this one found nothing. `next_cursor` requests the results after these
    and is null on the last page; `page` is null if the request had a cursor.
    """

    results: list[SearchResult]
    total: int
    page: int | None
    per_page: int
    facets: SearchFacets
    engine: str
    degraded: bool
    did_you_mean: str | None
    next_cursor: str | None


class SuggestProducts(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The text typed so far."""

    q: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    limit: Annotated[int, msgspec.Meta(ge=1, le=20)] = 8


class SuggestedProduct(msgspec.Struct, frozen=True):
    """A suggested product."""

    id: UUID
    name: str
    brand: str
    category: str


class SuggestAnswer(msgspec.Struct, frozen=True):
    """Products whose names contain words that begin with those typed, best first."""

    suggestions: list[SuggestedProduct]
    engine: str
    degraded: bool
