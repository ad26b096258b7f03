"""The report's section on what changed since the period before."""

from decimal import Decimal

from shop.services.finance.markup import section, table
from shop.services.finance.report import Report
from shop.services.finance.report_parts import SHOWN, function
from shop.services.finance.wording import change, money


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
    moved = [found for found in report.changes if found.difference][:SHOWN]
    head = ("", "before", "now", "change")
    listed = table(
        "Functions whose cost changed most",
        ("function", *head[1:]),
        (
            (
                function(found.name),
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
