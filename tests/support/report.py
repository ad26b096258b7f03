"""A report over invented costs, without a database."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from shop.contracts.http.finance import ListPrice
from shop.domain.costs import PriceList, total
from shop.domain.flows import FLOWS
from shop.services.finance.costs import Group
from shop.services.finance.economics import Economics
from shop.services.finance.figures import Sales
from shop.services.finance.periods import Period
from shop.services.finance.report import Day, Report, compare
from shop.services.finance.views import CostSum
from tests.support.ledger import PRICE, REGION, SEARCH, VERSION

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
_KINDS = {"lambda_duration": "GB-second", "lambda_request": "request", "api_request": "request"}


def a_report(*, days: int = 30, paid: int = 182, seed: int = 1, compared: bool = True) -> Report:
    """Make a report over the days up to today; the same one for the same arguments."""
    dice = random.Random(seed)
    until = NOW.replace(hour=0, minute=0) + timedelta(days=1)
    since = until - timedelta(days=days)
    collected = NOW - timedelta(minutes=1)
    period = Period(since, until, since - timedelta(days=days), collected, NOW)
    functions = _functions(dice)
    flows: dict[str, list[CostSum]] = {}
    kinds: dict[str, list[CostSum]] = {}
    for group in functions:
        for found in group.sums:
            flows.setdefault(str(FLOWS.get(group.key, group.key)), []).append(found)
            kinds.setdefault(found.kind, []).append(found)
    variable = total(group.total for group in functions)
    economics = _economics(period, variable, paid)
    earlier = _functions(random.Random(seed + 1))
    before = period.before
    return Report(
        economics=economics,
        flows=sorted((Group(*flow) for flow in flows.items()), key=lambda g: -g.total),
        functions=functions,
        kinds=[_sum(kind, total(f.amount for f in sums), 100) for kind, sums in kinds.items()],
        days=[
            Day(
                str((since + timedelta(days=n)).date()),
                variable * dice.randint(1, 9) / 150,
                7,
                n % 6,
            )
            for n in range(days)
        ],
        previous=_economics(before, total(g.total for g in earlier), paid - 20)
        if before and compared
        else None,
        changes=compare(earlier, functions) if compared else [],
    )


def _functions(dice: random.Random) -> list[Group]:
    names = [name for name in FLOWS if dice.random() < 0.6]
    groups = [Group(name, [_sum(k, Decimal(dice.randint(1, 9**5)) / 10**7, dice.randint(1, 9**4))
                           for k in _KINDS]) for name in names]  # fmt: skip
    groups.append(Group("none", [_sum("api_request", Decimal("0.00035"), 100)]))
    return sorted(groups, key=lambda group: -group.total)


def _sum(kind: str, amount: Decimal, items: int) -> CostSum:
    return CostSum(
        key="",
        kind=kind,
        unit=_KINDS[kind],
        currency="USD",
        items=items,
        quantity=Decimal(items),
        amount=amount,
        cold_starts=items // 20,
        cold_start_amount=amount / 16,
        retries=items // 50,
        retry_amount=amount / 64,
    )


def _economics(period: Period, variable: Decimal, paid: int) -> Economics:
    sales = Sales(
        placed=paid + 9,
        paid=paid,
        charged_minor=5999 * paid,
        refunded_minor=5999 if paid else 0,
        tax_minor=400 * paid,
        told_payments=paid // 2,
        told_minor=204 * (paid // 2),
        untold_payments=paid - paid // 2,
        estimated_minor=204 * (paid - paid // 2),
    )
    return Economics(
        period=period,
        currency="USD",
        price_versions=[VERSION],
        variable=variable,
        requests=2156,
        sales=sales,
        sales_currency="USD",
        fees=Decimal(sales.told_minor + sales.estimated_minor) / 100,
        list_price=ListPrice(
            rate="0.029",
            fixed="0.3",
            currency="USD",
            source="https://stripe.com/pricing",
            dated=date(2026, 6, 30),
        ),
        floor=[SEARCH],
        prices=PriceList(REGION, VERSION, {PRICE.key: PRICE}),
    )
