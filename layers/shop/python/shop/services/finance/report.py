"""Gather what the report shows: a period, and the one before it."""

from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from shop.domain.costs import exactly
from shop.services.finance.costs import Group, grouped
from shop.services.finance.economics import Economics, measure
from shop.services.finance.figures import Figures
from shop.services.finance.periods import Period
from shop.services.finance.ports import CostReader
from shop.services.finance.views import CostSum


class Day(NamedTuple):
    """A day of the period, also one without costs."""

    date: str
    amount: Decimal
    placed: int
    paid: int


class Change(NamedTuple):
    """What a function cost, and what it cost in the period before."""

    name: str
    before: Decimal
    now: Decimal

    @property
    def difference(self) -> Decimal:
        """What it costs more."""
        with exactly():
            return self.now - self.before


class Report(NamedTuple):
    """What the report shows.

    Attributes
    ----------
    kinds : list of CostSum
        By kind, the dearest first.
    previous : Economics or None
        Of the period before; None if the ledger does not cover it.
    changes : list of Change
        By function, the largest difference first.
    """

    economics: Economics
    flows: list[Group]
    functions: list[Group]
    kinds: list[CostSum]
    days: list[Day]
    previous: Economics | None
    changes: list[Change]


def gather(
    reader: CostReader, figures: Figures, period: Period, *, region: str, currency: str
) -> Report:
    """Read a period and the one before it.

    Raises
    ------
    ShopError
        ``price_missing``.
    """
    since, until = period.since, period.until
    functions = grouped(reader.sums(since, until, "function"))
    before = period.before
    previous, changes = None, []
    if before is not None:
        previous = measure(reader, figures, before, region=region, currency=currency)
        earlier = grouped(reader.sums(before.since, before.until, "function"))
        changes = compare(earlier, functions)
    return Report(
        economics=measure(reader, figures, period, region=region, currency=currency),
        flows=grouped(reader.sums(since, until, "flow")),
        functions=functions,
        kinds=reader.totals(since, until),
        days=_days(reader, figures, period),
        previous=previous,
        changes=changes,
    )


def compare(before: list[Group], now: list[Group]) -> list[Change]:
    """Say how each function's cost changed, the largest difference first."""
    earlier = {group.key: group.total for group in before}
    present = {group.key: group.total for group in now}
    changes = [
        Change(name, earlier.get(name, Decimal(0)), present.get(name, Decimal(0)))
        for name in earlier | present
    ]
    return sorted(changes, key=lambda change: (-abs(change.difference), change.name))


def _days(reader: CostReader, figures: Figures, period: Period) -> list[Day]:
    amounts = {g.key: g.total for g in grouped(reader.sums(period.since, period.until, "day"))}
    orders = {str(found.day): found for found in figures.orders_by_day(period.since, period.until)}
    days = []
    day, end = period.since, min(period.until, period.now)
    while day.date() <= (end - timedelta(microseconds=1)).date():
        date = str(day.date())
        placed = orders.get(date)
        days.append(
            Day(
                date,
                amounts.get(date, Decimal(0)),
                placed.placed if placed else 0,
                placed.paid if placed else 0,
            )
        )
        day += timedelta(days=1)
    return days
