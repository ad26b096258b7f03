"""Shops of other currencies, and shops whose prices include tax."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.builders import add_categories
from tests.support.orders import ADDRESS, OrderingShop
from tests.support.payments import paying_container
from tests.support.products import change
from tests.support.stock import query

_OREGON = ADDRESS | {"region": "OR", "city": "Portland", "postal_code": "97201"}
_GERMANY = ADDRESS | {"country": "DE", "region": None, "city": "Berlin", "postal_code": "10115"}


@contextmanager
def _shop(database: str, redis: str, stripe: str, **settings: Any) -> Iterator[OrderingShop]:
    with paying_container(database, redis, stripe, **settings) as made:
        add_categories(made.database)
        yield OrderingShop(made)


@pytest.mark.parametrize(
    ("currency", "price_minor", "price", "total", "charged"),
    [("JPY", 6000, "6000", "6000", 6000), ("KWD", 5120, "5.120", "5.120", 5120),
     ("USD", 6000, "60.00", "60.00", 6000)],
)  # fmt: skip
def test_a_charge_is_in_the_minor_unit_of_the_currency(
    database: str,
    redis: str,
    stripe: str,
    currency: str,
    price_minor: int,
    price: str,
    total: str,
    charged: int,
) -> None:
    """woocommerce-gateway-stripe #2720, Paymenter #1258 (anchor A23)."""
    with _shop(database, redis, stripe, currency=currency) as shop:
        token = shop.shopper()
        product = shop.product(price_minor=price_minor)
        change(shop.container.database, product, currency=currency)
        cart = shop.fill_cart(token, product)
        assert f'"price":{price},' in shop.get("/api/cart", token=token).text
        answer = shop.check_out(token, cart, shipping_address=_OREGON, pay_now=True)
        assert (answer.status, answer.json["status"]) == (201, "PAID"), answer.text
        assert f'"total":{total},"currency":"{currency}"' in answer.text
        assert query(shop.database_url, "SELECT amount_minor, currency FROM payments") == [
            (charged, currency)
        ]
        intent = shop.container.payment_provider.retrieve(answer.json["payment_intent_id"])
        assert (intent.amount_minor, intent.currency) == (charged, currency)


@pytest.mark.parametrize("quantity", [1, 3, 7])
def test_prices_that_include_tax_add_up_to_what_was_shown(
    database: str, redis: str, stripe: str, quantity: int
) -> None:
    """vendure #3047: the total of inclusive prices was off by a cent (anchor A22)."""
    with _shop(database, redis, stripe, prices_include_tax=True) as shop:
        token = shop.shopper()
        cart = shop.fill_cart(token, shop.product(price_minor=999), quantity=quantity)
        body = {"shipping_address": _GERMANY}
        quote = shop.post("/api/cart/quote", json=body, token=token).json
        answer = shop.check_out(
            token, cart, shipping_address=_GERMANY, expected_total=quote["total"]
        )
        assert answer.status == 201, answer.text
        order = answer.json
        assert order["subtotal"] == round(9.99 * quantity, 2)
        assert order["total"] == round(9.99 * quantity + 14.99, 2)
        assert order["prices_include_tax"] is True
        goods, delivery = 999 * quantity, 1499
        taxes = [round(gross - gross / 1.19) for gross in (goods, delivery)]
        assert [order["items"][0]["tax"], order["shipping_tax"]] == [t / 100 for t in taxes]
        assert order["tax"] == sum(taxes) / 100
