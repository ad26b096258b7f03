"""Checkouts that are refused before an order is made."""

from typing import Any

import pytest

from shop.domain.ids import new_id
from tests.support.orders import ADDRESS, OrderingShop
from tests.support.products import change
from tests.support.stock import query


def test_another_cart_is_not_found(shop: OrderingShop) -> None:
    phone, token = shop.product(), shop.shopper()
    shop.fill_cart(token, phone)
    foreign = shop.fill_cart(shop.shopper(), phone)
    for cart in (foreign, str(new_id())):
        answer = shop.check_out(token, cart)
        assert (answer.status, answer.code) == (404, "cart_not_found")
    assert query(shop.database_url, "SELECT count(*) FROM orders") == [(0,)]


def test_an_empty_cart_cannot_be_bought(shop: OrderingShop) -> None:
    token = shop.shopper()
    cart = shop.fill_cart(token, shop.product())
    shop.delete("/api/cart", token=token)
    answer = shop.check_out(token, cart)
    assert (answer.status, answer.code) in {(400, "cart_empty"), (404, "cart_not_found")}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("country", "us"), ("country", "USA"), ("country", "XX"), ("country", "US\n"),
        ("name", ""), ("name", "   "), ("name", "a\nBcc: all"), ("name", "x" * 101), ("name", 1),
        ("line1", None), ("line2", "y" * 201), ("city", "\u0007"), ("region", ""),
        ("postal_code", "1" * 21), ("planet", "Earth"),
    ],
)  # fmt: skip
def test_a_wrong_address_is_refused_by_field(shop: OrderingShop, field: str, value: object) -> None:
    token = shop.shopper()
    cart = shop.fill_cart(token, shop.product())
    answer = shop.check_out(token, cart, shipping_address=ADDRESS | {field: value})
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert [error["field"] for error in answer.json["errors"]] == [f"shipping_address.{field}"]
    assert query(shop.database_url, "SELECT count(*) FROM orders") == [(0,)]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"payment_method_id": ""}, "payment_method_id"),
        ({"payment_method_id": "pm visa"}, "payment_method_id"),
        ({"payment_method_id": "p" * 256}, "payment_method_id"),
        ({"shipping_method": "Rocket"}, "shipping_method"),
        ({"shipping_method": "rocket"}, "shipping_method"),
        ({"cart_id": "x"}, "cart_id"),
        ({"shipping_address": None}, "shipping_address"),
    ],
)
def test_other_wrong_fields_are_refused(
    shop: OrderingShop, changes: dict[str, Any], field: str
) -> None:
    token = shop.shopper()
    cart = shop.fill_cart(token, shop.product())
    answer = shop.check_out(token, cart, **changes)
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert answer.json["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("columns", "quantity", "field"),
    [
        ({"price_minor": 60_000_000}, 2, "total"),
        ({"currency": "EUR"}, 1, "items[{product}]"),
    ],
)
def test_what_cannot_be_charged_is_refused(
    shop: OrderingShop, columns: dict[str, object], quantity: int, field: str
) -> None:
    phone, token = shop.product(), shop.shopper()
    cart = shop.fill_cart(token, phone, quantity=quantity)
    change(shop.container.database, phone, **columns)
    answer = shop.check_out(token, cart)
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert answer.json["errors"][0]["field"] == field.format(product=phone)
    assert query(shop.database_url, "SELECT count(*) FROM orders") == [(0,)]


def test_the_key_and_a_session_are_required(shop: OrderingShop) -> None:
    token = shop.shopper()
    cart = shop.fill_cart(token, shop.product())
    body = {"cart_id": cart, "shipping_address": ADDRESS, "payment_method_id": "pm_card_visa"}
    without = shop.post("/api/orders/checkout", json=body, token=token)
    assert (without.status, without.code) == (400, "idempotency_key_required")
    assert shop.post("/api/orders/checkout", json=body, key="k").code == "session_required"
    assert shop.check_out(token + "x", cart).code == "session_expired"
