"""The report as one self-contained page: no script, font, image or link."""

import base64
import hashlib
from datetime import timedelta
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import Final

from shop.services.finance.economics import BROKER_NOTE, Economics
from shop.services.finance.markup import figures, notice, remarks
from shop.services.finance.periods import Period
from shop.services.finance.report import Report
from shop.services.finance.report_sections import by_day, changes, floor, functions, one_order
from shop.services.finance.wording import UNKNOWN, change, money

_STYLE: Final = Path(__file__).with_name("report.css").read_text()
_DIGEST: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'"
)
#: Headers of the page. The policy stands in the page as well, for copies that are saved.
HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": f"{_POLICY}; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def page(report: Report) -> str:
    """Write the page."""
    economics = report.economics
    span = _span(economics.period)
    title = f"What an order costs, {span}"
    subtitle = escape(f"{span}, days in UTC. {_orders(economics)}")
    content = (
        *(notice(text) for text in _notices(report)),
        figures(_cards(report)),
        one_order(report),
        by_day(report),
        functions(report),
        floor(economics),
        changes(report),
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f'<body><header><h1>What an order costs</h1><p class="quiet">{subtitle}</p></header>'
        f"<main>{''.join(content)}</main>"
        f'<footer class="quiet"><h2>How this was computed</h2>{remarks(_remarks(economics))}</footer>'
        "</body></html>\n"
    )


def _span(period: Period) -> str:
    """Write a period as readers name it: with its last day, unless it is no whole days."""
    if period.since.time() == period.until.time() == period.since.min.time():
        last = period.until - timedelta(days=1)
        if last == period.since:
            return f"{last:%-d %B %Y}"
        return f"{period.since:%-d %B %Y} to {last:%-d %B %Y}"
    return f"{period.since:%-d %B %Y %H:%M} to {period.until:%-d %B %Y %H:%M}"


def _orders(economics: Economics) -> str:
    sales = economics.sales
    return f"{_count(sales.placed, 'order')} placed, {sales.paid:,} of them paid."


def _notices(report: Report) -> list[str]:
    period = report.economics.period
    found = []
    if not period.is_complete:
        until = period.collected_until
        reached = f"until {until:%-d %B %Y %H:%M}" if until else "not yet"
        found.append(f"The period is not complete: logs have been collected {reached} (UTC).")
    if not report.kinds:
        found.append("The ledger holds no costs of this period.")
    return found


def _cards(report: Report) -> list[tuple[str, str, str]]:
    now, before = report.economics, report.previous
    currency = now.currency
    per_order = now.per_order
    thousand = None if per_order is None else per_order * 1000
    return [
        (
            "AWS, per paid order",
            money(per_order, currency),
            "no order is paid"
            if thousand is None
            else f"{money(thousand, currency)} per 1,000 orders"
            + _since(before and before.per_order, per_order, compared=before is not None),
        ),
        (
            "AWS by use, in the period",
            money(now.variable, currency),
            _count(now.requests, "request")
            + _since(before and before.variable, now.variable, compared=before is not None),
        ),
        (
            "Floor, per month",
            money(now.monthly, currency),
            "whatever the number of orders" + (" (incomplete)" if now.not_declared else ""),
        ),
        (
            "Margin, per paid order",
            money(now.margin_per_order, now.sales_currency),
            now.unknown_because or "before goods, shipping and floor",
        ),
    ]


def _since(before: Decimal | None, now: Decimal | None, *, compared: bool) -> str:
    if not compared:
        return ""
    changed = change(before, now)
    return "" if changed == UNKNOWN else f"; {changed} on the period before"


def _remarks(economics: Economics) -> list[str]:
    price = economics.list_price
    sales = economics.sales
    versions = ", ".join(economics.price_versions) or "none"
    told, untold = sales.told_payments, sales.untold_payments
    computed = (
        "Each amount is what AWS bills, quantity times price, added up exactly and rounded only on this page."
        f" Price lists: {versions}."
    )
    shared = (
        "An order's cost is everything in the period by the number of paid orders, so that it bears the"
        " visits that end without one."
    )
    fees = (
        f"Payment fees: {_count(told, 'payment')} by Stripe's balance transactions, {untold:,} by the list"
        f" price of {Decimal(price.rate) * 100:.2f}\N{NO-BREAK SPACE}% and"
        f" {money(Decimal(price.fixed), price.currency)} a payment ({price.source}, {price.dated})."
    )
    return [computed, shared, fees, BROKER_NOTE]


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
