"""Reading, listing and cancelling orders."""

import uuid
from datetime import UTC, datetime
from uuid import UUID

import pytest

from shop.domain.ids import new_id
from shop.domain.sessions import Role
from shop.services.inventory.holds import commit_stock
from tests.support.orders import ADDRESS, OrderingShop
from tests.support.payments import (
    StripeControl,
    events_of,
    status_of,
    timeline_of,
)
from tests.support.stock import levels, query
from tests.support.wire import counting


def test_the_owner_reads_the_order(shop: OrderingShop) -> None:
    token = shop.shopper()
    order_id = shop.order(token, shop.product(name="Phone", price_minor=9999))
    answer = shop.get(f"/api/orders/{order_id}", token=token)
    assert answer.status == 200
    assert UUID(answer.headers["x-correlation-id"])
    order = answer.json
    assert order["order_id"] == str(order_id)
    assert '"subtotal":99.99,"tax":7.25,"shipping":0.00,"total":107.24' in answer.text
    assert order["items"][0]["name"] == "Phone"
    assert order["shipping_address"] == ADDRESS
    assert datetime.fromisoformat(order["estimated_delivery"]).date() > datetime.now(UTC).date()
    assert order["refund_pending"] is False
    assert [entry["status"] for entry in order["timeline"]] == ["PENDING"]
    assert order["timeline"][0]["timestamp"].endswith("Z")
    assert set(order["timeline"][0]) == {"status", "timestamp"}


def test_only_the_owner_staff_and_services_see_an_order(shop: OrderingShop) -> None:
    order_id = shop.order(shop.shopper(), shop.product())
    path = f"/api/orders/{order_id}"
    for role, status in ((Role.STAFF, 200), (Role.FINANCE, 404), (Role.CUSTOMER, 404)):
        assert shop.get(path, token=shop.shopper(role)).status == status
    assert shop.get(path).code == "session_required"
    assert shop.get(path, token="none").code == "session_expired"


@pytest.mark.parametrize("name", ["garbage", str(uuid.UUID(int=0)), "%00", "'; DROP TABLE orders"])
def test_a_malformed_order_id_is_not_found(shop: OrderingShop, name: str) -> None:
    token = shop.shopper(Role.STAFF)
    for method, path in (("GET", ""), ("POST", "/cancel"), ("POST", "/ship"), ("POST", "/deliver")):
        body = {"carrier": "UPS", "tracking_number": "1Z"} if path == "/ship" else {}
        answer = shop.call(
            method,
            f"/api/orders/{name}{path}",
            json=body if method == "POST" else None,
            token=token,
        )
        assert (answer.status, answer.code) == (404, "order_not_found")


def test_reading_takes_one_statement_whatever_the_order_s_size(shop: OrderingShop) -> None:
    """A10: two at most."""
    token = shop.shopper()
    order_id = shop.order(token, *[shop.product() for _ in range(8)])
    with counting(shop.container.database) as sent:
        assert shop.get(f"/api/orders/{order_id}", token=token).status == 200
        assert shop.get("/api/orders", token=token).status == 200
    assert (len(sent.statements), sent.control) == (2, [])


def test_the_list_is_newest_first_in_pages_and_one_s_own(shop: OrderingShop) -> None:
    token, phone = shop.shopper(), shop.product(on_hand=20)
    orders = [str(shop.order(token, phone)) for _ in range(5)]
    shop.order(shop.shopper(), phone)
    # Equal times fall into different pages and are still listed once.
    query(shop.database_url, "UPDATE orders SET created_at = date_trunc('hour', created_at)")
    seen, cursor = [], None
    while True:
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = shop.get("/api/orders", query=asked, token=token).json
        seen += [order["order_id"] for order in page["orders"]]
        assert len(page["orders"]) <= 2
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == sorted(orders, reverse=True)


def test_the_list_is_filtered_by_status(shop: OrderingShop) -> None:
    token, phone = shop.shopper(), shop.product()
    cancelled, pending = shop.order(token, phone), shop.order(token, phone)
    shop.post(f"/api/orders/{cancelled}/cancel", token=token)
    for status, expected in (("PENDING", pending), ("CANCELLED", cancelled)):
        found = shop.get("/api/orders", query={"status": status}, token=token).json["orders"]
        assert [order["order_id"] for order in found] == [str(expected)]
    assert shop.get("/api/orders?status=PAID", token=token).json["orders"] == []


@pytest.mark.parametrize(
    ("query_string", "field"),
    [
        ("cursor=garbage", "cursor"), ("cursor=AAAA", "cursor"), ("cursor=", "cursor"),
        (f"cursor={'_' * 32}", "cursor"), (f"cursor={'x' * 201}", "cursor"),
        ("cursor=%C3%A9", "cursor"), ("limit=0", "limit"), ("limit=101", "limit"),
        ("limit=x", "limit"), ("status=paid", "status"), ("status=", "status"),
        ("user_id=1", "user_id"),
    ],
)  # fmt: skip
def test_a_wrong_query_is_refused_by_field(
    shop: OrderingShop, query_string: str, field: str
) -> None:
    answer = shop.get(f"/api/orders?{query_string}", token=shop.shopper())
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert [error["field"] for error in answer.json["errors"]] == [field]


def test_cancelling_gives_the_stock_back_once(shop: OrderingShop) -> None:
    """A6: released by the first request, not by the second."""
    phone, token = shop.product(), shop.shopper()
    order_id = shop.order(token, phone, quantity=3)
    assert levels(shop.database_url, phone) == (10, 3)
    for _ in range(2):
        answer = shop.post(f"/api/orders/{order_id}/cancel", token=token)
        assert (answer.status, answer.json["status"]) == (200, "CANCELLED")
        assert levels(shop.database_url, phone) == (10, 0)
    assert events_of(shop.database_url, order_id).count("order.cancelled") == 1
    assert events_of(shop.database_url, order_id).count("inventory.released") == 1
    order = shop.get(f"/api/orders/{order_id}", token=token).json
    assert order["cancel_reason"] == "cancelled_by_customer"
    assert [entry["status"] for entry in order["timeline"]] == ["PENDING", "CANCELLED"]


def test_staff_cancel_for_a_reason(shop: OrderingShop) -> None:
    order_id = shop.order(shop.shopper(), shop.product())
    staff = shop.shopper(Role.STAFF)
    path = f"/api/orders/{order_id}/cancel"
    assert shop.post(path, json={"reason": ""}, token=staff).code == "validation_failed"
    assert shop.post(path, json={"why": "x"}, token=staff).code == "validation_failed"
    assert shop.post(path, json={"reason": "Customer called"}, token=staff).status == 200
    order = shop.get(f"/api/orders/{order_id}", token=staff).json
    assert order["timeline"][1]["reason"] == "Customer called"


def test_another_s_order_is_not_cancelled(shop: OrderingShop) -> None:
    order_id = shop.order(shop.shopper(), shop.product())
    answer = shop.post(f"/api/orders/{order_id}/cancel", token=shop.shopper())
    assert (answer.status, answer.code) == (404, "order_not_found")
    assert status_of(shop.database_url, order_id) == "PENDING"


@pytest.mark.parametrize("path", [
    ["PAYMENT_PROCESSING"],
    ["PAYMENT_PROCESSING", "PAID", "CONFIRMED", "PROCESSING", "SHIPPED"],
    ["PAYMENT_PROCESSING", "PAID", "CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED"],
])  # fmt: skip
def test_an_order_that_is_being_paid_or_was_shipped_is_not_cancelled(
    shop: OrderingShop, path: list[str]
) -> None:
    token = shop.shopper()
    order_id = shop.order(token, shop.product())
    shop.move(order_id, *path)
    answer = shop.post(f"/api/orders/{order_id}/cancel", token=token)
    assert (answer.status, answer.code) == (409, "order_state_conflict")
    assert status_of(shop.database_url, order_id) == path[-1]


def paid_order(shop: OrderingShop, token: str, phone: UUID, *further: str) -> UUID:
    order_id = shop.order(token, phone)
    answer = shop.post(
        "/api/payments/process",
        json={"order_id": str(order_id), "payment_method_id": "pm_card_visa"},
        token=token,
    )
    assert answer.status == 200, answer.text
    with shop.container.unit_of_work() as work:
        commit_stock(work, order_id, new_id())
    shop.move(order_id, *further)
    return order_id


@pytest.mark.parametrize("further", [[], ["CONFIRMED"], ["CONFIRMED", "PROCESSING"]])
def test_a_paid_order_is_refunded_first(
    paying_shop: OrderingShop, stripe: str, further: list[str]
) -> None:
    """A4, A6: the charge is refunded once, and the stock released once."""
    shop, control = paying_shop, StripeControl(stripe)
    phone, token = shop.product(), shop.shopper()
    order_id = paid_order(shop, token, phone, *further)
    assert levels(shop.database_url, phone) == (9, 0)
    for _ in range(2):
        answer = shop.post(f"/api/orders/{order_id}/cancel", token=token)
        assert (answer.status, answer.json["status"]) == (200, "CANCELLED")
    assert control.kept_minor(order_id) == 0
    assert levels(shop.database_url, phone) == (10, 0)
    assert timeline_of(shop.database_url, order_id)[-1] == "CANCELLED"
    assert events_of(shop.database_url, order_id).count("order.cancelled") == 1


def test_while_stripe_is_unavailable_the_refund_is_pending_and_nothing_ships(
    paying_shop: OrderingShop, stripe: str
) -> None:
    shop, control = paying_shop, StripeControl(stripe)
    phone, token, staff = shop.product(), shop.shopper(), shop.shopper(Role.STAFF)
    order_id = paid_order(shop, token, phone, "CONFIRMED", "PROCESSING")
    control.fault("status", "/v1/refunds", status=500, times=20)

    answer = shop.post(f"/api/orders/{order_id}/cancel", token=token)

    assert (answer.status, answer.json["refund_pending"]) == (202, True)
    assert answer.json["status"] == "PROCESSING"
    assert shop.get(f"/api/orders/{order_id}", token=token).json["refund_pending"] is True
    ship = shop.post(
        f"/api/orders/{order_id}/ship",
        json={"carrier": "UPS", "tracking_number": "1Z"},
        token=staff,
    )
    assert (ship.status, ship.code) == (409, "order_state_conflict")
    control.clear_faults()
    done = shop.post(f"/api/orders/{order_id}/cancel", token=token)
    assert (done.status, done.json["status"]) == (200, "CANCELLED")
    assert control.kept_minor(order_id) == 0
    assert levels(shop.database_url, phone) == (10, 0)
