"""Reports of costs as text for a terminal."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from textwrap import wrap

from shop.domain.costs import Kind, PriceList
from shop.services.finance.what_if import Change, WhatIf
from shop_local.cost.report import Group, OrderReport, Report

#: Digits after the point that tables show; JSON output has all.
_PLACES = 9
#: Columns of a paragraph.
_WIDTH = 96


def money(amount: Decimal, places: int = _PLACES) -> str:
    """Write an amount, rounded for the eye.

    >>> money(Decimal("0.0000012345"), 8)
    '0.00000123'
    """
    return f"{amount:,.{places}f}"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Align rows: the first column to the left, the others to the right.

    >>> table(["function", "n"], [["a", "10"]])
    ['  function   n', '  a         10']
    """
    written = [list(headings), *(list(row) for row in rows)]
    widths = [max(len(row[number]) for row in written) for number in range(len(headings))]
    return [
        "  "
        + "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in written
    ]


def report(found: Report) -> str:
    """Write everything that `make cost` prints."""
    lines = [
        (
            f"What this shop's requests would have cost on AWS ({found.region}, prices of"
            f" {found.price_version}), {found.currency}"
        ),
        (f"{found.since:%Y-%m-%d %H:%M:%S} to {found.until:%Y-%m-%d %H:%M:%S} UTC"),
        "",
        *table(
            ["by kind", "items", "amount"],
            [[each.key, f"{each.invocations:,}", money(each.amount)] for each in found.kinds]
            + [["total", "", money(found.total)]],
        ),
        "",
        *_groups("by flow", found.flows),
        "",
        *_groups("by function", found.functions),
        "",
        "  Cold is the cost of the duration of invocations that began with a cold start.",
        "",
        *_orders(found.orders),
        "",
        *_floor(found),
    ]
    if found.orders:
        last = found.orders[0]
        lines += ["", *_itemised("The last order", last)]
    lines += ["", *(f"  {said}" for one in found.assumptions for said in wrap(one, _WIDTH))]
    return "\n".join(lines)


def purchase(order: OrderReport, prices: PriceList) -> str:
    """Write what one purchase costs, in a sentence."""
    calls = sum(part.items for part in order.parts if part.kind == "api_request")
    cold = sum(part.cold_starts for part in order.parts)
    return (
        f"this purchase would have cost {_symbol(prices)}{money(order.total, 6)} on AWS ({prices.region},"
        f" prices of {prices.version}):\n  {order.invocations} invocations ({cold} cold), {calls} API"
        " requests; `make cost` itemises it"
    )


def comparison(found: WhatIf, changed: Change, region: str, version: str) -> str:
    """Write a what-if."""
    wanted = [
        f"{changed.memory_mb:,} MB" if changed.memory_mb else "",
        changed.architecture or "",
        changed.function or "",
    ]
    rows = [
        [
            each.function, f"{each.invocations:,}", f"{each.now.billed_ms:,}",
            f"{each.then.billed_ms:,}", money(each.now.amount), money(each.then.amount),
            f"{each.difference:+,.{_PLACES}f}", _percent(each.difference, each.now.amount),
        ]
        for each in (*found.functions, found.total)
    ]  # fmt: skip
    headings = ["function", "n", "ms now", "ms then", "now", "then", "difference", ""]
    return "\n".join(
        [
            (
                f"With {', '.join(filter(None, wanted)) or 'the same functions'}, at the prices of {region}"
                f" of {version}"
            ),
            "",
            *table(headings, rows),
            "",
            "It assumes:",
            *(f"  - {said}" for said in found.assumptions),
        ]
    )


def _groups(title: str, groups: Sequence[Group]) -> list[str]:
    rows = [
        [each.key, f"{each.invocations:,}", money(each.amount), f"{each.cold_starts:,}",
         money(each.cold_start_amount)]
        for each in groups
    ]  # fmt: skip
    return table([title, "invocations", "amount", "cold starts", "cold"], rows)


def _orders(orders: Sequence[OrderReport]) -> list[str]:
    rows = [
        [
            str(each.order_id), each.status, f"{each.invocations:,}", money(each.total),
            "yes" if each.complete else "not yet",
        ]
        for each in orders
    ]  # fmt: skip
    return table(["by order, newest first", "status", "invocations", "amount", "complete"], rows)


def _floor(found: Report) -> list[str]:
    rows = [[each.name, each.resource, money(each.monthly_amount, 2)] for each in found.floor] + [
        ["total", "", money(found.floor_total, 2)]
    ]
    lines = table(["floor, a month", "resource", "amount"], rows)
    sizes = [[f"PRESET={each.preset}", money(each.monthly_amount, 2)] for each in found.presets]
    lines += ["", *table(["floor by size, a month", "amount"], sizes)]
    if found.not_declared:
        lines += [
            "",
            f"  Not part of this size, so not in the floor: {', '.join(found.not_declared)}.",
        ]
    return lines


def _itemised(title: str, order: OrderReport) -> list[str]:
    rows = [
        [f"{part.kind} {part.name}", str(part.items), str(part.cold_starts or ""), money(part.amount)]
        for part in order.parts
    ]  # fmt: skip
    state = "complete" if order.complete else "not complete yet"
    return [
        f"{title}, {order.order_id} ({order.status}), {state}",
        "",
        *table(["item", "n", "cold", "amount"], [*rows, ["total", "", "", money(order.total)]]),
    ]


def _percent(difference: Decimal, amount: Decimal) -> str:
    return f"{difference / amount:+.0%}" if amount else ""


def _symbol(prices: PriceList) -> str:
    currency = prices.price(Kind.LAMBDA_REQUEST.price_key()).currency
    return "$" if currency == "USD" else f"{currency} "
