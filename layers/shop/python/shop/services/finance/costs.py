"""Read the ledger: sums of a period, and what one order costs."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from shop.contracts.http.finance import (
    CostsView,
    FlowTotal,
    GroupView,
    KindView,
    OrderCostView,
    OrderItemView,
)
from shop.domain.costs import exactly, total
from shop.domain.errors import NotFound
from shop.domain.orders import order_not_found
from shop.services.finance.allocation import OrderItem, order_cost
from shop.services.finance.amounts import text
from shop.services.finance.figures import Figures
from shop.services.finance.periods import Period
from shop.services.finance.ports import CostReader
from shop.services.finance.views import NONE, CostSum, Grouping

#: The invocation that created an order is billed when it ends.
_LONGEST_INVOCATION: Final = timedelta(minutes=1)
#: Items of an answer, which Lambda limits to 6 MB.
MOST_ITEMS: Final = 10_000


class MixedCurrencies(Exception):
    """The ledger holds amounts of several currencies, which cannot be added up."""


class Group(NamedTuple):
    """The sums of one function, flow, day or service, by kind."""

    key: str
    sums: list[CostSum]

    @property
    def total(self) -> Decimal:
        """All kinds together."""
        return total(found.amount for found in self.sums)

    @property
    def invocations(self) -> int:
        """The number of invocations of functions."""
        return sum(found.items for found in self.sums if found.kind == "lambda_request")


def grouped(sums: Iterable[CostSum]) -> list[Group]:
    """Put the sums of each group together, in their order."""
    groups: dict[str, Group] = {}
    for found in sums:
        groups.setdefault(found.key, Group(found.key, [])).sums.append(found)
    return list(groups.values())


def currency_of(sums: Iterable[CostSum], otherwise: str) -> str:
    """Give the one currency of sums.

    Raises
    ------
    MixedCurrencies
        If there are several.
    """
    currencies = {found.currency for found in sums} or {otherwise}
    if len(currencies) > 1:
        raise MixedCurrencies(", ".join(sorted(currencies)))
    return currencies.pop()


def read_costs(
    reader: CostReader, figures: Figures, period: Period, group_by: Grouping, currency: str
) -> CostsView:
    """Add up a period by group and kind.

    Parameters
    ----------
    currency : str
        Of an answer without costs.
    """
    sums = reader.sums(period.since, period.until, group_by)
    groups = grouped(sums)
    return CostsView(
        from_=period.since,
        to=period.until,
        currency=currency_of(sums, currency),
        complete=period.is_complete,
        collected_until=period.collected_until,
        price_versions=figures.price_versions(period.since, period.until),
        group_by=group_by,
        total=text(total(found.amount for found in sums)),
        groups=[
            GroupView(
                key=group.key, total=text(group.total), kinds=[_kind(found) for found in group.sums]
            )
            for group in groups
        ],
    )


def read_order_cost(reader: CostReader, order_id: UUID) -> OrderCostView:
    """Itemise what an order costs.

    Raises
    ------
    NotFound
        ``order_not_found``, or ``costs_not_recorded`` if its cost is not known: an answer never says zero
        for what was not collected.
    """
    order = reader.order(order_id)
    if order is None:
        raise order_not_found(order_id)
    span = reader.span()
    if span.first_item_at is None:
        raise NotFound("Nothing has been collected yet.", code="costs_not_recorded")
    cost = order_cost(order, reader.order_lines(order_id), span.collected_until)
    own = any(item.line.order_ids for item in cost.items)
    if order.created_at + _LONGEST_INVOCATION < span.first_item_at:
        raise NotFound(
            f"The order was placed before the ledger begins ({span.first_item_at:%Y-%m-%dT%H:%M:%SZ}).",
            code="costs_not_recorded",
        )
    if not own and cost.complete:
        raise NotFound(
            "All logs have been collected, and none of them is about this order.",
            code="costs_not_recorded",
        )
    currency = {item.line.currency for item in cost.items} or {order.currency}
    if len(currency) > 1:
        raise MixedCurrencies(", ".join(sorted(currency)))
    return OrderCostView(
        order_id=order_id,
        currency=currency.pop(),
        total=text(cost.total),
        complete=cost.complete,
        collected_until=span.collected_until,
        flows=_flows(cost.items),
        items=[_item(item, count) for item, count in _folded(cost.items)],
    )


def _flows(items: Iterable[OrderItem]) -> list[FlowTotal]:
    totals: dict[str, Decimal] = {}
    with exactly():
        for item in items:
            flow = item.line.flow or NONE
            totals[flow] = totals.get(flow, Decimal(0)) + item.amount
    return [FlowTotal(flow=flow, total=text(amount)) for flow, amount in totals.items()]


def _folded(items: Sequence[OrderItem]) -> list[tuple[OrderItem, int]]:
    """Make one item of those that are alike, of the session before the order, if there are too many."""
    if len(items) <= MOST_ITEMS:
        return [(item, 1) for item in items]
    alike: dict[object, tuple[OrderItem, int]] = {}
    with exactly():
        for item in items:
            line = item.line
            session = (
                line.flow,
                line.kind,
                line.name,
                line.unit_price,
                line.cold_start,
                line.retry,
            )
            key = line.item_id if line.order_ids else session
            first, count = alike.get(key, (None, 0))
            if first is not None:
                quantity = first.line.quantity + line.quantity
                whole = msgspec.structs.replace(first.line, quantity=quantity)
                alike[key] = (OrderItem(whole, first.amount + item.amount, 1), count + 1)
            else:
                alike[key] = (item, 1)
    return list(alike.values())


def _item(item: OrderItem, count: int) -> OrderItemView:
    line = item.line
    return OrderItemView(
        at=line.at,
        kind=line.kind,
        name=line.name,
        request_id=line.request_id,
        quantity=text(line.quantity),
        unit=line.unit,
        unit_price=text(line.unit_price),
        amount=text(item.amount),
        cold_start=line.cold_start,
        retry=line.retry,
        flow=line.flow,
        shared_by=item.shared_by,
        count=count,
    )


def _kind(found: CostSum) -> KindView:
    return KindView(
        kind=found.kind,
        items=found.items,
        quantity=text(found.quantity),
        unit=found.unit,
        amount=text(found.amount),
        cold_starts=found.cold_starts,
        cold_start_amount=text(found.cold_start_amount),
        retries=found.retries,
        retry_amount=text(found.retry_amount),
    )
