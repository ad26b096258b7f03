"""The catalog for staff: products that are not for sale, too, and categories."""

from datetime import datetime
from functools import partial
from typing import Any, Final

import msgspec

from shop.contracts.events import ProductUpdated
from shop.contracts.http.catalog import (
    CategoryView,
    ChangeCategory,
    CreateCategory,
    FindProducts,
    FoundProducts,
)
from shop.domain.audit import changed_fields
from shop.domain.catalog import Category
from shop.domain.cursors import cut, read_place
from shop.domain.errors import Conflict, InvalidRequest, NotFound
from shop.domain.scripts import plain_sku
from shop.domain.search import typed_words
from shop.services.catalog.browse import cursor_of, product_view
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
    page, following = cut(found, query.limit, partial(cursor_of, _LISTING))
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
        unit.products.lock_categories()
        added = unit.products.add_category(command.slug, command.name, command.parent)
        if added is None:
            raise InvalidRequest.field("parent", "there is no such category")
        if not added:
            raise _taken(command.slug)
        after = {"name": command.name, "parent": command.parent}
        unit.audit("category.created", "category", command.slug, after=after)
    drop_caches(cache)
    return CategoryView(command.slug, command.name, command.parent)


def change_category(
    cache: CatalogCache,
    open_unit_of_work: OpenUnitOfWork[CatalogWork],
    slug: str,
    command: ChangeCategory,
    *,
    correlation_id: str,
) -> CategoryView:
    """Change name and slug of a category, or move it with all that belongs to it below another one.

    Lists follow with the commit, search as soon as the relay has published the products' events: there may be
    too many to publish before the answer.

    Raises
    ------
    NotFound
        ``category_not_found``.
    Conflict
        ``category_taken``: another category has the slug.
    InvalidRequest
        If there is no such parent, or it is the category itself or below it.
    """
    wanted = msgspec.to_builtins(command)
    if not wanted:
        raise InvalidRequest("Send at least one field to change.")
    _check_slug(slug)
    with open_unit_of_work(publish=False) as unit:
        # One change at a time: two moves could make each category the parent of the other.
        unit.products.lock_categories()
        category = unit.products.category(slug)
        if category is None:
            raise _no_category(slug)
        changed = _changed(unit, category, wanted)
        if changed != category:
            if not unit.products.change_category(category, changed):
                raise _taken(changed.slug)
            before, after = changed_fields(
                msgspec.structs.asdict(category), msgspec.structs.asdict(changed)
            )
            unit.audit("category.changed", "category", slug, before=before, after=after)
        if changed.path != category.path:
            for product_id, version in unit.products.touch_products(changed.path):
                event = ProductUpdated(product_id=product_id, product_version=version)
                unit.record(event, correlation_id=correlation_id)
    drop_caches(cache)
    return CategoryView(changed.slug, changed.name, changed.parent)


def _changed(unit: CatalogWork, category: Category, wanted: dict[str, Any]) -> Category:
    slug, name = wanted.get("slug", category.slug), wanted.get("name", category.name)
    parent = wanted.get("parent", category.parent)
    path = slug
    if parent is not None:
        above = unit.products.category(parent)
        if above is None:
            raise InvalidRequest.field("parent", "there is no such category")
        if f"{above.path}/".startswith(f"{category.path}/"):
            raise InvalidRequest.field("parent", "is the category itself or below it")
        path = f"{above.path}/{slug}"
    return Category(slug=slug, name=name, parent=parent, path=path)


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
    _check_slug(slug)
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


def _taken(slug: str) -> Conflict:
    return Conflict(f"There is a category {slug!r}.", code="category_taken")


def _check_slug(slug: str) -> None:
    """Refuse a name from a path that PostgreSQL cannot compare with any slug."""
    if "\x00" in slug:
        raise _no_category(slug)


def _no_category(slug: str) -> NotFound:
    return NotFound(f"There is no category {slug!r}.", code="category_not_found")
