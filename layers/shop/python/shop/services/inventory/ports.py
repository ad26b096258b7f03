"""Port of the stock and the holds on it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from shop.domain.inventory import (
    AlreadyHeld,
    ChangedStock,
    Committed,
    Held,
    Hold,
    Item,
    LapsedOrder,
    Released,
    StockChange,
    StockLevel,
)


class InventoryRepository(Protocol):
    """Stock inside one transaction.

    Rows are locked in one global order, so that no two transactions deadlock:
    the order's row, then inventory rows by product id, then reservations by order and product id.
    """

    def stock(self, product_ids: Sequence[UUID]) -> list[StockLevel]:
        """Read levels; unknown products are missing from the answer."""

    def hold(
        self, order_id: UUID, reservation_id: UUID, items: Sequence[Item], expires_at: datetime
    ) -> Held | AlreadyHeld:
        """Hold all lines or none. Repeating it for an order gives the first hold.

        Raises
        ------
        InsufficientStock
            Naming each line that exceeds what is available. Nothing was held.
        Conflict
            ``reservation_conflict``: the order holds other lines, its hold has ended, or this one would;
            ``order_state_conflict``: the order is not PENDING any more.
        """

    def release(self, order_id: UUID, *, expired: bool = False) -> Released | None:
        """Give back what an order holds or has confirmed; None if there is nothing (any more).

        With `expired`, only a hold that has lapsed. Use `shop.services.inventory.holds.release_stock`, which
        records the events as well.
        """

    def lock_order(self, order_id: UUID) -> str | None:
        """Lock an order's row and give its status; None for an order of another system."""

    def find(self, order_id: UUID) -> Hold | None:
        """Read an order's reservation, whatever has become of it."""

    def is_confirmed(self, order_id: UUID) -> bool:
        """Tell whether an order's stock was taken out for good."""

    def change_stock(self, product_id: UUID, change: StockChange) -> ChangedStock | None:
        """Change what is on hand and note who did it and why; None if there is no such product.

        Raises
        ------
        Conflict
            ``stock_conflict``: less would be on hand than live holds keep aside, or too much.
        """

    def lapsed_orders(self, limit: int) -> list[UUID]:
        """Find orders whose hold has lapsed, and PENDING orders past their time that hold nothing."""

    def claim_lapsed(self, order_id: UUID) -> LapsedOrder | None:
        """Lock one of them to tidy it; None if somebody else has it, or it is not lapsed (any more)."""

    def confirm(self, order_id: UUID) -> Committed | None:
        """Take all that an order holds out of the stock, for good.

        None, with nothing changed, if it was done before or some of it is not held (any more). Use
        `shop.services.inventory.holds.commit_stock`, which records the events as well.
        """


class StockLocks(Protocol):
    """Locks that keep the queue for a hot product out of the database. Their loss costs speed only."""

    def hold(self, product_ids: Sequence[UUID]) -> AbstractContextManager[None]:
        """Hold the locks of all products for the length of a block; go on without after a short wait."""
