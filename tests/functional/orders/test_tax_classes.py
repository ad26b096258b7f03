"""Tax classes of products, from the catalog to the refund, and a provider of taxes that fails."""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any, override
from uuid import uuid4

import pytest

from shop.domain.errors import DependencyUnavailable
from shop.domain.sessions import Role
from shop.domain.tax import Assessment, Sale
from shop.services.orders.ports import TaxProvider
from tests.support.builders import add_categories
from tests.support.orders import ADDRESS, OrderingShop
from tests.support.payments import paying_container
from tests.support.rates import restore_rates
from tests.support.stock import query

_GERMANY = ADDRESS | {"country": "DE", "region": None, "city": "Berlin", "postal_code": "10115"}
_PERCENT = {"standard": Decimal(19), "reduced": Decimal(7), "zero": Decimal(0)}
_CLASSES = [*_PERCENT, "unheard_of"]


def _set_rates(shop: OrderingShop) -> int:
    """Set rates with classes for Germany; return their version."""
    rates: list[dict[str, Any]] = [{"country": "*", "percent": 0}]
    for name, percent in _PERCENT.items():
        rate = {"country": "DE", "tax_class": name, "percent": float(percent)}
        rates.append(rate | {"on_shipping": name == "standard"})
    answer = shop.call(
        "PUT", "/api/admin/tax-rates", json={"rates": rates}, token=shop.shopper(Role.STAFF)
    )
    assert answer.status == 200, answer.text
    return int(answer.json["version"])


@pytest.fixture(params=[False, True], ids=["tax added", "tax included"])
def shop(
    request: pytest.FixtureRequest, database: str, redis: str, stripe: str
) -> Iterator[OrderingShop]:
    with paying_container(database, redis, stripe, prices_include_tax=request.param) as made:
        add_categories(made.database)
        yield OrderingShop(made)
    restore_rates(database)


def _tax(amount: Decimal, percent: Decimal, *, included: bool) -> Decimal:
    tax = amount - amount / (1 + percent / 100) if included else amount * percent / 100
    return tax.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _decimal(amount: float) -> Decimal:
    return Decimal(str(amount)).quantize(Decimal("0.01"))


def test_quote_checkout_order_and_refund_tax_each_line_by_its_class(shop: OrderingShop) -> None:
    version = _set_rates(shop)
    random, token = Random(9), shop.shopper()
    for number in range(9):
        product = shop.product(
            name=f"Thing {number}",
            price_minor=random.randint(1, 9_999),
            tax_class=_CLASSES[number % len(_CLASSES)],
        )
        cart = shop.fill_cart(token, product, quantity=random.randint(1, 5))
    quote = shop.post("/api/cart/quote", json={"shipping_address": _GERMANY}, token=token).json
    included = quote["prices_include_tax"]
    for number, line in enumerate(quote["lines"]):
        name = _CLASSES[number % len(_CLASSES)]
        percent = _PERCENT.get(name, _PERCENT["standard"])
        assert (line["tax_class"], line["tax_percent"]) == (name, float(percent))
        tax = _tax(_decimal(line["subtotal"]), percent, included=included)
        assert _decimal(line["tax"]) == tax
    shipping = _decimal(quote["shipping"])
    assert _decimal(quote["shipping_tax"]) == _tax(
        shipping, _PERCENT["standard"], included=included
    )
    tax = sum(_decimal(line["tax"]) for line in quote["lines"]) + _decimal(quote["shipping_tax"])
    assert _decimal(quote["tax"]) == tax
    due = _decimal(quote["subtotal"]) + shipping + (0 if included else tax)
    assert _decimal(quote["total"]) == due

    answer = shop.check_out(
        token, cart, shipping_address=_GERMANY, expected_total=quote["total"], pay_now=True
    )
    assert answer.status == 201, answer.text
    fields = ("product_id", "subtotal", "tax", "tax_class", "tax_percent")
    lines = {line["product_id"]: [line[name] for name in fields] for line in quote["lines"]}
    order = shop.get(f"/api/orders/{answer.json['order_id']}", token=token).json
    for shown in (answer.json, order):
        assert {i["product_id"]: [i[name] for name in fields] for i in shown["items"]} == lines

    # A change of classes and rates does not reach the order; a line is refunded with its own tax.
    query(shop.database_url, "UPDATE products SET tax_class = 'zero' RETURNING id")
    _set_rates(shop)
    staff = shop.shopper(Role.STAFF)
    for item in order["items"]:
        sent = {"product_id": item["product_id"], "quantity": item["quantity"], "restock": False}
        refund = shop.post(
            f"/api/orders/{order['order_id']}/refunds",
            json={"lines": [sent], "reason": "damaged"},
            token=staff,
            key=str(uuid4()),
        )
        assert refund.status == 201, refund.text
        assert refund.json["tax"] == item["tax"]
        added = Decimal(0) if included else _decimal(item["tax"])
        assert _decimal(refund.json["amount"]) == _decimal(item["subtotal"]) + added
    stored = query(
        shop.database_url,
        "SELECT o.tax_rates_version, o.tax_rate_ppm, i.tax_class, i.tax_rate_ppm FROM orders AS o"
        " JOIN order_items AS i ON i.order_id = o.id ORDER BY i.name",
    )
    rates = {name: int(percent * 10_000) for name, percent in _PERCENT.items()}
    classes = [_CLASSES[number % len(_CLASSES)] for number in range(9)]
    assert stored == [(version, 190_000, name, rates.get(name, 190_000)) for name in classes]


class _Fails(TaxProvider):
    """A provider that does not answer until it is `mended`."""

    def __init__(self, mended: TaxProvider) -> None:
        self.mended = mended
        self.is_mended = False
        self.sales: list[Sale] = []

    @override
    def assess(self, sale: Sale) -> Assessment:
        self.sales.append(sale)
        if self.is_mended:
            return self.mended.assess(sale)
        raise DependencyUnavailable("tax-service")


def test_nothing_is_priced_while_the_provider_of_taxes_does_not_answer(
    paying_shop: OrderingShop,
) -> None:
    """medusa #14571: tax was silently zero (anchor A21)."""
    shop = paying_shop
    provider = _Fails(shop.container.tax_provider)
    shop.container.tax_provider = provider
    token = shop.shopper()
    cart = shop.fill_cart(token, shop.product(price_minor=10000))
    quoted = shop.post("/api/cart/quote", json={"shipping_address": ADDRESS}, token=token)
    refused = shop.check_out(token, cart, key="purchase")
    for answer in (quoted, refused):
        assert (answer.status, answer.code) == (503, "tax_unavailable")
        assert int(answer.headers["retry-after"]) > 0
    assert query(shop.database_url, "SELECT count(*) FROM orders") == [(0,)]
    # The provider learns where it goes, and not to whom.
    assert {name for sale in provider.sales for name in sale.destination} == {
        "country", "region", "postal_code", "city", "line1",
    }  # fmt: skip

    provider.is_mended = True
    again: Any = shop.check_out(token, cart, key="purchase")
    assert (again.status, again.json["tax"]) == (201, 7.25)
