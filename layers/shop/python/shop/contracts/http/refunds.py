"""Bodies of /api/orders/{order_id}/refunds."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec

from shop.contracts.http.amounts import Amount
from shop.contracts.http.orders import Line200
from shop.domain.refunds import RefundStatus

type Quantity = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class RefundedUnits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units of a line of the order.

    Attributes
    ----------
    restock : bool
        Whether they go back into stock.
    """

    product_id: UUID
    quantity: Quantity
    restock: bool = False


class RefundOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of POST /api/orders/{order_id}/refunds: units, the shipping, an amount, or several of them.

    Attributes
    ----------
    shipping : bool
        Whether to refund the shipping.
    amount : Amount or None
        Replaces the amount that the units and the shipping add up to.
    """

    lines: Annotated[list[RefundedUnits], msgspec.Meta(max_length=500)] = []
    shipping: bool = False
    amount: Amount | None = None
    reason: Line200


class RefundLineView(msgspec.Struct, frozen=True, kw_only=True):
    """Units that a refund is for, with their share of what was charged."""

    product_id: UUID
    quantity: int
    amount: Decimal
    tax: Decimal
    restock: bool


class RefundView(msgspec.Struct, frozen=True, kw_only=True):
    """A refund.

    Attributes
    ----------
    status : RefundStatus
        ``pending`` until the payment provider has accepted it; ``voided`` if another one replaces it, because
        less was left of the charge.
    amount : Decimal
        Less than the lines and the shipping add up to if earlier refunds leave less.
    tax : Decimal
        The tax in the amount.
    external : bool
        Whether it was made elsewhere, for example in the provider's dashboard.
    return_id : UUID or None
        The return whose units it is for.
    """

    refund_id: UUID
    status: RefundStatus
    amount: Decimal
    tax: Decimal
    shipping: bool
    lines: list[RefundLineView]
    reason: str
    external: bool
    return_id: UUID | None
    created_at: datetime


class RefundList(msgspec.Struct, frozen=True, kw_only=True):
    """Response of GET /api/orders/{order_id}/refunds, oldest first."""

    refunds: list[RefundView]
