"""The catalog for staff: products that are not for sale, too, and categories."""

from datetime import datetime
from typing import Final

from shop.contracts.http.catalog import CategoryView, CreateCategory, FindProducts, FoundProducts
from shop.domain.cursors import Place, read_place, write_cursor
from shop.domain.errors import Conflict, InvalidRequest, NotFound
from shop.domain.scripts import plain_sku
from shop.domain.search import typed_words
from shop.services.catalog.browse import product_view
from shop.services.catalog.change import drop_caches
from shop.services.catalog.ports import CatalogCache, CatalogWork
from shop.services.unit_of_work import OpenReading, OpenUnitOfWork

_LISTING: Final = "admin/products"


def find_products(read: OpenReading[CatalogWork], query: FindProducts) -> FoundProducts:
    """List products, active or not, newest first, by a part of their SKU and the words of their name.

    Raises
    ------
    InvalidRequest
        If the cursor is not one of this list.
    """
    after = None if query.cursor is None else read_place(query.cursor, _LISTING, datetime)
    with read() as unit:
        found = unit.products.find(
            active=query.active,
            sku=None if query.sku is None else plain_sku(query.sku),
            words=typed_words(query.q or ""),
            limit=query.limit + 1,
            after=after,
        )
    page = found[: query.limit]
    following = None
    if len(found) > len(page) and page[-1].created_at is not None:
        following = write_cursor(Place(_LISTING, page[-1].created_at, page[-1].product_id))
    return FoundProducts([product_view(product) for product in page], following)


def create_category(
    cache: CatalogCache, open_unit_of_work: OpenUnitOfWork[CatalogWork], command: CreateCategory
) -> CategoryView:
    """Add a category below another one, or at the top.

    Raises
    ------
    Conflict
        ``category_taken``.
    InvalidRequest
        If there is no such parent.
    """
    with open_unit_of_work() as unit:
        added = unit.products.add_category(command.slug, command.name, command.parent)
        if added is None:
            raise InvalidRequest.field("parent", "there is no such category")
        if not added:
            raise Conflict(f"There is a category {command.slug!r}.", code="category_taken")
        after = {"name": command.name, "parent": command.parent}
        unit.audit("category.created", "category", command.slug, after=after)
    drop_caches(cache)
    return CategoryView(command.slug, command.name)


def rename_category(
    cache: CatalogCache, open_unit_of_work: OpenUnitOfWork[CatalogWork], slug: str, name: str
) -> CategoryView:
    """Change the name of a category; raise `NotFound` if there is none."""
    with open_unit_of_work() as unit:
        before = unit.products.rename_category(slug, name)
        if before is None:
            raise _no_category(slug)
        if before != name:
            unit.audit(
                "category.changed", "category", slug, before={"name": before}, after={"name": name}
            )
    drop_caches(cache)
    return CategoryView(slug, name)


def delete_category(
    cache: CatalogCache, open_unit_of_work: OpenUnitOfWork[CatalogWork], slug: str
) -> None:
    """Delete an empty category.

    Raises
    ------
    NotFound
        ``category_not_found``.
    Conflict
        ``category_in_use``: products, active or not, or categories belong to it.
    """
    with open_unit_of_work() as unit:
        removed = unit.products.remove_category(slug)
        if removed is None:
            raise _no_category(slug)
        if not removed:
            raise Conflict(
                "Products or categories belong to it; move them first.", code="category_in_use"
            )
        unit.audit("category.deleted", "category", slug, before={"slug": slug})
    drop_caches(cache)


def _no_category(slug: str) -> NotFound:
    return NotFound(f"There is no category {slug!r}.", code="category_not_found")
