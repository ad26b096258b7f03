"""POST /api/orders/checkout, with the real steps of the state machine behind it."""

import uuid
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from shop.domain.errors import DependencyUnavailable
from shop.domain.orders import order_number
from shop.domain.sessions import Role
from tests.support.builders import lapse
from tests.support.orders import ADDRESS, CONTACT, OrderingShop
from tests.support.payments import events_of, status_of, timeline_of
from tests.support.products import change, set_on_hand
from tests.support.stock import levels, query
from tests.support.wire import counting


def test_a_cart_becomes_an_order(shop: OrderingShop) -> None:
    phone, case = shop.product(price_minor=99999), shop.product(name="Case", price_minor=1950)
    token = shop.shopper()
    shop.fill_cart(token, phone)
    cart = shop.fill_cart(token, case, quantity=2)

    answer = shop.check_out(token, cart)

    assert answer.status == 201, answer.text
    order = answer.json
    order_id = UUID(order["order_id"])
    assert answer.headers["location"] == f"/api/orders/{order_id}"
    assert UUID(answer.headers["x-correlation-id"])
    assert order["status"] == "PENDING"
    assert sorted(
        (i["name"], i["price"], i["quantity"], i["subtotal"]) for i in order["items"]
    ) == [
        ("Case", 19.5, 2, 39.0),
        ("Product", 999.99, 1, 999.99),
    ]
    # California: 7.25 % of 1038.99; shipping is free from 50.00.
    assert '"subtotal":1038.99,"tax":75.33,"shipping":0.00,"total":1114.32' in answer.text
    assert order["currency"] == "USD"
    assert order["reservation_expires_at"].endswith("Z")
    assert order["price_changes"] == []
    assert levels(shop.database_url, phone) == (10, 1)
    assert levels(shop.database_url, case) == (10, 2)
    assert timeline_of(shop.database_url, order_id) == ["PENDING"]
    assert events_of(shop.database_url, order_id)[:2] == ["order.created", "inventory.reserved"]
    assert shop.states.paths == [["CreateOrder", "IsPending", "HoldStock", "PayNow", "Placed"]]
    assert shop.get("/api/cart", token=token).json["items"] == []


def test_the_same_key_gives_the_same_order(shop: OrderingShop) -> None:
    token, key = shop.shopper(), uuid.uuid4().hex
    cart = shop.fill_cart(token, shop.product())
    first = shop.check_out(token, cart, key=key)
    second = shop.check_out(token, cart, key=key)
    assert second.status == 201
    assert second.headers["idempotency-replayed"] == "true"
    assert second.json == first.json
    assert query(shop.database_url, "SELECT count(*) FROM orders") == [(1,)]


def test_prices_come_from_the_catalog_and_a_change_is_reported(shop: OrderingShop) -> None:
    """A12 (aws-serverless-ecommerce-platform): a total is never what the client sent or saw."""
    phone, token = shop.product(price_minor=10000), shop.shopper()
    cart = shop.fill_cart(token, phone)
    change(shop.container.database, phone, price_minor=12000)
    answer = shop.check_out(token, cart)
    assert answer.json["subtotal"] == 120.0
    assert answer.json["price_changes"] == [
        {"product_id": str(phone), "old_price": 100.0, "new_price": 120.0}
    ]
    refused = shop.check_out(token, cart, total=1)
    assert (refused.status, refused.code) == (400, "validation_failed")
    assert refused.json["errors"][0]["field"] == "total"


def test_not_enough_stock_cancels_the_order_and_names_the_lines(shop: OrderingShop) -> None:
    """A6 (medusa #13625): a failed checkout releases its hold, once."""
    scarce, plenty, token = shop.product(), shop.product(), shop.shopper()
    shop.fill_cart(token, plenty)
    cart, key = shop.fill_cart(token, scarce, quantity=3), uuid.uuid4().hex
    set_on_hand(shop.container.database, scarce, 2)

    answer = shop.check_out(token, cart, key=key)

    assert (answer.status, answer.code) == (400, "insufficient_stock")
    assert [error["field"] for error in answer.json["errors"]] == [f"items[{scarce}]"]
    ((order_id, reason),) = query(shop.database_url, "SELECT id, cancel_reason FROM orders")
    assert reason == "insufficient_stock"
    assert timeline_of(shop.database_url, order_id) == [
        "PENDING", "INVENTORY_UNAVAILABLE", "CANCELLED",
    ]  # fmt: skip
    assert events_of(shop.database_url, order_id) == ["order.created", "order.cancelled"]
    assert levels(shop.database_url, plenty) == (10, 0)
    assert levels(shop.database_url, scarce) == (2, 0)
    assert shop.states.paths[0][-2:] == ["RejectOrder", "Rejected"]
    assert len(shop.get("/api/cart", token=token).json["items"]) == 2
    # The refusal is the final answer of this key; with another one it may work.
    assert shop.check_out(token, cart, key=key).headers["idempotency-replayed"] == "true"
    set_on_hand(shop.container.database, scarce, 3)
    assert shop.check_out(token, cart).status == 201


def test_a_product_no_longer_for_sale_is_named(shop: OrderingShop) -> None:
    phone, gone, token = shop.product(), shop.product(), shop.shopper()
    shop.fill_cart(token, phone)
    cart = shop.fill_cart(token, gone)
    change(shop.container.database, gone, is_active=False)
    answer = shop.check_out(token, cart)
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert answer.json["errors"] == [{"field": f"items[{gone}]", "message": "is not sold any more"}]
    assert query(shop.database_url, "SELECT count(*) FROM orders") == [(0,)]


def test_a_lost_response_is_returned_again(shop: OrderingShop) -> None:
    """A5 (medusa #13301): a crash after the last step, even after the cart was emptied, loses nothing."""
    phone, token, key = shop.product(), shop.shopper(), uuid.uuid4().hex
    cart = shop.fill_cart(token, phone)
    shop.states.failure = {"status": "TIMED_OUT"}
    lost = shop.check_out(token, cart, key=key)
    assert (lost.status, lost.code) == (503, "dependency_unavailable")
    assert lost.headers["retry-after"]
    shop.states.failure = None
    shop.container.redis.flushdb()
    ((user_id,),) = query(shop.database_url, "SELECT user_id FROM orders")

    answer = shop.check_out(shop.shopper_again(user_id), cart, key=key)

    assert answer.status == 201, answer.text
    assert query(shop.database_url, "SELECT id FROM orders") == [(UUID(answer.json["order_id"]),)]
    assert levels(shop.database_url, phone) == (10, 1)


def test_a_retry_after_a_crash_between_the_steps_continues_the_same_order(
    shop: OrderingShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone, token, key = shop.product(price_minor=7000), shop.shopper(), uuid.uuid4().hex
    cart = shop.fill_cart(token, phone)
    hold = shop.handler("inventory/hold_order_stock")

    def unavailable(event: object, context: object) -> None:
        raise DependencyUnavailable("postgresql")

    shop._handlers["inventory/hold_order_stock"] = unavailable
    assert shop.check_out(token, cart, key=key).status == 503
    ((order_id, status),) = query(shop.database_url, "SELECT id, status FROM orders")
    assert status == "PENDING"
    shop._handlers["inventory/hold_order_stock"] = hold
    # The present cart and catalog do not change an existing order.
    shop.fill_cart(token, shop.product())
    change(shop.container.database, phone, price_minor=1, is_active=False)

    answer = shop.check_out(token, cart, key=key)

    assert answer.status == 201, answer.text
    assert (answer.json["order_id"], answer.json["subtotal"]) == (str(order_id), 70.0)
    assert levels(shop.database_url, phone) == (10, 1)


def test_a_retry_finds_that_its_order_was_cancelled(shop: OrderingShop) -> None:
    token, key = shop.shopper(), uuid.uuid4().hex
    cart = shop.fill_cart(token, shop.product())
    shop.states.failure = {"status": "FAILED", "error": "States.Timeout", "cause": ""}
    assert shop.check_out(token, cart, key=key).status == 503
    shop.states.failure = None
    ((order_id,),) = query(shop.database_url, "SELECT id FROM orders")
    assert shop.post(f"/api/orders/{order_id}/cancel", token=token).status == 200
    answer = shop.check_out(token, cart, key=key)
    assert (answer.status, answer.code) == (409, "order_state_conflict")


def test_a_retry_whose_hold_has_lapsed_ends_cancelled(shop: OrderingShop) -> None:
    """A6: the lapsed hold is released once, by the compensation or by the sweep."""
    phone, token, key = shop.product(), shop.shopper(), uuid.uuid4().hex
    cart = shop.fill_cart(token, phone)
    shop.states.failure = {"status": "TIMED_OUT"}
    assert shop.check_out(token, cart, key=key).status == 503
    shop.states.failure = None
    lapse(shop.database_url)
    answer = shop.check_out(token, cart, key=key)
    assert (answer.status, answer.code) == (409, "reservation_conflict")
    ((order_id,),) = query(shop.database_url, "SELECT id FROM orders")
    assert status_of(shop.database_url, order_id) == "CANCELLED"
    assert levels(shop.database_url, phone) == (10, 0)


def test_the_order_stands_even_if_the_cart_cannot_be_emptied(
    shop: OrderingShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = shop.shopper()
    cart = shop.fill_cart(token, shop.product())

    def unavailable(*_: object, **_options: object) -> None:
        raise DependencyUnavailable("redis")

    monkeypatch.setattr(shop.container.carts, "remove_bought", unavailable)
    assert shop.check_out(token, cart).status == 201


@pytest.mark.parametrize(
    ("address", "method", "tax", "shipping", "days"),
    [
        ({"country": "US", "region": "CA"}, "standard", 0.73, 5.99, 5),
        ({"country": "US", "region": "ca"}, "express", 0.73, 14.99, 2),
        ({"country": "US", "region": "Ohio"}, "standard", 0.0, 5.99, 5),
        ({"country": "DE", "region": "BY"}, "standard", 4.75, 14.99, 10),
        ({"country": "JP", "region": "Tokyo", "postal_code": "100-0001"}, "express", 0.0, 39.99, 4),
    ],
)
def test_tax_and_shipping_depend_on_the_destination(
    shop: OrderingShop,
    address: dict[str, str | None],
    method: str,
    tax: float,
    shipping: float,
    days: int,
) -> None:
    token = shop.shopper()
    cart = shop.fill_cart(token, shop.product(price_minor=1000))
    answer = shop.check_out(token, cart, shipping_address=ADDRESS | address, shipping_method=method)
    assert answer.status == 201, answer.text
    assert (answer.json["tax"], answer.json["shipping"]) == (tax, shipping)
    assert answer.json["total"] == round(10 + tax + shipping, 2)
    arrival = date.fromisoformat(answer.json["estimated_delivery"])
    assert timedelta(days - 1) <= arrival - datetime.now(UTC).date() <= timedelta(days)


def test_a_guest_can_order(shop: OrderingShop) -> None:
    token = shop.shopper(Role.GUEST)
    order_id = shop.order(token, shop.product())
    assert query(
        shop.database_url, "SELECT email, phone FROM orders WHERE id = %s", (order_id,)
    ) == [(CONTACT["email"], CONTACT["phone"])]


def test_a_guest_must_give_an_address(shop: OrderingShop) -> None:
    """A26: without one there is no confirmation e-mail and no access to the order (woocommerce #29138)."""
    token = shop.shopper(Role.GUEST)
    cart = shop.fill_cart(token, shop.product())
    answer = shop.check_out(token, cart, contact=None)
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert [error["field"] for error in answer.json["errors"]] == ["contact"]
    assert query(shop.database_url, "SELECT count(*) FROM orders") == [(0,)]


@pytest.mark.parametrize(
    ("contact", "field"),
    [
        ({}, "contact.email"),
        ({"email": "ada"}, "contact.email"),
        ({"email": "ada@straße.example"}, "contact.email"),
        ({"email": "ada@shop.example", "phone": "call me"}, "contact.phone"),
    ],
)
def test_a_malformed_contact_is_refused(
    shop: OrderingShop, contact: dict[str, str], field: str
) -> None:
    token = shop.shopper()
    answer = shop.check_out(token, shop.fill_cart(token, shop.product()), contact=contact)
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert [error["field"] for error in answer.json["errors"]] == [field]


def test_the_order_number(shop: OrderingShop) -> None:
    token = shop.shopper()
    contact = {"email": " Ada@MÜNCHEN.example ", "phone": " 0171 1234567"}
    placed = shop.check_out(token, shop.fill_cart(token, shop.product()), contact=contact).json
    view = shop.get(f"/api/orders/{placed['order_id']}", token=token).json
    assert view["contact"] == {"email": "ada@münchen.example", "phone": "0171 1234567"}
    assert placed["number"] == view["number"] == order_number(UUID(placed["order_id"]))
    assert query(shop.database_url, "SELECT number FROM orders") == [(view["number"],)]


@pytest.mark.parametrize("lines", [1, 12])
def test_a_whole_checkout_takes_as_many_statements_whatever_its_size(
    shop: OrderingShop, lines: int
) -> None:
    """A10 (vendure #4387): the number of statements does not grow with the number of lines."""
    token = shop.shopper()
    cart = shop.fill_cart(token, *[shop.product() for _ in range(lines)])
    with counting(shop.container.database) as sent:
        assert shop.check_out(token, cart).status == 201
    # Without a broker the events are not marked in the outbox.
    assert len(sent.statements) <= 9, sent.table()
