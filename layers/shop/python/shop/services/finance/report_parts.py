"""What the report's sections have in common."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from shop.domain.costs import exactly
from shop.services.finance.amounts import quotient
from shop.services.finance.charts import Bar, Column
from shop.services.finance.views import NONE

#: Rows that are shown of a long list.
SHOWN: Final = 10


def function(key: str) -> str:
    """Name a function as readers know it."""
    return "no function" if key == NONE else key


def said(values: Sequence[Bar | Column]) -> str:
    """Describe a chart to those who do not see it; the table has all of its values."""
    if not values:
        return "There is nothing to show."
    listed = "; ".join(f"{found.label}: {found.value}" for found in values[:SHOWN])
    return f"{listed}." if len(values) <= SHOWN else f"{listed}; the table has the others."


def thousandfold(amount: Decimal, orders: int) -> Decimal:
    """Give the amount per 1,000 orders, or all of it without orders."""
    if not orders:
        return amount
    with exactly():
        thousandfold = amount * 1_000
    return quotient(thousandfold, orders) or Decimal(0)
