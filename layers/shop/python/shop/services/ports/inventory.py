"""Port of the stock and the holds on it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from shop.contracts.events import Item


class StockLevel(msgspec.Struct, frozen=True):
    """The stock of one product.

    Attributes
    ----------
    available : int
        What can be sold now: on hand less live holds. A hold that has lapsed no longer counts, whether
        or not the sweep has tidied it.
    version : int
        Grows with every change, so that a late event can be told from a newer one.
    """

    product_id: UUID
    on_hand: int
    reserved: int
    available: int
    version: int


class Hold(msgspec.Struct, frozen=True):
    """Stock kept aside for an order."""

    reservation_id: UUID
    order_id: UUID
    items: tuple[Item, ...]
    expires_at: datetime
    #: False when the order held it already and nothing was changed.
    is_new: bool = True
    #: The stock afterwards, of the products that were changed.
    levels: tuple[StockLevel, ...] = ()
    #: Lapsed holds of other orders that made room, each with the lines that were given back here.
    lapsed: tuple["Hold", ...] = ()


class StockChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of what is on hand: `on_hand` sets it, `adjust_by` moves it; exactly one is given.

    Attributes
    ----------
    request_id : UUID or None
        What is repeated with the same one is done once; None: it is not repeated.
    """

    on_hand: int | None = None
    adjust_by: int | None = None
    reason: str
    actor_id: UUID
    request_id: UUID | None = None


class ChangedStock(msgspec.Struct, frozen=True):
    """The stock after a change, and the lapsed holds that were given back on the way.

    Attributes
    ----------
    is_new : bool
        False: the change had been made before.
    """

    level: StockLevel
    lapsed: tuple[Hold, ...] = ()
    is_new: bool = True


class LapsedOrder(msgspec.Struct, frozen=True):
    """An order whose time to pay is over.

    Attributes
    ----------
    status : str or None
        The order's, None for an order of another system.
    """

    status: str | None
    correlation_id: UUID | None


class InventoryRepository(Protocol):
    """Stock inside one transaction.

    Rows are locked in one global order, so that no two transactions deadlock:
    the order's row, then inventory rows by product id, then reservations by order and product id.
    """

    def stock(self, product_ids: Sequence[UUID]) -> list[StockLevel]:
        """Read levels; unknown products are missing from the answer."""

    def hold(
        self, order_id: UUID, reservation_id: UUID, items: Sequence[Item], expires_at: datetime
    ) -> Hold:
        """Hold all lines or none. Repeating it for an order gives the first hold.

        Raises
        ------
        InsufficientStock
            Naming each line that exceeds what is available. Nothing was held.
        Conflict
            ``reservation_conflict``: the order holds other lines, its hold has ended, or this one would;
            ``order_state_conflict``: the order is not PENDING any more.
        """

    def release(self, order_id: UUID, *, expired: bool = False) -> Hold | None:
        """Give back what an order holds or has confirmed; None if there is nothing (any more).

        With `expired`, only a hold that has lapsed. Use `shop.services.inventory.release_stock`, which
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

    def confirm(self, order_id: UUID) -> list[StockLevel]:
        """Take what an order holds out of the stock, for good; empty if done before or nothing is held."""


class StockLocks(Protocol):
    """Locks that keep the queue for a hot product out of the database. Their loss costs speed only."""

    def hold(self, product_ids: Sequence[UUID]) -> AbstractContextManager[None]:
        """Hold the locks of all products for the length of a block; go on without after a short wait."""
