"""Stock and holds in PostgreSQL.

Every change locks the inventory rows first, by product id, in a statement of its own: the statement after
it then works on a snapshot in which nobody else changes these rows.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from shop.adapters.postgres import inventory_sql as sql
from shop.adapters.postgres.database import Transaction
from shop.domain.errors import Conflict, FieldError, InsufficientStock
from shop.domain.inventory import (
    MAX_ON_HAND,
    ChangedStock,
    Hold,
    Item,
    LapsedOrder,
    StockChange,
    StockLevel,
    sum_by_product,
)


class PostgresInventory:
    """See `shop.services.inventory.ports.InventoryRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def stock(self, product_ids: Sequence[UUID]) -> list[StockLevel]:
        """Read levels; unknown products are missing from the answer."""
        rows = self._transaction.rows(sql.STOCK, {"products": list(product_ids)})
        return [StockLevel(*row) for row in rows]

    def hold(
        self, order_id: UUID, reservation_id: UUID, items: Sequence[Item], expires_at: datetime
    ) -> Hold:
        """Hold all lines or none; see the port."""
        wanted = sum_by_product((item.product_id, item.quantity) for item in items)
        parameters: dict[str, Any] = {
            "order": order_id,
            "reservation": reservation_id,
            "products": list(wanted),
            "quantities": list(wanted.values()),
            "expires_at": expires_at,
        }
        self._transaction.execute(sql.LOCK_ORDER_AND_STOCK, parameters)
        # There are lines, so the decision is exactly one row.
        ((held, in_time, order_status, known, stock, lapsed),) = self._transaction.rows(
            sql.HOLD, parameters
        )
        if known:
            return _repeated(order_id, wanted, known)
        if order_status not in (None, "PENDING"):
            raise Conflict(f"The order is {order_status}.", code="order_state_conflict")
        if not in_time:
            raise Conflict("The time of this hold is over.", code="reservation_conflict")
        if not held:
            raise _insufficient(wanted, stock)
        lines = tuple(Item(product_id, quantity) for product_id, quantity in wanted.items())
        return Hold(reservation_id, order_id, lines, expires_at, lapsed=_holds(lapsed))

    def release(self, order_id: UUID, *, expired: bool = False) -> Hold | None:
        """Give back what an order holds or has confirmed; see the port."""
        parameters = {"order": order_id, "expired": expired}
        if not self._transaction.execute(sql.LOCK_STOCK_OF_ORDER, parameters):
            return None
        rows = self._transaction.rows(sql.RELEASE, parameters)
        if not rows:
            return None
        items = tuple(Item(row[0], row[7]) for row in rows)
        levels = tuple(StockLevel(*row[:5]) for row in rows)
        return Hold(rows[0][5], order_id, items, rows[0][6], levels=levels)

    def confirm(self, order_id: UUID) -> list[StockLevel]:
        """Take what an order holds out of the stock, for good; see the port."""
        parameters = {"order": order_id, "expired": False}
        if not self._transaction.execute(sql.LOCK_STOCK_OF_ORDER, parameters):
            return []
        return [StockLevel(*row) for row in self._transaction.rows(sql.CONFIRM, parameters)]

    def lock_order(self, order_id: UUID) -> str | None:
        """Lock an order's row and give its status; None for an order of another system."""
        row = self._transaction.row(
            "SELECT status FROM orders WHERE id = %s FOR NO KEY UPDATE", (order_id,)
        )
        return row[0] if row else None

    def find(self, order_id: UUID) -> Hold | None:
        """Read an order's reservation, whatever has become of it."""
        rows = self._transaction.rows(
            "SELECT id, product_id, quantity, expires_at FROM reservations WHERE order_id = %s"
            " ORDER BY product_id",
            (order_id,),
        )
        if not rows:
            return None
        items = tuple(Item(row[1], row[2]) for row in rows)
        return Hold(rows[0][0], order_id, items, rows[0][3], is_new=False)

    def is_confirmed(self, order_id: UUID) -> bool:
        """Tell whether an order's stock was taken out for good."""
        row = self._transaction.row(
            "SELECT bool_and(status = 'confirmed') FROM reservations WHERE order_id = %s",
            (order_id,),
        )
        return bool(row and row[0])

    def change_stock(self, product_id: UUID, change: StockChange) -> ChangedStock | None:
        """Change what is on hand and note who did it and why; see the port."""
        parameters = {
            "products": [product_id],
            "product": product_id,
            "on_hand": change.on_hand,
            "adjust_by": change.adjust_by,
            "reason": change.reason,
            "actor": change.actor_id,
            "request": change.request_id,
            "maximum": MAX_ON_HAND,
        }
        if not self._transaction.execute(sql.LOCK_STOCK, parameters):
            # The first stock of a product; two of these at once insert one row and both lock it.
            self._transaction.execute(sql.FIRST_STOCK, parameters)
            if not self._transaction.execute(sql.LOCK_STOCK, parameters):
                return None
        row = self._transaction.row(sql.CHANGE_STOCK, parameters)
        if row is None and self._transaction.execute(sql.ADJUSTED, parameters):
            return ChangedStock(self.stock([product_id])[0], is_new=False)
        if row is None:
            raise Conflict(
                "What is on hand cannot go below what orders hold,"
                f" nor above {MAX_ON_HAND}.", code="stock_conflict",
            )  # fmt: skip
        return ChangedStock(StockLevel(*row[:5]), _holds(row[5]))

    def lapsed_orders(self, limit: int) -> list[UUID]:
        """Find orders whose hold has lapsed, and PENDING orders past their time that hold nothing."""
        return [row[0] for row in self._transaction.rows(sql.LAPSED_ORDERS, {"limit": limit})]

    def claim_lapsed(self, order_id: UUID) -> LapsedOrder | None:
        """Lock one of them to tidy it; see the port."""
        row = self._transaction.row(sql.CLAIM_LAPSED, {"order": order_id})
        return LapsedOrder(*row) if row else None


def _repeated(order_id: UUID, wanted: dict[UUID, int], known: list[dict[str, Any]]) -> Hold:
    items = {UUID(line["product_id"]): line["quantity"] for line in known}
    if items != wanted:
        raise Conflict("The order already holds other lines.", code="reservation_conflict")
    if any(line["ended"] for line in known):
        raise Conflict("The order's reservation has ended.", code="reservation_conflict")
    return Hold(
        UUID(known[0]["id"]),
        order_id,
        tuple(Item(product_id, quantity) for product_id, quantity in items.items()),
        datetime.fromisoformat(known[0]["expires_at"]),
        is_new=False,
    )


def _insufficient(wanted: dict[UUID, int], stock: dict[str, int]) -> InsufficientStock:
    errors = [
        FieldError(
            f"items[{product_id}]", f"{stock.get(str(product_id), 0)} available, {quantity} wanted"
        )
        for product_id, quantity in wanted.items()
        if stock.get(str(product_id), 0) < quantity
    ]
    return InsufficientStock("There is not enough stock for every line.", errors=errors)


def _holds(lapsed: list[dict[str, Any]] | None) -> tuple[Hold, ...]:
    return tuple(
        Hold(
            UUID(hold["id"]),
            UUID(hold["order_id"]),
            tuple(Item(UUID(line["product_id"]), line["quantity"]) for line in hold["items"]),
            datetime.fromisoformat(hold["expires_at"]),
            is_new=False,
        )
        for hold in lapsed or ()
    )
