"""Returns of delivered units: their statuses and the transitions between them, in one table."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from shop.domain.errors import Conflict, InvalidRequest, NotFound
from shop.domain.inventory import Item


class ReturnStatus(StrEnum):
    """The status of a return."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    RECEIVED = "received"
    REFUNDED = "refunded"


_S = ReturnStatus

#: Every allowed transition. The database's ``return_transitions`` repeats it; a test compares the two. A
#: refunded return is received again if the customer's bank does not take the money.
TRANSITIONS: Final[Mapping[ReturnStatus, frozenset[ReturnStatus]]] = {
    _S.REQUESTED: frozenset({_S.APPROVED, _S.REJECTED}),
    _S.APPROVED: frozenset({_S.RECEIVED, _S.REJECTED}),
    _S.RECEIVED: frozenset({_S.REFUNDED, _S.REJECTED}),
    _S.REFUNDED: frozenset({_S.RECEIVED}),
    _S.REJECTED: frozenset(),
}


def sources_of(target: ReturnStatus) -> frozenset[ReturnStatus]:
    """Return the statuses from which a return may move to `target`."""
    return frozenset(status for status, targets in TRANSITIONS.items() if target in targets)


class ReturnLine(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a product that are returned.

    Attributes
    ----------
    restock : bool or None
        Whether they went back into stock; None until they are received.
    """

    product_id: UUID
    quantity: int
    restock: bool | None = None


class Return(msgspec.Struct, frozen=True, kw_only=True):
    """A return of units of an order.

    Attributes
    ----------
    refund_id : UUID or None
        The refund that returns, or has returned, the money of its units. None before it is recorded, and if
        nothing was left of the charge when the units were received.
    """

    return_id: UUID
    order_id: UUID
    status: ReturnStatus = ReturnStatus.REQUESTED
    reason: str
    rejection_reason: str | None = None
    lines: tuple[ReturnLine, ...]
    refund_id: UUID | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def items(self) -> list[Item]:
        """The products and quantities of the return."""
        return [Item(line.product_id, line.quantity) for line in self.lines]

    @property
    def restocked(self) -> list[Item]:
        """The units that went back into stock."""
        return [Item(line.product_id, line.quantity) for line in self.lines if line.restock]

    @property
    def is_received(self) -> bool:
        """Whether the units have arrived, refunded or not."""
        return self.status in {ReturnStatus.RECEIVED, ReturnStatus.REFUNDED}

    def check_products(self, named: Sequence[UUID]) -> None:
        """Raise `InvalidRequest` if a product is not in the return, or named twice."""
        returned = {line.product_id for line in self.lines}
        for index, product_id in enumerate(named):
            check_named(index, product_id, returned, named, "is not in the return")


def return_not_found(return_id: UUID) -> NotFound:
    """Create the refusal for a return that does not exist, or is of another order."""
    return NotFound(f"The order has no return {return_id}.", code="return_not_found")


def return_conflict(returned: Return, target: ReturnStatus) -> Conflict:
    """Create the refusal of a move that the table does not allow."""
    return Conflict(
        f"The return is {returned.status.value}; it cannot become {target.value}.",
        code="return_state_conflict",
    )


def check_window(delivered_at: datetime, now: datetime, days: int) -> None:
    """Refuse a return after the return window.

    Raises
    ------
    Conflict
        ``return_window_closed``.
    """
    if now - delivered_at > timedelta(days=days):
        raise Conflict(
            f"The order was delivered more than {days} days ago.", code="return_window_closed"
        )


def check_units(
    wanted: Iterable[Item], bought: Mapping[UUID, int], free: Mapping[UUID, int]
) -> None:
    """Check that units of an order can be returned.

    Parameters
    ----------
    bought, free : mapping
        Units of the order by product, and those that are in no live return and were not refunded.

    Raises
    ------
    InvalidRequest
        A product is not in the order, is named twice, or fewer units were bought.
    Conflict
        ``already_returned``.
    """
    items = list(wanted)
    named = [item.product_id for item in items]
    for index, item in enumerate(items):
        check_named(index, item.product_id, bought, named)
        if item.quantity > bought[item.product_id]:
            message = f"must be at most {bought[item.product_id]}, what was bought"
            raise InvalidRequest.field(f"lines[{index}].quantity", message)
    for item in items:
        if item.quantity > free[item.product_id]:
            raise Conflict(
                f"Only {free[item.product_id]} of {bought[item.product_id]} units of {item.product_id} were"
                " neither refunded before nor are in another return.",
                code="already_returned",
            )


def check_named(
    index: int,
    product_id: UUID,
    known: Iterable[UUID],
    named: Sequence[UUID],
    message: str = "is not in the order",
) -> None:
    """Refuse a line of a request whose product is not among the known ones, or was named before.

    Parameters
    ----------
    named : sequence of UUID
        The products of all lines, of which those before this one count.
    message : str
        What is wrong with an unknown product.
    """
    if product_id not in set(known):
        raise InvalidRequest.field(f"lines[{index}].product_id", message)
    if product_id in named[:index]:
        raise InvalidRequest.field(f"lines[{index}].product_id", "is named twice")
