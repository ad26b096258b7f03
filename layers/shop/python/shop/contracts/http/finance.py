"""Bodies of /api/finance. Amounts are decimal strings, exact unless a field says that it is a quotient."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from shop.contracts.http.patterns import MOMENT

type Moment = Annotated[
    str,
    msgspec.Meta(
        pattern=MOMENT,
        description="A day (its beginning, UTC) or a time in UTC.",
        examples=["2026-01-31", "2026-01-31T12:00:00Z"],
    ),
]
type Grouping = Literal["function", "flow", "day", "service"]
type FeeBasis = Literal["balance_transaction", "list_price", "mixed", "none"]
type ExportSize = Annotated[int, msgspec.Meta(ge=1, le=5_000)]
type ExportCursor = Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
type DecimalText = Annotated[str, msgspec.Meta(pattern=r"^-?\d+(\.\d+)?$")]


class PeriodQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A period of at most 366 days; `from` belongs to it, `to` does not, as in AWS Cost Explorer.

    Without `to` it ends with the present day, without `from` it begins 30 days before its end or where the
    ledger begins.
    """

    from_: Moment | None = msgspec.field(default=None, name="from")
    to: Moment | None = None


class CostsQuery(PeriodQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Query of GET /api/finance/costs."""

    group_by: Grouping = "function"


class ExportQuery(PeriodQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Query of GET /api/finance/costs.csv and costs.jsonl."""

    limit: ExportSize = 2_000
    cursor: ExportCursor | None = None


class _Covered(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of every answer about a period.

    Attributes
    ----------
    complete : bool
        Whether all logs of the period have been collected.
    collected_until : datetime
        Until when they have been.
    price_versions : list of str
        The price lists with which the amounts were computed.
    """

    from_: datetime = msgspec.field(name="from")
    to: datetime
    currency: str
    complete: bool
    collected_until: datetime | None
    price_versions: list[str]


class KindView(msgspec.Struct, frozen=True, kw_only=True):
    """The items of one kind.

    Attributes
    ----------
    cold_start_amount, retry_amount : str
        What of the amount is due to cold starts and to repeated attempts.
    """

    kind: str
    items: int
    quantity: DecimalText
    unit: str
    amount: DecimalText
    cold_starts: int
    cold_start_amount: DecimalText
    retries: int
    retry_amount: DecimalText


class GroupView(msgspec.Struct, frozen=True, kw_only=True):
    """The items of one function, flow, day or service; ``none`` are requests that no function answered."""

    key: str
    total: DecimalText
    kinds: list[KindView]


class CostsView(_Covered, frozen=True, kw_only=True):
    """Response of GET /api/finance/costs; the groups' totals add up to `total`."""

    group_by: Grouping
    total: DecimalText
    groups: list[GroupView]


class OrderItemView(msgspec.Struct, frozen=True, kw_only=True):
    """A billed quantity.

    Attributes
    ----------
    count : int
        More than 1 if the order has over 10,000 items: alike ones of the session before it are then one, with
        the time and request id of the first.
    amount : str
        The order's share: all of ``quantity * unit_price`` unless `shared_by` orders caused it together.
    """

    at: datetime
    kind: str
    name: str
    request_id: str
    quantity: DecimalText
    unit: str
    unit_price: DecimalText
    amount: DecimalText
    cold_start: bool
    retry: bool
    flow: str | None
    shared_by: int
    count: int = 1


class FlowTotal(msgspec.Struct, frozen=True, kw_only=True):
    """What a flow contributes; `browse`, `cart` and `identity` are the session before the order."""

    flow: str
    total: DecimalText


class OrderCostView(msgspec.Struct, frozen=True, kw_only=True):
    """Response of GET /api/finance/orders/{order_id}/cost; the items' amounts add up to `total` exactly.

    Attributes
    ----------
    complete : bool
        Whether everything that the order's last change caused has been collected.
    """

    order_id: UUID
    currency: str
    total: DecimalText
    complete: bool
    collected_until: datetime | None
    flows: list[FlowTotal]
    items: list[OrderItemView]


class OrderCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Orders of the period.

    Attributes
    ----------
    placed : int
        Orders created in the period.
    paid : int
        Orders paid in the period, whenever they were placed: `orders_paid` of the business metrics.
    """

    placed: int
    paid: int


class VariableView(msgspec.Struct, frozen=True, kw_only=True):
    """What AWS bills by use; the quotients have twelve places and are null if there is nothing to divide by.

    Attributes
    ----------
    per_order : str or None
        Everything in the period, abandoned carts included, by order paid in it.
    """

    total: DecimalText
    requests: int
    per_order: DecimalText | None
    per_1000_requests: DecimalText | None


class FloorItemView(msgspec.Struct, frozen=True, kw_only=True):
    """A monthly cost that does not depend on the number of orders."""

    name: str
    resource: str
    quantity: DecimalText
    unit: str
    monthly_amount: DecimalText


class VolumeView(msgspec.Struct, frozen=True, kw_only=True):
    """What an order would cost at a volume, at the period's variable cost per order.

    Attributes
    ----------
    floor_share : str or None
        The floor's part of the order's cost, from 0 to 1.
    margin_per_order : str or None
        Revenue without tax, less payment fees, variable cost and floor.
    """

    orders_per_month: int
    floor_per_order: DecimalText
    cost_per_order: DecimalText | None
    floor_share: DecimalText | None
    margin_per_order: str | None


class FloorView(msgspec.Struct, frozen=True, kw_only=True):
    """The floor as the templates declare it.

    Attributes
    ----------
    not_declared : list of str
        Parts that the templates do not declare yet; their cost is missing from `monthly_total`.
    """

    region: str
    price_version: str
    monthly_total: DecimalText
    items: list[FloorItemView]
    not_declared: list[str]
    notes: list[str]
    volumes: list[VolumeView]


class RevenueView(msgspec.Struct, frozen=True, kw_only=True):
    """The payments of orders paid in the period: ``net = charged - refunded - tax``."""

    currency: str
    charged: DecimalText
    refunded: DecimalText
    tax: DecimalText
    net: str


class ListPrice(msgspec.Struct, frozen=True, kw_only=True):
    """The payment provider's published price of a card payment."""

    rate: DecimalText
    fixed: DecimalText
    currency: str
    source: str
    dated: date


class PaymentFeesView(msgspec.Struct, frozen=True, kw_only=True):
    """What the payment provider keeps; refunds do not return it.

    Attributes
    ----------
    basis : str
        ``balance_transaction`` if Stripe told every fee, ``list_price`` if it told none, ``mixed`` otherwise,
        ``none`` without payments.
    total : str or None
        Null if a payment's fee is not known: Stripe has not told it, and the list price is in another
        currency.
    """

    basis: FeeBasis
    total: DecimalText | None
    told_payments: int
    told_amount: DecimalText
    estimated_payments: int
    estimated_amount: DecimalText | None
    list_price: ListPrice


class MarginView(msgspec.Struct, frozen=True, kw_only=True):
    """Revenue without tax, less payment fees and variable cost, before goods, shipping and floor.

    Attributes
    ----------
    unknown_because : str or None
        Why the amounts are null.
    """

    total: str | None
    per_order: str | None
    unknown_because: str | None = None


class UnitEconomicsView(_Covered, frozen=True, kw_only=True):
    """Response of GET /api/finance/unit-economics."""

    orders: OrderCounts
    variable: VariableView
    floor: FloorView
    revenue: RevenueView
    payment_fees: PaymentFeesView
    margin: MarginView
