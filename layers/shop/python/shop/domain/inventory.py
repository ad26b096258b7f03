"""Stock, and the holds of orders on it.

A hold has *lapsed* when its time is over and no transaction has recorded that yet: its rows are still
``pending``, but they no longer count. It has *expired* once a transaction has recorded the status ``expired``
and subtracted it from the reserved quantity: the scheduled `expire_reservations`, or a new hold or a change
of stock of the same product. Clients see no difference: the API reports both as expired.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from shop.domain.errors import ShopError

#: Bounds of a hold's length, in seconds.
MIN_TTL_SECONDS: Final = 60
MAX_TTL_SECONDS: Final = 3600
#: Largest stock of one product; sums with it stay inside PostgreSQL's integer.
MAX_ON_HAND: Final = 1_000_000_000


def sum_by_product(lines: Iterable[tuple[UUID, int]]) -> dict[UUID, int]:
    """Add up the lines of each product, sorted by product id: the order in which rows are locked.

    If lines were checked one by one, two lines of a product could each fit and together oversell it.
    """
    total: dict[UUID, int] = {}
    for product_id, quantity in lines:
        total[product_id] = total.get(product_id, 0) + quantity
    return dict(sorted(total.items()))


class Item(msgspec.Struct, frozen=True):
    """A product and a quantity."""

    product_id: UUID
    quantity: int


class StockLevel(msgspec.Struct, frozen=True):
    """The stock of one product.

    Attributes
    ----------
    available : int
        Units that can be sold now: on hand less active holds. A lapsed hold does not count. version : int
        Increases with every change, so that consumers can recognise outdated events.
    """

    product_id: UUID
    on_hand: int
    reserved: int
    available: int
    version: int


class Hold(msgspec.Struct, frozen=True):
    """Stock held for an order."""

    reservation_id: UUID
    order_id: UUID
    items: tuple[Item, ...]
    expires_at: datetime


class Held(msgspec.Struct, frozen=True):
    """A new hold.

    Attributes
    ----------
    lapsed : tuple of Hold
        Lapsed holds of other orders that expired in the same transaction, each with its expired lines.
    """

    hold: Hold
    lapsed: tuple[Hold, ...] = ()


class AlreadyHeld(msgspec.Struct, frozen=True):
    """The order already had this hold; nothing was changed."""

    hold: Hold


class NotHeld(msgspec.Struct, frozen=True):
    """Nothing was held.

    Attributes
    ----------
    refusal : ShopError
        The reason: too little is available, the order holds other lines, or its hold has lapsed or expired.
    lapsed : tuple of Hold
        Lapsed holds of other orders that expired nevertheless.
    """

    refusal: ShopError
    lapsed: tuple[Hold, ...] = ()


class Released(msgspec.Struct, frozen=True):
    """A released hold, and the stock of its products afterwards."""

    hold: Hold
    levels: tuple[StockLevel, ...]


class Committed(msgspec.Struct, frozen=True):
    """A committed hold, and the stock of its products afterwards."""

    hold: Hold
    levels: tuple[StockLevel, ...]


class StockChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of the quantity on hand: `on_hand` sets it, `adjust_by` adds to it; exactly one is given.

    Attributes
    ----------
    request_id : UUID or None
        A change that is repeated with the same id is made once; None if it is not repeated.
    """

    on_hand: int | None = None
    adjust_by: int | None = None
    reason: str
    actor_id: UUID
    request_id: UUID | None = None


class ChangedStock(msgspec.Struct, frozen=True):
    """The stock after a change, and the lapsed holds that expired with it.

    Attributes
    ----------
    is_new : bool
        False if the change had been made before.
    on_hand_before : int or None
        None if the change had been made before.
    """

    level: StockLevel
    lapsed: tuple[Hold, ...] = ()
    is_new: bool = True
    on_hand_before: int | None = None


class LapsedOrder(msgspec.Struct, frozen=True):
    """An order that was not paid in time.

    Attributes
    ----------
    status : str or None
        The order's status; None for an order of another system.
    """

    status: str | None
    correlation_id: UUID | None
