"""Bodies of /api/orders/{order_id}/returns."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from shop.contracts.http.patterns import LINE, LINK_CODE
from shop.domain.returns import ReturnStatus

type Quantity = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
type Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=LINE)]


class ReturnedUnits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units of a line of the order."""

    product_id: UUID
    quantity: Quantity


class RequestReturn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of POST /api/orders/{order_id}/returns."""

    lines: Annotated[list[ReturnedUnits], msgspec.Meta(min_length=1, max_length=500)]
    reason: Reason


class ReturnAccess(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Query of POST /api/orders/{order_id}/returns.

    Attributes
    ----------
    token : str or None
        From the link that POST /api/orders/lookup sends, in place of a session. It is used once.
    """

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=LINK_CODE)] | None = (
        None
    )


class ApproveReturn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /api/orders/{order_id}/returns/{return_id}/approve; it has no fields."""


class RejectReturn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of POST /api/orders/{order_id}/returns/{return_id}/reject; the customer is told the reason."""

    reason: Reason


class ReceivedUnits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of the units of a line.

    Attributes
    ----------
    restock : bool
        Whether they go back into stock.
    """

    product_id: UUID
    restock: bool


class ReceiveReturn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of POST /api/orders/{order_id}/returns/{return_id}/receive.

    Attributes
    ----------
    lines : list of ReceivedUnits
        Units of lines that it does not name are not restocked.
    """

    lines: Annotated[list[ReceivedUnits], msgspec.Meta(max_length=500)] = []


class RefundReturn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of POST /api/orders/{order_id}/returns/{return_id}/refund; it has no fields."""


class ReturnLineView(msgspec.Struct, frozen=True, kw_only=True):
    """Units that are returned; `restock` is null until they are received."""

    product_id: UUID
    quantity: int
    restock: bool | None


class ReturnView(msgspec.Struct, frozen=True, kw_only=True):
    """A return.

    Attributes
    ----------
    status : ReturnStatus
        ``received`` until the payment provider has accepted the refund.
    refund_id : UUID or None
        The refund of its units, once recorded. A refunded return has none if nothing was left of the charge.
    """

    return_id: UUID
    status: ReturnStatus
    reason: str
    rejection_reason: str | None
    lines: list[ReturnLineView]
    refund_id: UUID | None
    created_at: datetime
    updated_at: datetime


class ReturnList(msgspec.Struct, frozen=True, kw_only=True):
    """Response of GET /api/orders/{order_id}/returns, oldest first."""

    returns: list[ReturnView]
