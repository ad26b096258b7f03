"""Unit economics: what an order costs and earns, and the floor's share of it at a volume.

Amounts are exact; only quotients are rounded, to twelve places.
"""

from decimal import Decimal
from typing import Final, NamedTuple

from shop.contracts.http.finance import (
    FeeBasis,
    FloorItemView,
    FloorView,
    ListPrice,
    MarginView,
    OrderCounts,
    PaymentFeesView,
    RevenueView,
    UnitEconomicsView,
    VariableView,
    VolumeView,
)
from shop.domain.costs import (
    FloorItem,
    Kind,
    Price,
    PriceList,
    PriceMissing,
    exactly,
    total,
    undeclared,
)
from shop.domain.errors import ShopError
from shop.domain.money import to_decimal
from shop.services.finance import assumptions
from shop.services.finance.amounts import minor, optional_text, quotient, text
from shop.services.finance.costs import currency_of
from shop.services.finance.figures import Figures, Sales
from shop.services.finance.periods import Period
from shop.services.finance.ports import CostReader

#: Orders a month.
VOLUMES: Final = (1_000, 10_000, 100_000, 1_000_000)
#: Stripe's published price of a card payment.
CARD_RATE: Final = "stripe.card.rate"
CARD_FIXED: Final = "stripe.card.fixed"
#: Where fees come from, by whether Stripe has told some and whether some are untold.
_BASES: Final[dict[tuple[bool, bool], FeeBasis]] = {
    (True, True): "mixed",
    (True, False): "balance_transaction",
    (False, True): "list_price",
    (False, False): "none",
}


class Economics(NamedTuple):
    """The figures, not yet rounded or written.

    Attributes
    ----------
    fees : Decimal or None
        None if they are not known.
    margin : Decimal or None
        Revenue without tax, less fees and variable cost; None if they are not all known in one currency.
    """

    period: Period
    currency: str
    price_versions: list[str]
    variable: Decimal
    requests: int
    sales: Sales
    sales_currency: str
    fees: Decimal | None
    list_price: ListPrice
    floor: list[FloorItem]
    prices: PriceList

    @property
    def net(self) -> Decimal:
        """Revenue without refunds and tax."""
        sales = self.sales
        return to_decimal(sales.charged_minor - sales.refunded_minor - sales.tax_minor)

    @property
    def monthly(self) -> Decimal:
        """The floor of a month, as far as it is declared."""
        return total(item.monthly_amount for item in self.floor)

    @property
    def not_declared(self) -> list[str]:
        """Parts of the floor whose cost is not known."""
        return undeclared(self.floor)

    @property
    def per_order(self) -> Decimal | None:
        """Variable cost by paid order."""
        return quotient(self.variable, self.sales.paid)

    @property
    def unknown_because(self) -> str | None:
        """Why there is no margin."""
        if self.sales_currency != self.currency:
            return f"revenue is in {self.sales_currency} and costs are in {self.currency}"
        if self.fees is None:
            return f"fees are not known: their list price is in {self.list_price.currency}"
        return None

    @property
    def margin(self) -> Decimal | None:
        """Revenue without tax, less fees and variable cost."""
        if self.unknown_because or self.fees is None:
            return None
        with exactly():
            return self.net - self.fees - self.variable

    @property
    def margin_per_order(self) -> Decimal | None:
        """The margin by paid order."""
        return None if self.margin is None else quotient(self.margin, self.sales.paid)


def measure(
    reader: CostReader, figures: Figures, period: Period, *, region: str, currency: str
) -> Economics:
    """Read the figures of a period.

    Parameters
    ----------
    region : str
        Whose price list and floor count.
    currency : str
        Of the shop's revenue.

    Raises
    ------
    ShopError
        ``price_missing``.
    """
    sums = reader.totals(period.since, period.until)
    try:
        prices = reader.price_list(region)
        rate, fixed = prices.price(CARD_RATE), prices.price(CARD_FIXED)
    except PriceMissing as missing:
        raise ShopError(f"There is {missing}.", code="price_missing") from missing
    sales = figures.sales(
        period.since,
        period.until,
        currency=currency,
        rate=rate.amount,
        fixed_minor=fixed.amount * 100,
    )
    return Economics(
        period=period,
        currency=currency_of(sums, fixed.currency),
        price_versions=figures.price_versions(period.since, period.until),
        variable=total(found.amount for found in sums),
        requests=sum(found.items for found in sums if found.kind == Kind.API_REQUEST),
        sales=sales,
        sales_currency=currency,
        fees=_fees(sales, fixed, currency),
        list_price=ListPrice(
            rate=text(rate.amount),
            fixed=text(fixed.amount),
            currency=fixed.currency,
            source=fixed.source,
            dated=fixed.dated,
        ),
        floor=reader.floor(region),
        prices=prices,
    )


def view(found: Economics) -> UnitEconomicsView:
    """Write the figures."""
    period, sales = found.period, found.sales
    with exactly():
        thousandfold = found.variable * 1_000
    return UnitEconomicsView(
        from_=period.since,
        to=period.until,
        currency=found.currency,
        complete=period.is_complete,
        collected_until=period.collected_until,
        price_versions=found.price_versions,
        orders=OrderCounts(placed=sales.placed, paid=sales.paid),
        variable=VariableView(
            total=text(found.variable),
            requests=found.requests,
            per_order=optional_text(found.per_order),
            per_1000_requests=optional_text(quotient(thousandfold, found.requests)),
        ),
        floor=_floor(found),
        revenue=RevenueView(
            currency=found.sales_currency,
            charged=minor(sales.charged_minor),
            refunded=minor(sales.refunded_minor),
            tax=minor(sales.tax_minor),
            net=f"{found.net:f}",
        ),
        payment_fees=_fees_view(found),
        margin=MarginView(
            total=optional_text(found.margin),
            per_order=optional_text(found.margin_per_order),
            unknown_because=found.unknown_because,
        ),
    )


def volumes(found: Economics) -> list[VolumeView]:
    """Say what an order costs at each volume."""
    views = []
    for orders in VOLUMES:
        floor = quotient(found.monthly, orders) or Decimal(0)
        with exactly():
            cost = None if found.per_order is None else found.per_order + floor
            margin = None if found.margin_per_order is None else found.margin_per_order - floor
        views.append(
            VolumeView(
                orders_per_month=orders,
                floor_per_order=text(floor),
                cost_per_order=optional_text(cost),
                floor_share=None if cost is None else optional_text(quotient(floor, cost)),
                margin_per_order=optional_text(margin),
            )
        )
    return views


def _floor(found: Economics) -> FloorView:
    return FloorView(
        region=found.prices.region,
        price_version=found.prices.version,
        monthly_total=text(found.monthly),
        items=[
            FloorItemView(
                name=item.name,
                resource=item.resource,
                quantity=text(item.quantity),
                unit=item.unit,
                monthly_amount=text(item.monthly_amount),
            )
            for item in found.floor
        ],
        not_declared=found.not_declared,
        notes=[
            assumptions.BROKER,
            assumptions.LIST_PRICES,
            assumptions.NOT_ITEMISED,
            assumptions.confirmation(found.prices),
        ],
        volumes=volumes(found),
    )


def _fees(sales: Sales, fixed: Price, currency: str) -> Decimal | None:
    if sales.untold_payments and fixed.currency != currency:
        return None
    return to_decimal(sales.told_minor + sales.estimated_minor)


def _fees_view(found: Economics) -> PaymentFeesView:
    sales = found.sales
    return PaymentFeesView(
        basis=_BASES[sales.told_payments > 0, sales.untold_payments > 0],
        total=None if found.fees is None else f"{found.fees:f}",
        told_payments=sales.told_payments,
        told_amount=minor(sales.told_minor),
        estimated_payments=sales.untold_payments,
        estimated_amount=None if found.fees is None else minor(sales.estimated_minor),
        list_price=found.list_price,
    )
