"""Results of a search engine, and the documents of its index."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from shop.domain.search import Walk

#: Mark the matching parts in `Found.name_marked` and `Found.description_marked`. They are characters of the
#: private use area, so that the text can be escaped before they are replaced by markup.
MARK_START = "\ue000"


MARK_END = "\ue001"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A product that was found.

    Attributes
    ----------
    stock : int
        Available units as of indexing; may be a few seconds old.
    name_marked, description_marked : str or None
        With `MARK_START` and `MARK_END` around the matching parts; the description is an excerpt. None if
        nothing matched.
    """

    product_id: UUID
    name: str
    description: str
    brand: str
    price_minor: int
    currency: str
    stock: int
    image_url: str | None
    category: str
    name_marked: str | None = None
    description_marked: str | None = None


class Facets(msgspec.Struct, frozen=True):
    """Numbers of results by brand, price range and category slug (including categories below it).

    Each facet ignores its own filter.
    """

    brands: dict[str, int] = msgspec.field(default_factory=dict)
    price_ranges: dict[str, int] = msgspec.field(default_factory=dict)
    categories: dict[str, int] = msgspec.field(default_factory=dict)


class SearchPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of results.

    Attributes
    ----------
    did_you_mean : str or None
        A corrected query, only if nothing was found.
    degraded : bool
        Whether an engine other than the chosen one answered.
    following : Walk or None
        The place after these results; None on the last page.
    """

    results: Sequence[Found]
    total: int
    facets: Facets
    engine: str
    did_you_mean: str | None = None
    degraded: bool = False
    following: Walk | None = None


class Suggestion(msgspec.Struct, frozen=True):
    """A product whose name contains words that begin with those typed."""

    product_id: UUID
    name: str
    brand: str
    category: str


class Suggestions(msgspec.Struct, frozen=True, kw_only=True):
    """Suggestions, best first; `engine` and `degraded` as in `SearchPage`."""

    suggestions: Sequence[Suggestion]
    engine: str
    degraded: bool = False


class SearchDocument(msgspec.Struct, frozen=True):
    """A document of the search index: a product, active or not.

    Attributes
    ----------
    version : int
        Increases with every change of the product or its stock.
    category_path : str
        Slugs from the root, joined by ``/``.
    changed_at : datetime
        When the product or its stock last changed.
    typed_name : str
        The name as plain words, as customers type it.
    plain_sku : str
        The SKU as it is compared.
    """

    product_id: UUID
    version: int
    name: str
    description: str
    brand: str
    tags: Sequence[str]
    category: str
    category_path: str
    price_minor: int
    currency: str
    stock: int
    image_url: str | None
    is_active: bool
    created_at: datetime
    changed_at: datetime
    typed_name: str
    plain_sku: str
