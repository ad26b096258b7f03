"""Browsing the catalog: answers are encoded once and cached in that form."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from shop.contracts.encoding import to_json
from shop.contracts.http.catalog import (
    MAX_DEPTH,
    CategoryNode,
    CategoryTree,
    ListProducts,
    ProductPage,
    ProductSummary,
    ProductView,
)
from shop.domain.catalog import CategoryRow, Product, Sort, product_not_found
from shop.domain.cursors import Place, check_paging, cut, read_place, write_cursor
from shop.domain.errors import FieldError, InvalidRequest, NotFound
from shop.domain.money import to_decimal
from shop.domain.search_results import Found
from shop.services.catalog.caching import Cached, CacheKey
from shop.services.catalog.ports import CatalogCache, CatalogWork
from shop.services.unit_of_work import OpenReading

_PRODUCT_LOCAL_SECONDS: Final = 300.0
_CATEGORIES: Final = CacheKey("products:categories", local_seconds=3600.0)


class Representation(NamedTuple):
    """An encoded answer.

    Attributes
    ----------
    etag : str
        Including its quotes. A product's begins with its version, which If-Match is compared with.
    hit : bool
        Whether it came from a cache.
    """

    text: str
    etag: str
    hit: bool


def list_products(
    cache: CatalogCache, read: OpenReading[CatalogWork], query: ListProducts
) -> Representation:
    """Return a page of active products of a category and the categories below it.

    Raises
    ------
    InvalidRequest
        If the page reaches beyond `MAX_DEPTH` products, or the cursor is not one of this list.
    NotFound
        ``category_not_found``.
    """
    check_paging(query.page, query.cursor)
    if query.cursor is None and query.page * query.per_page > MAX_DEPTH:
        raise InvalidRequest(
            "The page is beyond the last one; continue with next_cursor, or narrow the list.",
            errors=[FieldError("page", f"page times per_page must not exceed {MAX_DEPTH}")],
        )
    listing = f"products:{query.sort}:{query.category or '*'}"
    by_price = query.sort is not Sort.NEWEST
    after = (
        None
        if query.cursor is None
        else read_place(query.cursor, listing, int if by_price else datetime)
    )

    def load() -> str:
        with read() as unit:
            # One additional row shows whether there is a next page.
            found = unit.products.page(
                query.category,
                query.sort,
                query.per_page + 1,
                (query.page - 1) * query.per_page,
                after,
            )
        if found is None:
            raise NotFound(f"There is no category {query.category!r}.", code="category_not_found")
        rows, total = found
        products, following = cut(
            rows, query.per_page, lambda last: cursor_of(listing, last, by_price=by_price)
        )
        page = ProductPage(
            [ProductSummary(**outline(product)) for product in products],
            total,
            None if after else query.page,
            query.per_page,
            following,
        )
        return to_json(page)

    name = (
        f"products:list:category:{query.category or '*'}:page:{query.page}"
        f":per_page:{query.per_page}:sort:{query.sort}"
    )
    if after:
        name += f":after:{after.key}:{after.id}"
    return _represent(cache.fetch(CacheKey(name), load))


def cursor_of(listing: str, product: Product, *, by_price: bool = False) -> str:
    """Return the cursor that continues a list after a product.

    Parameters
    ----------
    listing : str
        The list with its order and filters.
    by_price : bool
        Whether it is sorted by price; otherwise by the time of creation.
    """
    key = product.price_minor if by_price else product.created_at
    if key is None:
        raise RuntimeError("a product that was read has the time of its creation")
    return write_cursor(Place(listing, key, product.product_id))


def get_product(
    cache: CatalogCache, read: OpenReading[CatalogWork], product_id: UUID
) -> Representation:
    """Return a product that is for sale.

    Raises
    ------
    NotFound
        ``product_not_found``.
    """

    def load() -> str:
        with read() as unit:
            product = unit.products.get(product_id)
        if product is None or not product.is_active:
            raise product_not_found(product_id)
        return to_json(product_view(product))

    return represent_product(cache.fetch(product_key(product_id), load))


def list_categories(cache: CatalogCache, read: OpenReading[CatalogWork]) -> Representation:
    """Return the tree of categories with the number of active products in and below each."""

    def load() -> str:
        with read() as unit:
            rows = unit.products.categories()
        return to_json(CategoryTree(_tree(rows)))

    return _represent(cache.fetch(_CATEGORIES, load))


def product_key(product_id: UUID) -> CacheKey:
    """Return the cache key of a product's answer."""
    return CacheKey(f"products:product:{product_id}", _PRODUCT_LOCAL_SECONDS)


def product_view(product: Product) -> ProductView:
    """Return a product with all fields that staff can change."""
    return ProductView(
        **outline(product),
        sku=product.sku,
        tags=list(product.tags),
        # Sorted, because the database does not preserve the order in which they were sent.
        attributes=dict(sorted(product.attributes.items())),
        tax_class=product.tax_class,
        is_active=product.is_active,
        version=product.version,
    )


def outline(product: Product | Found) -> dict[str, Any]:
    """Return the fields of `ProductSummary`, which every view of a product includes."""
    return {
        "id": product.product_id,
        "name": product.name,
        "description": product.description,
        "brand": product.brand,
        "price": to_decimal(product.price_minor),
        "currency": product.currency,
        "stock": product.stock,
        "image_url": product.image_url,
        "category": product.category,
    }


def represent_product(cached: Cached) -> Representation:
    """Add the entity tag ``"{version}-{digest}"`` to a product's answer.

    The stock is part of the digest only: a change of the stock changes the answer (If-None-Match) but does
    not cause a change by staff to fail (If-Match).
    """
    version = msgspec.json.decode(cached.text, type=_Versioned).version
    return Representation(cached.text, f'"{version}-{_digest(cached.text)}"', cached.hit)


class _Versioned(msgspec.Struct):
    version: int


def _represent(cached: Cached) -> Representation:
    return Representation(cached.text, f'"{_digest(cached.text)}"', cached.hit)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def encode_product(product: Product) -> Cached:
    """Encode a product read from the database."""
    return Cached(to_json(product_view(product)), hit=False)


def _tree(rows: Sequence[CategoryRow]) -> list[CategoryNode]:
    """Build the tree of categories from the leaves up, adding each count to its parent's."""
    nodes: dict[str, tuple[CategoryRow, int, list[CategoryNode]]] = {
        row.path: (row, row.product_count, []) for row in rows
    }
    roots: list[CategoryNode] = []
    for path in sorted(nodes, key=lambda path: (-path.count("/"), path)):
        row, count, children = nodes[path]
        node = CategoryNode(row.slug, row.name, count, children)
        parent_path, separator, _ = path.rpartition("/")
        if not separator:
            roots.append(node)
            continue
        parent, parent_count, siblings = nodes[parent_path]
        siblings.append(node)
        nodes[parent_path] = (parent, parent_count + count, siblings)
    return roots
