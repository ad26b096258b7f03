"""Bodies of the inventory's endpoints."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from shop.domain.inventory import MAX_ON_HAND, MAX_TTL_SECONDS, MIN_TTL_SECONDS

type OnHand = Annotated[int, Meta(ge=0, le=MAX_ON_HAND)]
type Adjustment = Annotated[int, Meta(ge=-MAX_ON_HAND, le=MAX_ON_HAND)]


class StockView(msgspec.Struct, frozen=True):
    """The stock of a product. `reserved` does not include holds whose time is over."""

    product_id: UUID
    on_hand: int
    reserved: int
    available: int


class SetStock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Either `on_hand`, or `adjust_by` with a `reason`."""

    on_hand: OnHand | None = None
    adjust_by: Adjustment | None = None
    reason: Annotated[str, Meta(min_length=1, max_length=200)] | None = None

    def __post_init__(self) -> None:
        if (self.on_hand is None) == (self.adjust_by is None):
            raise ValueError("send either on_hand or adjust_by")
        if self.adjust_by is not None and self.reason is None:
            raise ValueError("adjust_by needs a reason")


class ReserveItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A product and how many of it to hold."""

    product_id: UUID
    quantity: Annotated[int, Meta(ge=1, le=10_000)]


class ReserveStock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Stock to hold for an order; `ttl` in seconds."""

    order_id: UUID
    items: Annotated[list[ReserveItem], Meta(min_length=1, max_length=100)]
    ttl: Annotated[int, Meta(ge=MIN_TTL_SECONDS, le=MAX_TTL_SECONDS)] = 600


class ReservedView(msgspec.Struct, frozen=True, kw_only=True):
    """Stock held for an order."""

    reservation_id: UUID
    order_id: UUID
    status: Literal["reserved"] = "reserved"
    expires_at: datetime


class ReleaseStock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The order whose stock to release."""

    order_id: UUID


class ReleasedView(msgspec.Struct, frozen=True, kw_only=True):
    """The status of a reservation."""

    reservation_id: UUID
    order_id: UUID
    status: Literal["released"] = "released"
