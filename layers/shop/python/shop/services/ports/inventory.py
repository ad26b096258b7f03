"""Port of the stock and the holds on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from shop.contracts.events import Item


@dataclass(frozen=True, slots=True)
class StockLevel:
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


@dataclass(frozen=True, slots=True)
class Hold:
    """Stock kept aside for an order."""

    reservation_id: UUID
    order_id: UUID
    items: tuple[Item, ...]
    expires_at: datetime
    #: False when the order held it already and nothing was changed.
    is_new: bool = True


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
            ``reservation_conflict``: the order holds other lines, or its hold has ended.
        """

    def hold_for_payment(self, order_id: UUID) -> bool:
        """Stop the clock of an order's hold; False if any of it has lapsed or ended."""

    def release(self, order_id: UUID, *, expired: bool = False) -> Hold | None:
        """Give back what an order holds or has confirmed; None if there is nothing (any more)."""

    def confirm(self, order_id: UUID) -> list[StockLevel]:
        """Take what an order holds out of the stock, for good; empty if done before or nothing is held."""
