"""Builders of rows for the tests: categories, products with stock, orders, lapsed holds.

Each function takes the address of a database, a `Database`, or a transaction that is open.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from shop.adapters.postgres.database import Database, Transaction
from shop.adapters.postgres.event_log import EventLog
from shop.adapters.postgres.orders import PostgresOrders
from shop.domain.ids import new_id
from shop.domain.inventory import Item
from shop.domain.orders import TRANSITIONS, Order, OrderLine, OrderStatus
from shop.services.orders.place import created
from tests.support.containers import Container
from tests.support.stock import hold

type Where = str | Database | Transaction

#: slug → path. `books` has no products of its own.
CATEGORIES = {
    "electronics": "electronics",
    "phones": "electronics/phones",
    "laptops": "electronics/laptops",
    "books": "books",
    "novels": "books/novels",
}

#: Of what `place_order` places.
STOCK = 10
QUANTITY = 2
#: The result of `stock_of` while the stock is held, and after its release.
HELD = {(STOCK, QUANTITY)}
RETURNED = {(STOCK, 0)}
#: Of an order over one product.
TOTAL_MINOR = 2499


@contextmanager
def _writing(where: Where) -> Iterator[Transaction]:
    if isinstance(where, Transaction):
        yield where
    elif isinstance(where, Database):
        with where.transaction() as transaction:
            yield transaction
    else:
        database = Database(where)
        try:
            with database.transaction() as transaction:
                yield transaction
        finally:
            database.close()


# ---- catalog and stock ------------------------------------------------------------------------


def add_categories(where: Where) -> None:
    """Insert `CATEGORIES`."""
    with _writing(where) as transaction:
        for slug, path in CATEGORIES.items():
            parent = path.rpartition("/")[0].rpartition("/")[2] or None
            transaction.execute(
                "INSERT INTO categories (slug, name, path, parent_id)"
                " VALUES (%s, initcap(%s), %s, (SELECT id FROM categories WHERE slug = %s))",
                (slug, slug, path, parent),
            )


def add_product(
    where: Where,
    *,
    product_id: UUID | None = None,
    sku: str | None = None,
    name: str = "Product",
    description: str = "Fine.",
    brand: str = "Acme",
    price_minor: int = 1000,
    on_hand: int = 10,
    category: str = "phones",
    tags: Sequence[str] = (),
    is_active: bool = True,
    created_at: datetime | None = None,
) -> UUID:
    """Insert a product with stock; return its id. The category is made if there is none of that name."""
    product_id = product_id or new_id()
    with _writing(where) as transaction:
        transaction.execute(
            "INSERT INTO categories (slug, name, path) VALUES (%s, initcap(%s), %s)"
            " ON CONFLICT DO NOTHING",
            (category, category, category),
        )
        transaction.execute(
            "INSERT INTO products (id, sku, name, description, brand, price_minor, currency,"
            " category_id, tags, is_active, created_at) VALUES (%s, %s, %s, %s, %s, %s, 'USD',"
            " (SELECT id FROM categories WHERE slug = %s), %s::text[], %s, %s)",
            (product_id, sku or f"SKU-{product_id}", name, description, brand, price_minor, category,
             list(tags), is_active, created_at or datetime.now(UTC)),
        )  # fmt: skip
        transaction.execute(
            "INSERT INTO inventory (product_id, quantity_on_hand) VALUES (%s, %s)",
            (product_id, on_hand),
        )
    return product_id


def add_products(where: Where, *stock: int) -> list[UUID]:
    """Insert a product for each given number on hand; return their ids, sorted."""
    ids = sorted(new_id() for _ in stock)
    with _writing(where) as transaction:
        for product_id, on_hand in zip(ids, stock, strict=True):
            add_product(
                transaction, product_id=product_id, name="Thing", on_hand=on_hand, category="things"
            )
    return ids


# ---- orders -----------------------------------------------------------------------------------


def an_order(**changes: Any) -> Order:
    """Make a PENDING order over nothing; `changes` replace its fields."""
    fields: dict[str, Any] = {
        "order_id": new_id(),
        "user_id": new_id(),
        "email": "buyer@shop.example",
        "status": OrderStatus.PENDING,
        "currency": "USD",
        "subtotal_minor": 1000,
        "tax_minor": 0,
        "shipping_minor": 0,
        "total_minor": 1000,
        "shipping_address": {},
        "shipping_method": "standard",
        "payment_method_id": "pm_card_visa",
        "reservation_expires_at": datetime.now(UTC) + timedelta(minutes=10),
        "estimated_delivery": date(2030, 1, 1),
        "carrier": None,
        "tracking_number": None,
        "cancel_reason": None,
        "correlation_id": new_id(),
        "created_at": datetime.now(UTC),
        "lines": (),
    }
    return Order(**(fields | changes))


def path_to(status: OrderStatus) -> list[OrderStatus]:
    """The moves from PENDING to a status."""
    paths: dict[OrderStatus, list[OrderStatus]] = {OrderStatus.PENDING: []}
    while status not in paths:
        for known, path in list(paths.items()):
            for target in TRANSITIONS[known]:
                paths.setdefault(target, [*path, target])
    return paths[status]


def insert_order(where: Where, status: OrderStatus = OrderStatus.PENDING, **changes: Any) -> Order:
    """Insert an order and move it to a status along legal moves; `changes` are those of `an_order`.

    Its event is removed, because tests check the events after it.
    """
    order = an_order(**changes)
    with _writing(where) as transaction:
        assert PostgresOrders(transaction, EventLog()).add(order, created(order))
        _forget_events(transaction, order.order_id)
        for step in path_to(status):
            transaction.execute(
                "UPDATE orders SET status = %s WHERE id = %s", (step.value, order.order_id)
            )
    return order


def add_order(where: Where, status: OrderStatus = OrderStatus.PENDING, **changes: Any) -> UUID:
    """Insert an order as `insert_order` does; return its id."""
    return insert_order(where, status, **changes).order_id


@dataclass(frozen=True, slots=True)
class Placed:
    """An order with its stock held."""

    order_id: UUID
    user_id: UUID
    products: tuple[UUID, ...]
    total_minor: int = TOTAL_MINOR


def place_order(
    container: Container, *, products: int = 1, expires_in: timedelta = timedelta(minutes=10)
) -> Placed:
    """Place a PENDING order over some products, `QUANTITY` of each out of a stock of `STOCK`."""
    ids = add_products(container.database, *[STOCK] * products)
    subtotal = 1000 * QUANTITY * products
    shipping = TOTAL_MINOR - 2000
    expires_at = datetime.now(UTC) + expires_in
    order = an_order(
        subtotal_minor=subtotal,
        shipping_minor=shipping,
        total_minor=subtotal + shipping,
        reservation_expires_at=expires_at,
        lines=tuple(
            OrderLine(product_id=product_id, name="Thing", unit_price_minor=1000, quantity=QUANTITY)
            for product_id in ids
        ),
    )
    with container.unit_of_work(publish=False) as work:
        work.orders.add(order, created(order))
        items = [Item(product_id, QUANTITY) for product_id in ids]
        hold(work.inventory, order.order_id, items, expires_at)
    with container.database.transaction() as transaction:
        _forget_events(transaction, order.order_id)
    return Placed(order.order_id, order.user_id, tuple(ids), order.total_minor)


def lapse(where: Where, order_id: UUID | None = None) -> None:
    """Make the hold of an order lapse, or every hold."""
    with _writing(where) as transaction:
        for table, column, key in (
            ("reservations", "expires_at", "order_id"),
            ("orders", "reservation_expires_at", "id"),
        ):
            transaction.execute(
                f"UPDATE {table} SET {column} = now() - interval '1 second'"
                f" WHERE %(order)s::uuid IS NULL OR {key} = %(order)s",
                {"order": order_id},
            )


def _forget_events(transaction: Transaction, order_id: UUID) -> None:
    transaction.execute("DELETE FROM outbox WHERE aggregate_id = %s", (str(order_id),))
