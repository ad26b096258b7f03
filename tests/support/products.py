"""Categories and products for the tests, straight into the database."""

from uuid import UUID

from shop.adapters.postgres.database import Database
from shop.domain.ids import new_id

#: slug → path. `books` has no products of its own.
CATEGORIES = {
    "electronics": "electronics",
    "phones": "electronics/phones",
    "laptops": "electronics/laptops",
    "books": "books",
    "novels": "books/novels",
}


def add_categories(database: Database) -> None:
    """Insert `CATEGORIES`."""
    with database.transaction() as transaction:
        for slug, path in CATEGORIES.items():
            parent = path.rpartition("/")[0].rpartition("/")[2] or None
            transaction.execute(
                "INSERT INTO categories (slug, name, path, parent_id)"
                " VALUES (%s, initcap(%s), %s, (SELECT id FROM categories WHERE slug = %s))",
                (slug, slug, path, parent),
            )


def add_product(
    database: Database,
    *,
    name: str = "Product",
    price_minor: int = 1000,
    on_hand: int = 10,
    category: str = "phones",
    is_active: bool = True,
    days_old: int = 0,
) -> UUID:
    """Insert a product with stock; return its id."""
    product_id = new_id()
    with database.transaction() as transaction:
        transaction.execute(
            "INSERT INTO products (id, sku, name, description, brand, price_minor, currency,"
            " category_id, is_active, created_at) VALUES (%s, %s, %s, 'Fine.', 'Acme', %s, 'USD',"
            " (SELECT id FROM categories WHERE slug = %s), %s, now() - make_interval(days => %s))",
            (product_id, f"SKU-{product_id}", name, price_minor, category, is_active, days_old),
        )
        transaction.execute(
            "INSERT INTO inventory (product_id, quantity_on_hand) VALUES (%s, %s)",
            (product_id, on_hand),
        )
    return product_id


def change(database: Database, product_id: UUID, **columns: object) -> None:
    """Change columns of a product in the database directly."""
    with database.transaction() as transaction:
        for name, value in columns.items():
            transaction.execute(
                f"UPDATE products SET {name} = %s WHERE id = %s", (value, product_id)
            )


def set_on_hand(database: Database, product_id: UUID, on_hand: int) -> None:
    """Set the stock of a product in the database directly."""
    with database.transaction() as transaction:
        transaction.execute(
            "UPDATE inventory SET quantity_on_hand = %s WHERE product_id = %s",
            (on_hand, product_id),
        )
