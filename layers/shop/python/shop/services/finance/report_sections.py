"""The report's sections: each a sentence, a chart, and the same values as a table."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from shop.domain.costs import exactly, total
from shop.services.finance.amounts import quotient
from shop.services.finance.charts import Bar, Column, bars, columns
from shop.services.finance.costs import Group
from shop.services.finance.economics import Economics, volumes
from shop.services.finance.markup import figure, folded, remarks, section, table
from shop.services.finance.report import Report
from shop.services.finance.views import NONE
from shop.services.finance.wording import change, column, money, share

_SHOWN: Final = 10
#: A table of so many days is unfolded.
_FEW_DAYS: Final = 14
_FLOWS: Final = {
    "browse": "Browsing and search",
    "identity": "Sessions and accounts",
    "cart": "Cart",
    "checkout": "Checkout",
    "payment": "Payment",
    "fulfilment": "Fulfilment and e-mail",
    "tracking": "Order tracking",
    "desk": "Staff",
    "finance": "Finance and the ledger itself",
    "platform": "Platform",
    NONE: "Requests that no function answered",
}
_KINDS: Final = {
    "lambda_duration": "Lambda, duration",
    "lambda_request": "Lambda, invocations",
    "api_request": "API Gateway, requests",
    "express_request": "Step Functions Express, executions",
    "express_duration": "Step Functions Express, duration",
    "schedule": "EventBridge Scheduler, invocations",
    "email": "SES, e-mails",
    "log_bytes": "CloudWatch Logs, ingestion",
}
_NO_ORDERS: Final = (
    "No order of the period is paid, so there is no cost per order; amounts are totals."
)


def one_order(report: Report) -> str:
    """Show of what an order's cost consists."""
    economics = report.economics
    currency, paid = economics.currency, economics.sales.paid
    unit = "per 1,000 orders" if paid else "total"

    def lines(amounts: list[Decimal]) -> list[tuple[str, ...]]:
        each = [_thousandfold(amount, paid) for amount in amounts]
        shares = [share(amount, economics.variable) for amount in amounts]
        if not paid:
            return list(zip(column(each, currency), shares, strict=True))
        totals = column(amounts, currency)
        return list(zip(column(each, currency), totals, shares, strict=True))

    head = (unit, "total", "share") if paid else (unit, "share")
    flows = [_FLOWS.get(group.key, group.key) for group in report.flows]
    amounts = [group.total for group in report.flows]
    by_flow = lines(amounts)
    rows = [
        Bar(name, line[0], [amount])
        for name, line, amount in zip(flows, by_flow, amounts, strict=True)
    ]
    kinds = [_KINDS.get(found.kind, found.kind) for found in report.kinds]
    *by_kind, everything = lines([*(found.amount for found in report.kinds), economics.variable])
    return section(
        "order",
        "What an order costs, and of what",
        f"What AWS bills by use, by the part of the purchase that caused it, {unit}."
        if paid
        else _NO_ORDERS,
        figure(bars("flows", f"Cost by flow, {unit}", _said(rows), rows)),
        table(
            "By flow",
            ("flow", *head),
            [(name, *line) for name, line in zip(flows, by_flow, strict=True)],
        ),
        table(
            "By what AWS bills",
            ("billed", *head),
            [(name, *line) for name, line in zip(kinds, by_kind, strict=True)],
            ("All", *everything),
        ),
    )


def by_day(report: Report) -> str:
    """Show costs and orders of each day."""
    currency, days = report.economics.currency, report.days
    amounts = column([day.amount for day in days], currency)
    points = [
        Column(_short_date(day.date), amount, day.amount)
        for day, amount in zip(days, amounts, strict=True)
    ]
    listed = table(
        "Cost and orders by day",
        ("day", "cost", "placed", "paid", "per 1,000 paid orders"),
        [
            (
                day.date,
                amount,
                f"{day.placed:,}",
                f"{day.paid:,}",
                money(_thousandfold(day.amount, day.paid), currency) if day.paid else "none paid",
            )
            for day, amount in zip(days, amounts, strict=True)
        ],
    )
    return section(
        "day",
        "By day",
        "Variable cost of each day, UTC; the highest is labelled.",
        figure(columns("days", "Cost by day", _said(points), points)),
        folded("All days", listed, unfolded=len(days) <= _FEW_DAYS),
    )


def functions(report: Report) -> str:
    """Show the most expensive functions."""
    currency, variable = report.economics.currency, report.economics.variable
    shown, rest = report.functions[:_SHOWN], report.functions[_SHOWN:]
    groups = [Group(_function(group.key), group.sums) for group in shown]
    rows = [
        Bar(group.key, amount, [group.total])
        for group, amount in zip(
            groups, column([group.total for group in groups], currency), strict=True
        )
    ]
    if rest:
        groups.append(Group(f"{len(rest)} others", [found for one in rest for found in one.sums]))
    totals = column([group.total for group in groups], currency)
    cold = [total(found.cold_start_amount for found in group.sums) for group in groups]
    again = [total(found.retry_amount for found in group.sums) for group in groups]
    return section(
        "functions",
        "Most expensive functions",
        "Each with its API requests, log bytes and executions.",
        figure(bars("dearest", "Most expensive functions", _said(rows), rows)),
        table(
            "Functions, with what cold starts and repeated attempts contribute",
            ("function", "cost", "share", "invocations", "cold starts", "retries"),
            [
                (
                    group.key,
                    totals[number],
                    share(group.total, variable),
                    f"{group.invocations:,}",
                    share(cold[number], group.total),
                    share(again[number], group.total),
                )
                for number, group in enumerate(groups)
            ],
        ),
    )


def floor(economics: Economics) -> str:
    """Show what is paid every month, and its share at each volume."""
    currency = economics.currency
    known = volumes(economics)
    per_order = economics.per_order
    rows = []
    if per_order is not None:
        for volume in known:
            part, all_of_it = Decimal(volume.floor_per_order), Decimal(volume.cost_per_order or 0)
            length = [per_order / all_of_it, part / all_of_it] if all_of_it else []
            rows.append(
                Bar(
                    f"{volume.orders_per_month:,} a month",
                    f"{money(all_of_it, currency)} an order, {share(part, all_of_it)} floor",
                    length,
                )
            )
    chart = bars(
        "volumes",
        "Share of the floor in an order's cost, by orders a month",
        _said(rows),
        rows,
    )
    drawn = figure(chart, legend=("by use", "floor")) if rows else ""
    listed = table(
        "The monthly floor",
        ("resource", "quantity", "per month"),
        (
            (
                item.name,
                f"{item.quantity.normalize():f} {item.unit}",
                money(item.monthly_amount, currency),
            )
            for item in economics.floor
        ),
        (
            "Declared so far" if economics.not_declared else "All",
            "",
            money(economics.monthly, currency),
        ),
    )
    scaled = table(
        "An order at a volume",
        ("orders a month", "floor", "by use", "together", "margin after floor"),
        (
            (
                f"{volume.orders_per_month:,}",
                money(Decimal(volume.floor_per_order), currency),
                money(per_order, currency),
                money(_known(volume.cost_per_order), currency),
                money(_known(volume.margin_per_order), currency),
            )
            for volume in known
        ),
    )
    missing = [f"Not declared yet, so not included: {', '.join(economics.not_declared)}."]
    return section(
        "floor",
        "The floor",
        "What is billed every month whatever is sold, and what it adds to an order.",
        remarks(missing) if economics.not_declared else "",
        drawn,
        scaled,
        listed,
    )


def changes(report: Report) -> str:
    """Show what changed since the period before."""
    before, now = report.previous, report.economics
    heading = "What changed since the period before"
    if before is None:
        return section(
            "changes",
            heading,
            "The ledger does not cover the period before, so nothing is compared.",
        )
    currency = now.currency
    rows = [
        ("Orders placed", f"{before.sales.placed:,}", f"{now.sales.placed:,}",
         change(Decimal(before.sales.placed), Decimal(now.sales.placed))),
        ("Orders paid", f"{before.sales.paid:,}", f"{now.sales.paid:,}",
         change(Decimal(before.sales.paid), Decimal(now.sales.paid))),
        ("AWS by use", money(before.variable, currency), money(now.variable, currency),
         change(before.variable, now.variable)),
        ("AWS, per paid order", money(before.per_order, currency), money(now.per_order, currency),
         change(before.per_order, now.per_order)),
        ("Revenue without tax", money(before.net, now.sales_currency),
         money(now.net, now.sales_currency), change(before.net, now.net)),
    ]  # fmt: skip
    moved = [found for found in report.changes if found.difference][:_SHOWN]
    head = ("", "before", "now", "change")
    listed = table(
        "Functions whose cost changed most",
        ("function", *head[1:]),
        (
            (
                _function(found.name),
                money(found.before, currency),
                money(found.now, currency),
                change(found.before, found.now),
            )
            for found in moved
        ),
    )
    period = before.period
    return section(
        "changes",
        heading,
        f"Compared with {period.since:%-d %B %Y} to {period.until:%-d %B %Y}, as long as this one.",
        table("The business and its cost", head, rows),
        listed if moved else "",
    )


def _function(key: str) -> str:
    return "no function" if key == NONE else key


def _said(values: Sequence[Bar | Column]) -> str:
    """Describe a chart to those who do not see it; the table has all of its values."""
    if not values:
        return "There is nothing to show."
    listed = "; ".join(f"{found.label}: {found.value}" for found in values[:_SHOWN])
    return f"{listed}." if len(values) <= _SHOWN else f"{listed}; the table has the others."


def _thousandfold(amount: Decimal, orders: int) -> Decimal:
    """Give the amount per 1,000 orders, or all of it without orders."""
    if not orders:
        return amount
    with exactly():
        thousandfold = amount * 1_000
    return quotient(thousandfold, orders) or Decimal(0)


def _short_date(day: str) -> str:
    return f"{date.fromisoformat(day):%-d %b}"


def _known(amount: str | None) -> Decimal | None:
    return None if amount is None else Decimal(amount)
