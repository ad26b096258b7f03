"""Products and categories in PostgreSQL."""

from collections.abc import Sequence
from typing import override
from uuid import UUID

from psycopg import errors
from psycopg.types.json import Jsonb

from shop.adapters.postgres import catalog_sql
from shop.adapters.postgres.database import Transaction
from shop.domain.catalog import Category, CategoryRow, Offer, Product, Sort
from shop.domain.cursors import Place
from shop.domain.errors import Conflict
from shop.domain.scripts import is_unspaced
from shop.services.catalog.ports import ProductRepository


class PostgresProducts(ProductRepository):
    """Products and categories in PostgreSQL."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    @override
    def get(self, product_id: UUID, *, lock: bool = False) -> Product | None:
        suffix = "FOR UPDATE OF p" if lock else ""
        return self._transaction.one(
            Product, f"{catalog_sql.PRODUCT} WHERE p.id = %s {suffix}", (product_id,)
        )

    @override
    def page(
        self,
        category: str | None,
        sort: Sort,
        limit: int,
        offset: int = 0,
        after: Place | None = None,
    ) -> tuple[Sequence[Product], int] | None:
        counted = (
            self._transaction.row(catalog_sql.COUNT_ALL)
            if category is None
            else self._transaction.row(catalog_sql.COUNT_SUBTREE, {"slug": category})
        )
        if counted is None:
            return None
        if offset >= counted.total:
            return [], counted.total
        products = self._transaction.all(
            Product,
            catalog_sql.page_statement(
                sort, in_category=category is not None, after=after is not None
            ),
            {
                "path": counted.path,
                "limit": limit,
                "offset": offset,
                "end": offset + limit,
                "key": after and after.key,
                "id": after and after.id,
            },
        )
        return products, counted.total

    @override
    def offers(self, product_ids: Sequence[UUID]) -> dict[UUID, Offer]:
        offers = self._transaction.all(Offer, catalog_sql.OFFERS, (list(product_ids),))
        return {offer.product_id: offer for offer in offers}

    @override
    def categories(self) -> Sequence[CategoryRow]:
        return self._transaction.all(CategoryRow, catalog_sql.CATEGORIES)

    @override
    def has_category(self, slug: str) -> bool:
        return self._transaction.row("SELECT FROM categories WHERE slug = %s", (slug,)) is not None

    @override
    def add(self, product: Product) -> bool:
        row = self._transaction.row(catalog_sql.ADD, _parameters(product))
        return row is not None and row.is_there

    @override
    def update(self, product: Product) -> bool:
        try:
            return self._transaction.execute(catalog_sql.UPDATE, _parameters(product)) == 1
        except errors.UniqueViolation as violation:
            # Another transaction has taken the SKU since the statement looked.
            raise Conflict(
                f"Another product has the SKU {product.sku!r}.", code="sku_taken"
            ) from violation

    @override
    def holder(self, sku: str) -> UUID | None:
        row = self._transaction.row("SELECT id FROM products WHERE sku = %s AND is_active", (sku,))
        return None if row is None else row.id

    @override
    def find(
        self,
        *,
        active: bool | None,
        sku: str | None,
        words: Sequence[str],
        limit: int,
        after: Place | None,
    ) -> Sequence[Product]:
        # Neither a plain SKU nor a typed word has a character that LIKE treats specially.
        return self._transaction.all(
            Product,
            catalog_sql.FIND,
            {
                "active": active,
                "sku": None if sku is None else f"%{sku}%",
                "patterns": [f"%{word}%" if is_unspaced(word) else f"% {word}%" for word in words],
                "limit": limit,
                "key": after and after.key,
                "id": after and after.id,
            },
        )

    @override
    def add_category(self, slug: str, name: str, parent: str | None) -> bool | None:
        values = {"slug": slug, "name": name, "parent": parent}
        row = self._transaction.row(catalog_sql.ADD_CATEGORY, values)
        if row is None or not row.has_parent:
            return None
        return bool(row.is_added)

    @override
    def lock_categories(self) -> None:
        self._transaction.send("LOCK TABLE categories IN SHARE ROW EXCLUSIVE MODE")

    @override
    def category(self, slug: str) -> Category | None:
        return self._transaction.one(Category, catalog_sql.CATEGORY, (slug,))

    @override
    def change_category(self, category: Category, changed: Category) -> bool:
        values = {
            "path": category.path,
            "new_path": changed.path,
            "new_slug": changed.slug,
            "name": changed.name,
            "parent": changed.parent,
        }
        try:
            self._transaction.execute(catalog_sql.CHANGE_CATEGORY, values)
        except errors.UniqueViolation:
            return False
        return True

    @override
    def touch_products(self, path: str) -> Sequence[tuple[UUID, int]]:
        return [
            (row.id, row.version)
            for row in self._transaction.rows(catalog_sql.TOUCH, {"path": path})
        ]

    @override
    def remove_category(self, slug: str) -> bool | None:
        try:
            removed = self._transaction.execute("DELETE FROM categories WHERE slug = %s", (slug,))
        except errors.ForeignKeyViolation:
            return False
        return True if removed else None


def _parameters(product: Product) -> dict[str, object]:
    return {
        "id": product.product_id,
        "sku": product.sku,
        "name": product.name,
        "description": product.description,
        "brand": product.brand,
        "price_minor": product.price_minor,
        "currency": product.currency,
        "category": product.category,
        "tags": list(product.tags),
        "image_url": product.image_url,
        "attributes": Jsonb(product.attributes),
        "tax_class": product.tax_class,
        "is_active": product.is_active,
        "version": product.version,
    }
