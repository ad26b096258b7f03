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
    LapsedOrder,
    NotHeld,
    Released,
    StockChange,
    StockLevel,
)
from shop.services.unit_of_work import UnitOfWork


class InventoryRepository(Protocol):
    """Stock inside one transaction.

    Rows are locked in one global order, so that no two transactions deadlock:
    the order's row, then inventory rows by product id, then reservations by order and product id.
    """

    def stock(self, product_ids: Sequence[UUID]) -> list[StockLevel]:
        """Read levels; unknown products are missing from the answer."""

    def hold(
        self, reserved: InventoryReserved, *, expires_at: datetime, correlation_id: UUID | str
    ) -> Held | AlreadyHeld | NotHeld:
        """Hold all lines or none, and record the event with it; a repeat gives the order's first hold.

        Parameters
        ----------
        reserved : InventoryReserved
            What to hold; its lines have one product each, in the order of their ids.

        Returns
        -------
        Held, AlreadyHeld or NotHeld
            The refusal of the last is `InsufficientStock`, naming each line that exceeds what is available,
            or `Conflict`: ``reservation_conflict``, where the order holds other lines or a hold has expired,
            ``order_state_conflict``, where the order is no longer PENDING.
        """

    def release(self, order_id: UUID, *, expired: bool = False) -> Released | None:
        """Give back what an order holds or has confirmed; None if there is nothing (any more).

        With `expired`, only a hold that has lapsed. Use `shop.services.inventory.holds.release_stock`, which
        records the events as well.
        """

    def lock_order(self, order_id: UUID) -> str | None:
        """Lock an order's row and give its status; None for an order of another system."""

    def order_status(self, order_id: UUID) -> str | None:
        """Read an order's status; None for an order of another system."""

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


class InventoryWork(UnitOfWork, Protocol):
    """A transaction over the stock."""

    @property
    def inventory(self) -> InventoryRepository:
        """Stock and holds."""
