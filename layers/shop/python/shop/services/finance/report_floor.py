"""The report's section on the floor: what is paid every month."""

from decimal import Decimal

from shop.domain.costs import together
from shop.services.finance.charts import Bar, bars
from shop.services.finance.economics import Economics, volumes
from shop.services.finance.markup import figure, remarks, section, table
from shop.services.finance.report_parts import said
from shop.services.finance.wording import money, share


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
                    f"{money(all_of_it, currency)}, {share(part, all_of_it)} floor",
                    length,
                )
            )
    chart = bars(
        "volumes",
        "Share of the floor in an order's cost, by orders a month",
        said(rows),
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
            for item in together(economics.floor)
        ),
        (
            "All",
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
    missing = [f"Not deployed, so not included: {', '.join(economics.not_declared)}."]
    return section(
        "floor",
        "The floor",
        "What is billed every month whatever is sold, and what it adds to an order.",
        remarks(missing) if economics.not_declared else "",
        drawn,
        scaled,
        listed,
    )


def _known(amount: str | None) -> Decimal | None:
    return None if amount is None else Decimal(amount)
