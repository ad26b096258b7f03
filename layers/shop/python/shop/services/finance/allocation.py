"""The costs of the ledger that are allocated to an order."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Context, Decimal, InvalidOperation
from typing import Final, NamedTuple
from uuid import UUID

from shop.domain.costs import EXACT, exactly, total
from shop.services.finance.views import CostLine, OrderActivity

#: Places of a share of an amount that several orders have caused together.
_PLACES: Final = Decimal("1e-15")
_ROUNDING: Final = Context(prec=EXACT.prec, rounding=ROUND_DOWN, traps=[InvalidOperation])
#: How long after an order's last change the invocation that made it may still be running or logging.
_SETTLING: Final = timedelta(seconds=30)


class OrderItem(NamedTuple):
    """An item of an order.

    Attributes
    ----------
    amount : Decimal
        The order's share of the line's amount.
    shared_by : int
        The number of orders that share it.
    """

    line: CostLine
    amount: Decimal
    shared_by: int


class OrderCost(NamedTuple):
    """What an order costs, as far as it has been collected.

    Attributes
    ----------
    complete : bool
        Whether everything that its last change caused has been collected.
    """

    order_id: UUID
    total: Decimal
    complete: bool
    items: Sequence[OrderItem]


def order_cost(
    order: OrderActivity, lines: Iterable[CostLine], collected_until: datetime | None
) -> OrderCost:
    """Itemise what an order costs; the items' amounts add up to the total exactly.

    Parameters
    ----------
    lines : iterable of CostLine
        As `CostReader.order_lines` gives them.
    collected_until : datetime or None
        Until when all logs have been collected.
    """
    items = [_item(line, order.order_id) for line in lines]
    return OrderCost(
        order.order_id,
        total(item.amount for item in items),
        is_complete(order, collected_until),
        items,
    )


def is_complete(order: OrderActivity, collected_until: datetime | None) -> bool:
    """Tell whether everything that an order's last change caused has been collected."""
    if collected_until is None or order.events_waiting:
        return False
    return collected_until >= order.last_activity_at + _SETTLING


def share(amount: Decimal, order_ids: Sequence[UUID], order_id: UUID) -> Decimal:
    """Return an order's share of an amount that several orders have caused together.

    All shares are equal, in 15 places, except the last, which is the remainder, so that they add up.

    >>> orders = [UUID(int=1), UUID(int=2), UUID(int=3)]
    >>> [str(share(Decimal("1"), orders, order)) for order in orders]
    ['0.333333333333333', '0.333333333333333', '0.333333333333334']
    """
    distinct = sorted(set(order_ids))
    if len(distinct) == 1:
        return amount
    # The one quotient that is rounded: down, so that the last share is the largest.
    quotient = _ROUNDING.divide(amount, len(distinct)).quantize(_PLACES, context=_ROUNDING)
    if order_id != distinct[-1]:
        return quotient
    with exactly():
        return amount - quotient * (len(distinct) - 1)


def _item(line: CostLine, order_id: UUID) -> OrderItem:
    if not line.order_ids:
        return OrderItem(line, line.amount, 1)
    amount = share(line.amount, line.order_ids, order_id)
    return OrderItem(line, amount, len(set(line.order_ids)))
