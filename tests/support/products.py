"""Changes of products that bypass the shop's code."""

from uuid import UUID

from shop.adapters.postgres.database import Database


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
