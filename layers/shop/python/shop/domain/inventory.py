"""Rules of holding stock."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

#: Bounds of a hold's length, in seconds.
MIN_TTL_SECONDS: Final = 60
MAX_TTL_SECONDS: Final = 3600
#: Largest stock of one product; sums with it stay inside PostgreSQL's integer.
MAX_ON_HAND: Final = 1_000_000_000


def sum_by_product(lines: Iterable[tuple[UUID, int]]) -> dict[UUID, int]:
    """Add up the lines of each product, sorted by product id: the order in which rows are locked.

    Checked line by line, two lines of one product could each fit and together oversell it.
    """
    total: dict[UUID, int] = {}
    for product_id, quantity in lines:
        total[product_id] = total.get(product_id, 0) + quantity
    return dict(sorted(total.items()))


class Item(msgspec.Struct, frozen=True):
    """A product and how many of it."""

    product_id: UUID
    quantity: int


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


class Held(msgspec.Struct, frozen=True):
    """A new hold.

    Attributes
    ----------
    lapsed : tuple of Hold
        Lapsed holds of other orders that made room, each with the lines that were given back here.
    """

    hold: Hold
    lapsed: tuple[Hold, ...] = ()


class AlreadyHeld(msgspec.Struct, frozen=True):
    """The order had this hold before; nothing was changed."""

    hold: Hold


class Released(msgspec.Struct, frozen=True):
    """A hold that was given back, and the stock of its products afterwards."""

    hold: Hold
    levels: tuple[StockLevel, ...]


class Committed(msgspec.Struct, frozen=True):
    """A hold that was taken out of the stock for good, and the stock of its products afterwards."""

    hold: Hold
    levels: tuple[StockLevel, ...]


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
