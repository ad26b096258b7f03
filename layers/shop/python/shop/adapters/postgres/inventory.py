"""Stock and holds in PostgreSQL.

Every change first locks the inventory rows, ordered by product id, in a separate statement. The next
statement then takes its snapshot when no other transaction can change these rows.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, override
from uuid import UUID

import msgspec

from shop.adapters.postgres import inventory_sql as sql
from shop.adapters.postgres.database import Transaction
from shop.adapters.postgres.event_log import EventLog, Recorded, new_event, parameters
from shop.contracts.events import InventoryReserved
from shop.domain.errors import Conflict, FieldError, InsufficientStock, ShopError
from shop.domain.inventory import (
    MAX_ON_HAND,
    AlreadyHeld,
    ChangedStock,
    Committed,
    Held,
    Hold,
    Item,
    LapsedOrder,
    NotHeld,
    Released,
    StockChange,
    StockLevel,
)
from shop.services.inventory.ports import InventoryRepository


class _LapsedHold(msgspec.Struct):
    reservation_id: UUID
    order_id: UUID
    items: tuple[Item, ...]
    expires_at: datetime


class _KnownLine(msgspec.Struct):
    id: UUID
    product_id: UUID
    quantity: int
    expires_at: datetime
    ended: bool


class _Decision(Recorded):
    held: bool
    in_time: bool
    order_status: str | None
    known: list[_KnownLine]
    stock: dict[UUID, int]
    lapsed: list[_LapsedHold]


class _ChangedLine(StockLevel, frozen=True):
    reservation_id: UUID
    expires_at: datetime
    quantity: int


class _Changed(StockLevel, frozen=True):
    on_hand_before: int
    lapsed: list[_LapsedHold]


class PostgresInventory(InventoryRepository):
    """Stock and holds in PostgreSQL."""

    def __init__(self, transaction: Transaction, events: EventLog) -> None:
        self._transaction = transaction
        self._events = events

    @override
    def stock(self, product_ids: Sequence[UUID]) -> list[StockLevel]:
        return self._transaction.all(StockLevel, sql.STOCK, {"products": list(product_ids)})

    @override
    def hold(
        self, reserved: InventoryReserved, *, expires_at: datetime, correlation_id: UUID | str
    ) -> Held | AlreadyHeld | NotHeld:
        order_id, reservation_id = reserved.order_id, reserved.reservation_id
        wanted = {item.product_id: item.quantity for item in reserved.items}
        event = new_event(reserved, correlation_id)
        values: dict[str, Any] = parameters([event]) | {
            "order": order_id,
            "reservation": reservation_id,
            "products": list(wanted),
            "quantities": list(wanted.values()),
            "expires_at": expires_at,
        }
        self._transaction.send(sql.LOCK_ORDER_AND_STOCK, values)
        decision = self._transaction.one(_Decision, sql.HOLD, values)
        if decision is None:
            raise RuntimeError("there are lines, so the decision is exactly one row")
        if decision.known:
            return _repeated(order_id, wanted, decision.known)
        if not decision.held:
            return NotHeld(_refusal(decision, wanted), _holds(decision.lapsed))
        self._events.was_recorded(event, decision.waiting)
        hold = Hold(reservation_id, order_id, tuple(reserved.items), expires_at)
        return Held(hold, _holds(decision.lapsed))

    @override
    def release(self, order_id: UUID, *, expired: bool = False) -> Released | None:
        parameters = {"order": order_id, "expired": expired}
        self._transaction.send(sql.LOCK_STOCK_OF_ORDER, parameters)
        lines = self._transaction.all(_ChangedLine, sql.RELEASE, parameters)
        return Released(_hold(order_id, lines), tuple(map(_level, lines))) if lines else None

    @override
    def restock(self, order_id: UUID, items: Sequence[Item]) -> Sequence[StockLevel]:
        in_order = sorted(items, key=lambda item: item.product_id)
        parameters = {
            "order": order_id,
            "products": [item.product_id for item in in_order],
            "quantities": [item.quantity for item in in_order],
        }
        self._transaction.rows(sql.LOCK_STOCK, parameters)
        return self._transaction.all(StockLevel, sql.RESTOCK, parameters)

    @override
    def confirm(self, order_id: UUID) -> Committed | None:
        lines = self._transaction.all(_ChangedLine, sql.CONFIRM, {"order": order_id})
        return Committed(_hold(order_id, lines), tuple(map(_level, lines))) if lines else None

    @override
    def lock_order(self, order_id: UUID) -> str | None:
        row = self._transaction.row(
            "SELECT status FROM orders WHERE id = %s FOR NO KEY UPDATE", (order_id,)
        )
        return row.status if row else None

    @override
    def order_status(self, order_id: UUID) -> str | None:
        row = self._transaction.row("SELECT status FROM orders WHERE id = %s", (order_id,))
        return row.status if row else None

    @override
    def find(self, order_id: UUID) -> Hold | None:
        rows = self._transaction.rows(
            "SELECT id, product_id, quantity, expires_at FROM reservations WHERE order_id = %s"
            " ORDER BY product_id",
            (order_id,),
        )
        if not rows:
            return None
        items = tuple(Item(row.product_id, row.quantity) for row in rows)
        return Hold(rows[0].id, order_id, items, rows[0].expires_at)

    @override
    def is_confirmed(self, order_id: UUID) -> bool:
        row = self._transaction.row(
            "SELECT bool_and(status = 'confirmed') AS confirmed FROM reservations"
            " WHERE order_id = %s",
            (order_id,),
        )
        return bool(row and row.confirmed)

    @override
    def change_stock(self, product_id: UUID, change: StockChange) -> ChangedStock | None:
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
        if not self._transaction.rows(sql.LOCK_STOCK, parameters):
            # The first stock of a product: of two concurrent statements one inserts the row, and both lock
            # it.
            self._transaction.send(sql.FIRST_STOCK, parameters)
            if not self._transaction.rows(sql.LOCK_STOCK, parameters):
                return None
        changed = self._transaction.one(_Changed, sql.CHANGE_STOCK, parameters)
        if changed is not None:
            return ChangedStock(
                _level(changed),
                _holds(changed.lapsed),
                on_hand_before=changed.on_hand_before,
            )
        if self._transaction.rows(sql.ADJUSTED, parameters):
            return ChangedStock(self.stock([product_id])[0], is_new=False)
        raise Conflict(
            f"Stock on hand cannot go below what orders hold, nor above {MAX_ON_HAND}.",
            code="stock_conflict",
        )

    @override
    def lapsed_orders(self, limit: int) -> list[UUID]:
        return [row.order_id for row in self._transaction.rows(sql.LAPSED_ORDERS, {"limit": limit})]

    @override
    def claim_lapsed(self, order_id: UUID) -> LapsedOrder | None:
        return self._transaction.one(LapsedOrder, sql.CLAIM_LAPSED, {"order": order_id})


def _level(row: StockLevel) -> StockLevel:
    return StockLevel(row.product_id, row.on_hand, row.reserved, row.available, row.version)


def _hold(order_id: UUID, lines: Sequence[_ChangedLine]) -> Hold:
    items = tuple(Item(line.product_id, line.quantity) for line in lines if line.quantity)
    return Hold(lines[0].reservation_id, order_id, items, lines[0].expires_at)


def _refusal(decision: _Decision, wanted: dict[UUID, int]) -> ShopError:
    if decision.order_status not in (None, "PENDING"):
        return Conflict(f"The order is {decision.order_status}.", code="order_state_conflict")
    if not decision.in_time:
        return Conflict("The hold has expired.", code="reservation_conflict")
    return _insufficient(wanted, decision.stock)


def _repeated(
    order_id: UUID, wanted: dict[UUID, int], known: Sequence[_KnownLine]
) -> AlreadyHeld | NotHeld:
    items = {line.product_id: line.quantity for line in known}
    if items != wanted:
        return NotHeld(
            Conflict("The order already holds other lines.", code="reservation_conflict")
        )
    if any(line.ended for line in known):
        return NotHeld(Conflict("The hold has expired.", code="reservation_conflict"))
    lines = tuple(Item(product_id, quantity) for product_id, quantity in items.items())
    return AlreadyHeld(Hold(known[0].id, order_id, lines, known[0].expires_at))


def _insufficient(wanted: dict[UUID, int], stock: dict[UUID, int]) -> InsufficientStock:
    errors = [
        FieldError(
            f"items[{product_id}]", f"{stock.get(product_id, 0)} available, {quantity} wanted"
        )
        for product_id, quantity in wanted.items()
        if stock.get(product_id, 0) < quantity
    ]
    return InsufficientStock("There is not enough stock for every line.", errors=errors)


def _holds(lapsed: Sequence[_LapsedHold]) -> tuple[Hold, ...]:
    return tuple(
        Hold(hold.reservation_id, hold.order_id, hold.items, hold.expires_at) for hold in lapsed
    )
