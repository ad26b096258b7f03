"""Tax and shipping rates by API."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.functional.orders.test_sample_events import sample
from tests.support.orders import ADDRESS, OrderingShop
from tests.support.rates import restore_rates
from tests.support.stock import query

_TAX = "/api/admin/tax-rates"
_SHIPPING = "/api/admin/shipping-rates"


@pytest.fixture(autouse=True)
def _rates_of_the_migrations(shop: OrderingShop) -> Iterator[None]:
    yield
    restore_rates(shop.database_url)


def _put(shop: OrderingShop, staff: str, path: str, *rates: Any, **more: Any) -> Any:
    answer = shop.call("PUT", path, json={"rates": list(rates)} | more, token=staff)
    assert answer.status == 200, answer.text
    return answer.json


def _ordered(shop: OrderingShop) -> Any:
    token = shop.shopper()
    answer = shop.check_out(token, shop.fill_cart(token, shop.product(price_minor=10000)))
    assert answer.status == 201, answer.text
    return answer.json


def test_the_rates_that_are_valid_now_are_shown(shop: OrderingShop, staff: str) -> None:
    tax = shop.get(_TAX, token=staff).json
    assert tax["valid_from"] is None
    rates = {(rate["country"], rate["region"]): rate for rate in tax["rates"]}
    assert rates["US", "CA"]["percent"] == 7.25
    assert rates["US", "CA"]["on_shipping"] is False
    assert rates["DE", "*"] == {
        "country": "DE", "region": "*", "tax_class": "standard", "percent": 19.0, "on_shipping": True,
    }  # fmt: skip
    shipping = shop.get(_SHIPPING, token=staff).json["rates"]
    assert {
        "country": "US", "method": "standard", "price": 5.99, "free_from": 50.0, "delivery_days": 5,
    } in shipping  # fmt: skip


def test_an_order_keeps_the_rates_with_which_it_was_priced(shop: OrderingShop, staff: str) -> None:
    before = _ordered(shop)
    tax = _put(
        shop,
        staff,
        _TAX,
        {"country": "*", "percent": 0},
        {"country": "US", "percent": 1},
        {"country": "US", "region": "California", "percent": 8.25, "on_shipping": True},
    )
    shipping = _put(
        shop,
        staff,
        _SHIPPING,
        {"country": "*", "method": "standard", "price": 8, "delivery_days": 3},
    )
    after = _ordered(shop)
    assert (before["tax"], before["shipping"]) == (7.25, 0.0)
    assert (after["tax"], after["shipping_tax"], after["shipping"]) == (8.91, 0.66, 8.0)
    assert query(
        shop.database_url,
        "SELECT id::text, tax_minor, tax_rates_version, shipping_rates_version FROM orders"
        " ORDER BY created_at",
    ) == [
        (before["order_id"], 725, 1, 2),
        (after["order_id"], 891, tax["version"], shipping["version"]),
    ]
    actors = query(
        shop.database_url, "SELECT created_by IS NULL FROM rate_versions ORDER BY version"
    )
    assert actors == [(True,), (True,), (False,), (False,)]


def test_a_rate_has_up_to_four_decimals(shop: OrderingShop, staff: str) -> None:
    """New York City has 8.875 percent (anchor A22)."""
    city = {"country": "US", "region": "NY", "percent": 8.875}
    exact = {"country": "DE", "percent": 0.0001}
    put = _put(shop, staff, _TAX, {"country": "*", "percent": 0}, exact, city)
    shown = shop.get(_TAX, token=staff).json
    assert shown["rates"] == put["rates"] != []
    assert [rate["percent"] for rate in shown["rates"]] == [0, 0.0001, 8.875]
    token = shop.shopper()
    cart = shop.fill_cart(token, shop.product(price_minor=20_000))
    address = ADDRESS | {"region": "NY", "postal_code": "10001", "city": "New York"}
    order = shop.check_out(token, cart, shipping_address=address)
    assert order.status == 201, order.text
    seen = shop.get(f"/api/orders/{order.json['order_id']}", token=token).json
    assert (seen["tax"], seen["items"][0]["tax_percent"]) == (17.75, 8.875)
    # What the last release reads, and the rate of an order that it has written.
    assert query(
        shop.database_url,
        "SELECT o.tax_rate_bps, i.tax_rate_bps FROM orders o JOIN order_items i ON i.order_id = o.id",
    ) == [(888, 888)]
    with psycopg.connect(shop.database_url) as connection:
        connection.execute("UPDATE order_items SET tax_rate_ppm = NULL, tax_rate_bps = 725")
    seen = shop.get(f"/api/orders/{order.json['order_id']}", token=token).json
    assert seen["items"][0]["tax_percent"] == 7.25


def _audit(shop: OrderingShop, staff: str, version: int) -> Any:
    answer = shop.get("/api/admin/audit", query={"subject_id": version}, token=staff)
    (row,) = answer.json["rows"]
    return row


@pytest.mark.parametrize(
    ("path", "subject", "rate"),
    [
        (_TAX, "tax_rates", {"country": "*", "percent": 1.5}),
        (_SHIPPING, "shipping_rates",
         {"country": "*", "method": "standard", "price": 8, "delivery_days": 3}),
    ],
)  # fmt: skip
def test_a_change_of_rates_is_audited_with_what_was_and_what_is(
    shop: OrderingShop, staff: str, path: str, subject: str, rate: dict[str, Any]
) -> None:
    before = shop.get(path, token=staff).json
    first = _put(shop, staff, path, rate)
    second = _put(shop, staff, path, rate, valid_from="2999-01-01T00:00:00Z")
    for replaced, made in ((before, first), (first, second)):
        row = _audit(shop, staff, made["version"])
        assert (row["action"], row["subject"]) == (f"{subject}.set", subject)
        assert (row["before"], row["after"]) == (replaced, made)
        created_by = query(
            shop.database_url,
            "SELECT created_by::text FROM rate_versions WHERE version = %s",
            (made["version"],),
        )
        assert created_by == [(row["actor_id"],)]
        assert row["actor_role"] == "staff"


def test_rates_are_not_changed_without_their_audit_row(shop: OrderingShop, staff: str) -> None:
    broken = (
        "ALTER TABLE audit_log ADD CONSTRAINT broken CHECK (action <> 'tax_rates.set') NOT VALID"
    )
    with psycopg.connect(shop.database_url) as connection:
        connection.execute(broken)
    try:
        answer = shop.call(
            "PUT", _TAX, json={"rates": [{"country": "*", "percent": 1}]}, token=staff
        )
        assert answer.status == 500
        assert query(shop.database_url, "SELECT count(*) FROM rate_versions") == [(2,)]
    finally:
        with psycopg.connect(shop.database_url) as connection:
            connection.execute("ALTER TABLE audit_log DROP CONSTRAINT broken")


def test_future_rates_apply_from_their_start(shop: OrderingShop, staff: str) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    later = _put(shop, staff, _TAX, {"country": "*", "percent": 50}, valid_from=tomorrow)
    assert datetime.fromisoformat(later["valid_from"]) == datetime.fromisoformat(tomorrow)
    assert shop.get(_TAX, token=staff).json["version"] == 1
    assert _ordered(shop)["tax"] == 7.25
    # The rates have become valid.
    with psycopg.connect(shop.database_url) as connection:
        connection.execute(
            "UPDATE rate_versions SET valid_from = now() WHERE version = %s", (later["version"],)
        )
    assert _ordered(shop)["tax"] == 50.0


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (_TAX, {"rates": []}, "rates"),
        (_TAX, {"rates": [{"country": "DE", "percent": 19}]}, "rates"),
        (_TAX, {"rates": [{"country": "*", "percent": 100.01}]}, "rates[0].percent"),
        (_TAX, {"rates": [{"country": "*", "percent": -1}]}, "rates[0].percent"),
        (_TAX, {"rates": [{"country": "*", "percent": 1.23456}]}, "rates[0].percent"),
        (_TAX, {"rates": [{"country": "XX", "percent": 1}]}, "rates[0].country"),
        (
            _TAX,
            {"rates": [{"country": "US", "region": "Bavaria", "percent": 1}]},
            "rates[0].region",
        ),
        (_TAX, {"rates": [{"country": "*", "percent": 1}] * 2}, "rates[1]"),
        (
            _TAX,
            {
                "rates": [{"country": "*", "percent": 1}]
                + [{"country": "DE", "tax_class": "reduced", "percent": 7}] * 2
            },
            "rates[2]",
        ),
        (
            _TAX,
            {"rates": [{"country": "*", "percent": 1, "tax_class": "Reduced"}]},
            "rates[0].tax_class",
        ),
        (
            _TAX,
            {
                "rates": [
                    {"country": "*", "percent": 1},
                    {"country": "DE", "percent": 7, "tax_class": "reduced"},
                ]
            },
            "rates[1].tax_class",
        ),
        (
            _TAX,
            {
                "rates": [
                    {"country": "*", "percent": 1},
                    {"country": "*", "percent": 7, "tax_class": "reduced", "on_shipping": True},
                ]
            },
            "rates[1].on_shipping",
        ),
        (
            _TAX,
            {"rates": [{"country": "*", "percent": 1}], "valid_from": "2020-01-01T00:00:00Z"},
            "valid_from",
        ),
        (
            _SHIPPING,
            {"rates": [{"country": "*", "method": "s", "price": 0.001, "delivery_days": 1}]},
            "rates[0].price",
        ),
    ],
)
def test_wrong_rates_are_refused_by_field(
    shop: OrderingShop, staff: str, path: str, body: Any, field: str
) -> None:
    answer = shop.call("PUT", path, json=body, token=staff)
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert answer.json["errors"][0]["field"] == field
    assert query(shop.database_url, "SELECT count(*) FROM rate_versions") == [(2,)]


def test_tax_without_a_rate_is_refused_not_zero(shop: OrderingShop) -> None:
    """medusa #14571: tax was silently zero (anchor A21)."""
    with psycopg.connect(shop.database_url) as connection:
        connection.execute(
            "WITH added AS (INSERT INTO rate_versions (kind, valid_from) VALUES ('tax', now())"
            " RETURNING version) INSERT INTO tax_rates (version, country, rate_ppm)"
            " SELECT version, 'DE', 190000 FROM added"
        )
    token = shop.shopper()
    answer = shop.check_out(token, shop.fill_cart(token, shop.product()), shipping_address=ADDRESS)
    assert (answer.status, answer.json["errors"][0]["field"]) == (400, "shipping_address.country")


def test_only_staff_sees_and_sets_rates(shop: OrderingShop, staff: str) -> None:
    for function in ("get_tax_rates", "set_tax_rates", "get_shipping_rates", "set_shipping_rates"):
        for token, status in ((shop.shopper(), 403), (staff, 200)):
            answer = shop.invoke(f"orders/{function}", sample(f"orders/{function}", token))
            assert answer["statusCode"] == status, answer
