"""What a cart costs at a destination."""

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from tests.support.containers import Container
from tests.support.orders import ADDRESS, OrderingShop
from tests.support.products import change, set_on_hand

_GERMANY = {"country": "DE", "postal_code": "10115"}


@pytest.fixture
def shop(container: Container) -> OrderingShop:
    """A shop in which one can order."""
    return OrderingShop(container)


def _quote(shop: OrderingShop, token: str, **body: Any) -> Any:
    answer = shop.post("/api/cart/quote", json=body, token=token)
    assert answer.status == 200, answer.text
    return answer.json


def _cents(amount: Decimal) -> float:
    return float(amount.quantize(Decimal("0.01"), ROUND_HALF_UP))


def test_a_quote_shows_lines_with_tax_every_shipping_option_and_totals(shop: OrderingShop) -> None:
    """vendure #2662, woocommerce #23917: the tax of shipping was missing (anchor A22)."""
    token = shop.shopper()
    shop.fill_cart(token, shop.product(name="A", price_minor=999), quantity=3)
    cart = shop.fill_cart(token, shop.product(name="B", price_minor=101))
    quote = _quote(shop, token, **_GERMANY)

    rate = Decimal("0.19")
    taxes = [_cents(Decimal("29.97") * rate), _cents(Decimal("1.01") * rate)]
    delivery = _cents(Decimal("14.99") * rate)
    assert quote["cart_id"] == cart
    assert [(line["name"], line["tax"], line["obstacle"]) for line in quote["lines"]] == [
        ("A", taxes[0], None),
        ("B", taxes[1], None),
    ]
    assert (quote["subtotal"], quote["shipping"], quote["shipping_tax"]) == (30.98, 14.99, delivery)
    assert quote["tax"] == round(sum(taxes) + delivery, 2)
    assert quote["total"] == round(30.98 + 14.99 + quote["tax"], 2)
    assert (quote["shipping_method"], quote["currency"]) == ("standard", "USD")
    standard, express = quote["shipping_options"]
    assert (standard["method"], standard["price"], standard["tax"]) == ("standard", 14.99, delivery)
    assert standard["total"] == quote["total"]
    assert (express["method"], express["price"]) == ("express", 39.99)
    days = date.fromisoformat(express["estimated_delivery"]) - datetime.now(UTC).date()
    assert timedelta(3) <= days <= timedelta(4)
    assert datetime.fromisoformat(quote["expires_at"]) > datetime.now(UTC)


@pytest.mark.parametrize("method", ["standard", "express"])
def test_a_checkout_charges_what_was_quoted(shop: OrderingShop, method: str) -> None:
    token = shop.shopper()
    cart = shop.fill_cart(token, shop.product(price_minor=3333), quantity=3)
    address = ADDRESS | {"region": "New York", "postal_code": "10001", "city": "New York"}
    quote = _quote(shop, token, shipping_address=address, shipping_method=method)
    answer = shop.check_out(
        token,
        cart,
        shipping_address=address,
        shipping_method=method,
        expected_total=quote["total"],
    )

    assert answer.status == 201, answer.text
    same = ("subtotal", "tax", "shipping", "shipping_tax", "total", "prices_include_tax")
    assert {name: answer.json[name] for name in same} == {name: quote[name] for name in same}
    assert [item["tax"] for item in answer.json["items"]] == [quote["lines"][0]["tax"]]
    assert answer.json["tax_rule"] == "line_half_up"
    # New York taxes shipping.
    assert (answer.json["shipping_tax"] > 0) == (answer.json["shipping"] > 0)


def test_a_total_that_has_changed_is_refused_with_the_new_figures(shop: OrderingShop) -> None:
    token, phone = shop.shopper(), shop.product(price_minor=10000)
    cart = shop.fill_cart(token, phone)
    total = _quote(shop, token, shipping_address=ADDRESS)["total"]
    change(shop.container.database, phone, price_minor=12000)
    refused = shop.check_out(token, cart, expected_total=total)

    assert (refused.status, refused.code) == (409, "total_changed")
    figures = {error["field"]: error["message"] for error in refused.json["errors"]}
    assert figures == {"total": "128.70", "subtotal": "120.00", "tax": "8.70", "shipping": "0.00"}
    assert shop.get("/api/orders", token=token).json["orders"] == []
    assert shop.check_out(token, cart, expected_total=128.70).status == 201


@pytest.mark.parametrize("region", ["California", "US-CA", "Calif.", "CA", "ca"])
def test_a_region_is_taxed_however_it_is_spelled(shop: OrderingShop, region: str) -> None:
    """medusa #14571, bagisto #1467 (anchor A21)."""
    token = shop.shopper()
    cart = shop.fill_cart(token, shop.product(price_minor=10000))
    assert _quote(shop, token, country="US", region=region)["tax"] == 7.25
    answer = shop.check_out(token, cart, shipping_address=ADDRESS | {"region": region})
    assert (answer.status, answer.json["tax"]) == (201, 7.25)
    order = shop.get(f"/api/orders/{answer.json['order_id']}", token=token).json
    assert order["shipping_address"] == ADDRESS


@pytest.mark.parametrize("region", ["Kalifornia", "Ontario", None])
def test_tax_is_never_silently_zero(shop: OrderingShop, region: str | None) -> None:
    """medusa #14571, bagisto #1467 (anchor A21)."""
    token = shop.shopper()
    cart = shop.fill_cart(token, shop.product())
    quoted = shop.post("/api/cart/quote", json={"country": "US", "region": region}, token=token)
    assert (quoted.status, quoted.json["errors"][0]["field"]) == (400, "region")
    answer = shop.check_out(token, cart, shipping_address=ADDRESS | {"region": region})
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert [error["field"] for error in answer.json["errors"]] == ["shipping_address.region"]


def test_a_line_that_cannot_be_bought_is_explained_removable_and_not_in_the_total(
    shop: OrderingShop,
) -> None:
    """magento2 #35780, saleor #16155 #16156 (anchor A32)."""
    token = shop.shopper()
    withdrawn, scarce, gone = shop.product(), shop.product(), shop.product()
    for product in (withdrawn, scarce, gone):
        shop.fill_cart(token, product, quantity=2)
    shop.fill_cart(token, shop.product(price_minor=1000))
    change(shop.container.database, withdrawn, is_active=False)
    set_on_hand(shop.container.database, scarce, 1)
    set_on_hand(shop.container.database, gone, 0)
    cart = shop.get("/api/cart", token=token).json

    obstacles = ["not_sold", "insufficient_stock", "out_of_stock", None]
    assert [line.get("obstacle") for line in cart["items"]] == obstacles
    assert cart["total"] == 10.0
    quote = _quote(shop, token, country="US", region="OR")
    assert [line["obstacle"] for line in quote["lines"]] == obstacles
    assert (quote["subtotal"], quote["total"]) == (10.0, 15.99)
    for product in (withdrawn, scarce, gone):
        assert shop.delete(f"/api/cart/items/{product}", token=token).status == 200
    left = shop.get("/api/cart", token=token).json
    assert (len(left["items"]), left["total"]) == (1, 10.0)


def test_a_cart_without_a_line_that_can_be_bought_has_no_quote(shop: OrderingShop) -> None:
    token, product = shop.shopper(), shop.product()
    assert shop.post("/api/cart/quote", json=_GERMANY, token=token).code == "cart_empty"
    shop.fill_cart(token, product)
    change(shop.container.database, product, is_active=False)
    answer = shop.post("/api/cart/quote", json=_GERMANY, token=token)
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert answer.json["errors"] == [{"field": f"items[{product}]", "message": "is not sold"}]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "country"),
        ({"country": "XX"}, "country"),
        ({"country": "US", "shipping_address": ADDRESS}, "country"),
        ({"country": "US", "region": "CA", "postal_code": "94105-XX"}, "postal_code"),
        ({"country": "DE", "shipping_method": "rocket"}, "shipping_method"),
        ({"shipping_address": ADDRESS | {"postal_code": None}}, "shipping_address.postal_code"),
    ],
)
def test_a_wrong_destination_is_refused_by_field(
    shop: OrderingShop, body: dict[str, Any], field: str
) -> None:
    token = shop.shopper()
    shop.fill_cart(token, shop.product())
    answer = shop.post("/api/cart/quote", json=body, token=token)
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert [error["field"] for error in answer.json["errors"]] == [field]
