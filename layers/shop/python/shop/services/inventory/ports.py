"""Port of the stock and the holds on it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from shop.contracts.events import InventoryReserved
from shop.domain.inventory import (
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
from shop.services.unit_of_work import UnitOfWork


class InventoryRepository(Protocol):
    """Stock inside one transaction.

    Rows are locked in one global order, so that transactions do not deadlock:
    the order's row, then inventory rows by product id, then reservations by order and product id.
    """

    def stock(self, product_ids: Sequence[UUID]) -> list[StockLevel]:
        """Read levels; unknown products are missing from the answer."""

    def hold(
        self, reserved: InventoryReserved, *, expires_at: datetime, correlation_id: UUID | str
    ) -> Held | AlreadyHeld | NotHeld:
        """Hold all lines or none and record the event; a repeated call returns the order's first hold.

        Parameters
        ----------
        reserved : InventoryReserved
            The lines to hold: one per product, sorted by product id.

        Returns
        -------
        Held, AlreadyHeld or NotHeld
            The refusal of `NotHeld` is `InsufficientStock`, which names each line that exceeds the available
            stock, or `Conflict`: ``reservation_conflict`` if the order holds other lines or its hold has
            lapsed or expired, ``order_state_conflict`` if the order is no longer PENDING.
        """

    def release(self, order_id: UUID, *, expired: bool = False) -> Released | None:
        """Release the stock that an order holds or has committed; return None if there is none.

        `expired` ends only a lapsed hold, whose status becomes expired. Use
        `shop.services.inventory.holds.release_stock`, which records the events as well.
        """

    def restock(self, order_id: UUID, items: Sequence[Item]) -> Sequence[StockLevel]:
        """Put units that an order has committed back into stock, and return the levels of their products.

        Products of which the order has not committed that many, or whose units were put back before, are
        left out.
        """

    def lock_order(self, order_id: UUID) -> str | None:
        """Lock an order's row and return its status; None for an order of another system."""

    def order_status(self, order_id: UUID) -> str | None:
        """Read an order's status; None for an order of another system."""

    def find(self, order_id: UUID) -> Hold | None:
        """Read an order's reservation, whatever its status."""

    def is_confirmed(self, order_id: UUID) -> bool:
        """Return whether an order's stock is committed."""

    def change_stock(self, product_id: UUID, change: StockChange) -> ChangedStock | None:
        """Change the quantity on hand and record author and reason; None if the product does not exist.

        Raises
        ------
        Conflict
            ``stock_conflict``: the quantity on hand would fall below active holds or exceed the maximum.
        """

    def lapsed_orders(self, limit: int) -> list[UUID]:
        """List orders with a lapsed hold, and unpaid PENDING orders that no longer hold anything."""

    def claim_lapsed(self, order_id: UUID) -> LapsedOrder | None:
        """Lock one of them; None if another transaction has locked it or it is no longer lapsed."""

    def confirm(self, order_id: UUID) -> Committed | None:
        """Commit all stock that an order holds.

        None, with nothing changed, if it was committed before or part of it is no longer held. Use
        `shop.services.inventory.holds.commit_stock`, which records the events as well.
        """


class InventoryWork(UnitOfWork, Protocol):
    """A transaction over the stock."""

    @property
    def inventory(self) -> InventoryRepository:
        """Stock and holds."""
