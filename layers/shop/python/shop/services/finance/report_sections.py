"""The report's sections: each a sentence, a chart, and the same values as a table."""

from datetime import date
from decimal import Decimal
from typing import Final

from shop.domain.costs import Kind, total
from shop.services.finance.charts import Bar, Column, bars, columns
from shop.services.finance.costs import Group
from shop.services.finance.markup import figure, folded, section, table
from shop.services.finance.report import Report
from shop.services.finance.report_parts import SHOWN, function, said, thousandfold
from shop.services.finance.views import NONE
from shop.services.finance.wording import column, money, share

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
KINDS: Final[dict[str, str]] = {
    Kind.LAMBDA_DURATION: "Lambda, duration",
    Kind.LAMBDA_REQUEST: "Lambda, invocations",
    Kind.API_REQUEST: "API Gateway, requests",
    Kind.EXPRESS_REQUEST: "Step Functions Express, executions",
    Kind.EXPRESS_DURATION: "Step Functions Express, duration",
    Kind.SCHEDULE: "EventBridge Scheduler, invocations",
    Kind.EMAIL: "SES, e-mails",
    Kind.LOG_BYTES: "CloudWatch Logs, ingestion",
    Kind.XRAY_TRACE: "X-Ray, traces recorded",
    Kind.SECRET_REQUEST: "Secrets Manager, requests",
    Kind.KMS_REQUEST: "KMS, decryption of secrets",
}
_NO_ORDERS: Final = (
    "No order was paid in the period, so there is no cost per order; amounts are totals."
)


def one_order(report: Report) -> str:
    """Show of what an order's cost consists."""
    economics = report.economics
    currency, paid = economics.currency, economics.sales.paid
    unit = "per 1,000 orders" if paid else "total"

    def lines(amounts: list[Decimal]) -> list[tuple[str, ...]]:
        each = [thousandfold(amount, paid) for amount in amounts]
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
    kinds = [KINDS.get(found.kind, found.kind) for found in report.kinds]
    *by_kind, everything = lines([*(found.amount for found in report.kinds), economics.variable])
    return section(
        "order",
        "What an order costs, and of what",
        f"What AWS bills by use, by the part of the purchase that caused it, {unit}."
        if paid
        else _NO_ORDERS,
        figure(bars("flows", f"Cost by flow, {unit}", said(rows), rows)),
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
                money(thousandfold(day.amount, day.paid), currency) if day.paid else "none paid",
            )
            for day, amount in zip(days, amounts, strict=True)
        ],
    )
    return section(
        "day",
        "By day",
        "Variable cost of each day, UTC; the highest is labelled.",
        figure(columns("days", "Cost by day", said(points), points)),
        folded("All days", listed, unfolded=len(days) <= _FEW_DAYS),
    )


def functions(report: Report) -> str:
    """Show the most expensive functions."""
    currency, variable = report.economics.currency, report.economics.variable
    shown, rest = report.functions[:SHOWN], report.functions[SHOWN:]
    groups = [Group(function(group.key), group.sums) for group in shown]
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
        figure(bars("dearest", "Most expensive functions", said(rows), rows)),
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


def _short_date(day: str) -> str:
    return f"{date.fromisoformat(day):%-d %b}"
