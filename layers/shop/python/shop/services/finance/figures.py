"""Figures of the business that costs are set against."""

from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from msgspec import Struct


class Sales(Struct, frozen=True, kw_only=True):
    """Orders of a period and their payments, in minor units of one currency.

    An order's sale belongs to the time at which it was paid, here and in the business metrics.

    Attributes
    ----------
    placed : int
        Orders created in the period, whether or not they were ever paid.
    paid : int
        Orders paid in the period, whenever they were placed; refunded ones included.
    tax_minor : int
        Of the orders that were charged, less the tax in their refunds.
    told_payments, told_minor : int
        Payments whose fee the provider has told in this currency, and the fees.
    untold_payments, estimated_minor : int
        The other payments, and the list price of each, rounded half up to a minor unit.
    """

    placed: int
    paid: int
    charged_minor: int
    refunded_minor: int
    tax_minor: int
    told_payments: int
    told_minor: int
    untold_payments: int
    estimated_minor: int


class OrdersOfDay(Struct, frozen=True, kw_only=True):
    """Orders placed on a day (UTC), and orders paid on it."""

    day: date
    placed: int
    paid: int


class Figures(Protocol):
    """Reads them."""

    def sales(
        self,
        since: datetime,
        until: datetime,
        *,
        currency: str,
        rate: Decimal,
        fixed_minor: Decimal,
    ) -> Sales:
        """Add up orders paid at a time with ``since <= time < until``, and count those placed then.

        Parameters
        ----------
        rate, fixed_minor : Decimal
            The list price of a payment: a part of its amount, and minor units.
        """

    def orders_by_day(self, since: datetime, until: datetime) -> list[OrdersOfDay]:
        """Count the orders of each day that has any."""

    def price_versions(self, since: datetime, until: datetime) -> list[str]:
        """Give the versions of the price lists that the costs of a period were computed with."""
