"""The life of an order: one table of states and the moves between them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class OrderStatus(StrEnum):
    """Where an order stands."""

    PENDING = "PENDING"
    PAYMENT_PROCESSING = "PAYMENT_PROCESSING"
    PAID = "PAID"
    CONFIRMED = "CONFIRMED"
    PROCESSING = "PROCESSING"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    INVENTORY_UNAVAILABLE = "INVENTORY_UNAVAILABLE"
    PAYMENT_FAILED = "PAYMENT_FAILED"
    CANCELLED = "CANCELLED"


_S = OrderStatus

#: Every legal move. The database's ``order_transitions`` repeats it; a test holds them equal.
TRANSITIONS: Final[Mapping[OrderStatus, frozenset[OrderStatus]]] = {
    _S.PENDING: frozenset({_S.PAYMENT_PROCESSING, _S.INVENTORY_UNAVAILABLE, _S.CANCELLED}),
    _S.PAYMENT_PROCESSING: frozenset({_S.PAID, _S.PAYMENT_FAILED}),
    _S.PAID: frozenset({_S.CONFIRMED, _S.CANCELLED}),
    _S.CONFIRMED: frozenset({_S.PROCESSING, _S.CANCELLED}),
    _S.PROCESSING: frozenset({_S.SHIPPED, _S.CANCELLED}),
    _S.SHIPPED: frozenset({_S.DELIVERED}),
    _S.DELIVERED: frozenset(),
    _S.INVENTORY_UNAVAILABLE: frozenset({_S.CANCELLED}),
    _S.PAYMENT_FAILED: frozenset({_S.CANCELLED}),
    _S.CANCELLED: frozenset(),
}

#: States in which the customer's money has been taken and not given back.
CHARGED: Final = frozenset({_S.PAID, _S.CONFIRMED, _S.PROCESSING, _S.SHIPPED, _S.DELIVERED})

#: Charged states from which an order may still be cancelled, once refunded.
REFUNDABLE: Final = frozenset({_S.PAID, _S.CONFIRMED, _S.PROCESSING})


def sources_of(target: OrderStatus) -> frozenset[OrderStatus]:
    """Give the states from which `target` is one move away."""
    return frozenset(status for status, targets in TRANSITIONS.items() if target in targets)
