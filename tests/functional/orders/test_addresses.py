"""Orders to addresses of several countries."""

from typing import Any

import pytest

from tests.support.orders import OrderingShop

_PERSON = {"name": "Ada Lovelace", "line1": "1 Main Street"}


@pytest.mark.parametrize(
    "place",
    [
        {"country": "QA", "city": "Doha"}, {"country": "AE", "region": "Dubai"},
        {"country": "HK", "region": "Kowloon"}, {"country": "IE", "city": "Dublin"},
        {"country": "JO", "city": "Amman"}, {"country": "PA", "city": "Panamá"},
        {"country": "SG", "postal_code": "546080"}, {"country": "MO"},
        {"country": "AR", "city": "Rosario"}, {"country": "ZW", "city": "Harare"},
    ],
    ids=lambda place: place["country"],
)  # fmt: skip
def test_an_order_needs_no_field_that_its_country_does_not_have(
    shop: OrderingShop, place: dict[str, str]
) -> None:
    """reaction #3530, odoo #985, woocommerce #50752 (anchor A24)."""
    token = shop.shopper()
    cart = shop.fill_cart(token, shop.product())
    answer = shop.check_out(token, cart, shipping_address=_PERSON | place)
    assert answer.status == 201, answer.text
    order = shop.get(f"/api/orders/{answer.json['order_id']}", token=token).json
    assert order["shipping_address"] == _PERSON | place


@pytest.mark.parametrize(
    ("place", "field", "message"),
    [
        (
            {"country": "US", "city": "San Francisco", "region": "CA", "postal_code": "94105-XX"},
            "postal_code",
            "ZIP code must look like 95014 or 22162-1010",
        ),
        (
            {"country": "JP", "city": "Chiyoda", "postal_code": "100-0001"},
            "region",
            "prefecture is required",
        ),
    ],
)
def test_a_wrong_field_is_named_in_the_words_of_the_country(
    shop: OrderingShop, place: dict[str, Any], field: str, message: str
) -> None:
    token = shop.shopper()
    cart = shop.fill_cart(token, shop.product())
    answer = shop.check_out(token, cart, shipping_address=_PERSON | place)
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert answer.json["errors"] == [{"field": f"shipping_address.{field}", "message": message}]
