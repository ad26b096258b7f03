"""Business figures of a period: counts from the database, and the rates computed from them."""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from shop.domain.money import to_decimal

#: Retention of events, from which carts are counted.
KEPT: Final = timedelta(days=90)
_FOUR_PLACES: Final = Decimal("0.0001")
#: A day's sales are a small part of the stock.
_SIX_PLACES: Final = Decimal("0.000001")


class Period(NamedTuple):
    """From a moment, inclusive, to another one, exclusive."""

    begin: datetime
    end: datetime


class Business(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of a period.

    Attributes
    ----------
    carts_created : int
        Carts begun.
    carts_converted : int
        Those of them that were bought and paid, in the period or later.
    carts_abandoned : int
        Carts found in the period that had not been changed for a day.
    orders_paid, revenue_minor, units_sold : int
        Orders that were paid in the period, their totals and their units; a later refund changes none of it.
    refunded_minor : int
        What was returned in the period.
    average_units_on_hand : Decimal or None
        Average of the days' stock; None if the period has no day that was recorded.
    orders : dict
        Orders created in the period, by what their status is now.
    """

    carts_created: int
    carts_converted: int
    carts_abandoned: int
    orders_paid: int
    revenue_minor: int
    units_sold: int
    refunded_minor: int
    average_units_on_hand: Decimal | None
    orders: dict[str, int]

    @property
    def order_conversion_rate(self) -> Decimal | None:
        """Carts that were bought, of those that were begun."""
        return _ratio(self.carts_converted, self.carts_created)

    @property
    def cart_abandonment_rate(self) -> Decimal | None:
        """Carts that were abandoned, of those that were abandoned or bought."""
        return _ratio(self.carts_abandoned, self.carts_abandoned + self.orders_paid)

    @property
    def average_order_value(self) -> Decimal | None:
        """Revenue by order, in major units."""
        if not self.orders_paid:
            return None
        revenue = to_decimal(self.revenue_minor)
        return (revenue / self.orders_paid).quantize(revenue, ROUND_HALF_UP)

    @property
    def inventory_turnover(self) -> Decimal | None:
        """Units sold divided by the average stock."""
        return _ratio(self.units_sold, self.average_units_on_hand or 0, _SIX_PLACES)


class SoldProduct(msgspec.Struct, frozen=True):
    """What was sold of a product in a period."""

    product_id: UUID
    name: str
    units: int
    revenue_minor: int


class HourlyRevenue(msgspec.Struct, frozen=True):
    """Total of the orders that were paid in an hour."""

    hour: datetime
    revenue_minor: int


class Gauges(msgspec.Struct, frozen=True):
    """Present operational figures from the database."""

    connections: int
    payments_in_doubt: int


def _ratio(part: int, whole: Decimal | int, places: Decimal = _FOUR_PLACES) -> Decimal | None:
    """Divide, and round half up; None if the denominator is zero."""
    if not whole:
        return None
    return (Decimal(part) / whole).quantize(places, ROUND_HALF_UP)
