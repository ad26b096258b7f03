"""Answers about metrics."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec

type Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class MetricsQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A period: up to now, if `to` is left out; of 24 hours, if `from` is."""

    from_: Moment | None = msgspec.field(default=None, name="from")
    to: Moment | None = None


class TopProduct(msgspec.Struct, frozen=True, kw_only=True):
    """What was sold of a product."""

    product_id: UUID
    name: str
    units: int
    revenue: Decimal


class BusinessMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of a period. A rate is null where there is nothing to take it of.

    Attributes
    ----------
    order_conversion_rate : Decimal or None
        Carts begun in the period that were bought and paid, of all that were begun in it.
    cart_abandonment_rate : Decimal or None
        Carts abandoned in the period, of those that were abandoned or bought in it.
    average_order_value : Decimal or None
        `revenue` divided by `orders_paid`.
    inventory_turnover : Decimal or None
        `units_sold` divided by the average of the units on hand on the days of the period.
    orders_paid : int
        Orders paid in the period, whenever they were placed: `orders.paid` of the unit economics.
    revenue, refunded : Decimal
        Totals of the orders paid in the period, and what was returned in it.
    orders : dict
        Orders created in the period, by their present status.
    """

    from_: datetime = msgspec.field(name="from")
    to: datetime
    currency: str
    order_conversion_rate: Decimal | None
    cart_abandonment_rate: Decimal | None
    average_order_value: Decimal | None
    inventory_turnover: Decimal | None
    carts_created: int
    carts_abandoned: int
    orders_paid: int
    units_sold: int
    revenue: Decimal
    refunded: Decimal
    orders: dict[str, int]
    top_products: list[TopProduct]
