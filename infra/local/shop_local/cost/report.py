"""What the ledger says of everything that the laptop has run."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from shop.domain.costs import Kind, PriceList, exactly, together, total, undeclared
from shop.services.finance.allocation import OrderCost, order_cost
from shop.services.finance.assumptions import LIST_PRICES, NOT_ITEMISED, confirmation
from shop.services.finance.ports import CostReader
from shop.services.finance.views import CostSum, Grouping
from shop_local.cost.presets import PresetFloor, preset_floors


class NothingCollected(Exception):
    """The ledger is empty."""


class Group(Struct, frozen=True):
    """The costs of one function, flow or kind."""

    key: str
    invocations: int
    amount: Decimal
    cold_starts: int
    cold_start_amount: Decimal


class Part(Struct, frozen=True):
    """The items of an order with one name and kind."""

    kind: str
    name: str
    items: int
    amount: Decimal
    cold_starts: int


class OrderReport(Struct, frozen=True):
    """The costs of one order.

    Attributes
    ----------
    complete : bool
        Whether everything that its last change caused has been collected.
    """

    order_id: UUID
    status: str
    created_at: datetime
    total: Decimal
    complete: bool
    invocations: int
    parts: Sequence[Part]


class FloorLine(Struct, frozen=True):
    """A monthly cost that does not depend on the number of orders."""

    name: str
    resource: str
    monthly_amount: Decimal


class Report(Struct, frozen=True):
    """Everything that `make cost` prints.

    Attributes
    ----------
    orders : sequence of OrderReport
        The last ones, the newest first.
    floor : sequence of FloorLine
        What infra/template.yaml and infra/data.yaml declare.
    not_declared : sequence of str
        Parts of the floor of which no resource is declared, so that their cost is not known.
    presets : sequence of PresetFloor
        The floor of each size of the data plane; `floor` is that of the smallest.
    assumptions : sequence of str
        What every amount assumes.
    """

    region: str
    price_version: str
    currency: str
    since: datetime
    until: datetime
    total: Decimal
    kinds: Sequence[Group]
    functions: Sequence[Group]
    flows: Sequence[Group]
    orders: Sequence[OrderReport]
    floor: Sequence[FloorLine]
    floor_total: Decimal
    not_declared: Sequence[str]
    presets: Sequence[PresetFloor]
    assumptions: Sequence[str]


def read_report(
    reader: CostReader, prices: PriceList, order_ids: Sequence[UUID], until: datetime
) -> Report:
    """Read the ledger.

    Parameters
    ----------
    order_ids : sequence of UUID
        The orders to itemise.

    Raises
    ------
    NothingCollected
        If it is empty; there is no report of zeros.
    """
    span = reader.span()
    if span.first_item_at is None:
        raise NothingCollected("The ledger is empty: buy something first, for example `make demo`.")
    since, end = span.first_item_at, until + timedelta(minutes=1)
    totals = reader.totals(since, end)
    floor = reader.floor(prices.region)
    return Report(
        region=prices.region,
        price_version=prices.version,
        currency=", ".join(sorted({found.currency for found in totals})),
        since=since,
        until=until,
        total=total(found.amount for found in totals),
        kinds=[_group(found.kind, [found], found.items) for found in totals],
        functions=_groups(reader, since, end, "function"),
        flows=_groups(reader, since, end, "flow"),
        orders=[order for each in order_ids if (order := read_order(reader, each))],
        floor=[
            FloorLine(item.name, item.resource, item.monthly_amount) for item in together(floor)
        ],
        floor_total=total(item.monthly_amount for item in floor),
        not_declared=undeclared(floor),
        presets=preset_floors(prices),
        assumptions=(LIST_PRICES, NOT_ITEMISED, confirmation(prices)),
    )


def read_order(reader: CostReader, order_id: UUID) -> OrderReport | None:
    """Itemise one order; None if there is no such order."""
    order = reader.order(order_id)
    if order is None:
        return None
    span = reader.span()
    cost = order_cost(order, reader.order_lines(order_id), span.collected_until)
    invocations = sum(item.line.kind == Kind.LAMBDA_REQUEST for item in cost.items)
    return OrderReport(
        order_id, order.status, order.created_at.astimezone(UTC), cost.total, cost.complete,
        invocations, _parts(cost),
    )  # fmt: skip


def _groups(
    reader: CostReader, since: datetime, until: datetime, group_by: Grouping
) -> list[Group]:
    found: dict[str, list[CostSum]] = {}
    for each in reader.sums(since, until, group_by):
        found.setdefault(each.key, []).append(each)
    return [
        _group(key, sums, sum(each.items for each in sums if each.kind == Kind.LAMBDA_REQUEST))
        for key, sums in found.items()
    ]


def _group(key: str, sums: Iterable[CostSum], count: int) -> Group:
    sums = list(sums)
    cold = [each for each in sums if each.kind == Kind.LAMBDA_DURATION]
    return Group(
        key,
        count,
        total(each.amount for each in sums),
        sum(each.cold_starts for each in cold),
        total(each.cold_start_amount for each in cold),
    )


def _parts(cost: OrderCost) -> list[Part]:
    found: dict[tuple[str, str], Part] = {}
    with exactly():
        for item in cost.items:
            line = item.line
            key = (line.kind, line.function or line.name)
            known = found.get(key, Part(*key, 0, Decimal(0), 0))
            found[key] = Part(
                *key, known.items + 1, known.amount + item.amount,
                known.cold_starts + (line.cold_start and line.kind == Kind.LAMBDA_DURATION),
            )  # fmt: skip
    return sorted(found.values(), key=lambda part: (-part.amount, part.name))
