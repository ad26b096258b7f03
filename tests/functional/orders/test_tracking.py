"""Shipping and delivery, as staff report them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from shop.domain.sessions import Role
from tests.support.builders import add_product
from tests.support.orders import OrderingShop
from tests.support.payments import events_of, status_of

PARCEL = {"carrier": "UPS", "tracking_number": "1Z999AA10123456784"}
PATH = ["PAYMENT_PROCESSING", "PAID", "CONFIRMED", "PROCESSING"]


@pytest.fixture
def owner(shop: OrderingShop) -> str:
    return shop.shopper()


@pytest.fixture
def order_id(shop: OrderingShop, owner: str) -> UUID:
    order_id = shop.order(owner, add_product(shop.container.database))
    shop.move(order_id, *PATH)
    return order_id


def test_an_order_is_shipped_and_delivered(
    shop: OrderingShop, staff: str, owner: str, order_id: UUID
) -> None:
    day = (datetime.now(UTC).date() + timedelta(days=3)).isoformat()
    shipped = shop.post(
        f"/api/orders/{order_id}/ship", json=PARCEL | {"estimated_delivery": day}, token=staff
    )
    assert shipped.status == 200
    assert shipped.json == {
        "order_id": str(order_id), "status": "SHIPPED", "estimated_delivery": day, **PARCEL,
    }  # fmt: skip
    delivered = shop.post(f"/api/orders/{order_id}/deliver", token=staff)
    assert (delivered.status, delivered.json["status"]) == (200, "DELIVERED")
    order = shop.get(f"/api/orders/{order_id}", token=owner).json
    assert [entry["status"] for entry in order["timeline"]] == [
        "PENDING", *PATH, "SHIPPED", "DELIVERED",
    ]  # fmt: skip
    assert order["timeline"][5]["tracking_number"] == PARCEL["tracking_number"]
    assert order["estimated_delivery"] == day
    assert events_of(shop.database_url, order_id)[-2:] == ["order.shipped", "order.delivered"]


def test_reporting_twice_changes_nothing(shop: OrderingShop, staff: str, order_id: UUID) -> None:
    for _ in range(2):
        assert shop.post(f"/api/orders/{order_id}/ship", json=PARCEL, token=staff).status == 200
    other = PARCEL | {"tracking_number": "2"}
    answer = shop.post(f"/api/orders/{order_id}/ship", json=other, token=staff)
    assert (answer.status, answer.code) == (409, "order_state_conflict")
    for _ in range(2):
        assert shop.post(f"/api/orders/{order_id}/deliver", token=staff).status == 200
    assert events_of(shop.database_url, order_id).count("order.shipped") == 1
    assert events_of(shop.database_url, order_id).count("order.delivered") == 1
    assert shop.post(f"/api/orders/{order_id}/ship", json=PARCEL, token=staff).status == 409


@pytest.mark.parametrize("reached", range(5))
def test_only_a_processing_order_ships(
    shop: OrderingShop, staff: str, owner: str, reached: int
) -> None:
    order_id = shop.order(owner, add_product(shop.container.database))
    shop.move(order_id, *PATH[:reached])
    answer = shop.post(f"/api/orders/{order_id}/ship", json=PARCEL, token=staff)
    assert answer.status == (200 if reached == 4 else 409)
    if reached < 4:
        deliver = shop.post(f"/api/orders/{order_id}/deliver", token=staff)
        assert (deliver.status, deliver.code) == (409, "order_state_conflict")


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.GUEST, Role.FINANCE])
def test_only_staff_may(shop: OrderingShop, order_id: UUID, role: Role) -> None:
    token = shop.shopper(role)
    for path, body in (("ship", PARCEL), ("deliver", {})):
        answer = shop.post(f"/api/orders/{order_id}/{path}", json=body, token=token)
        assert (answer.status, answer.code) == (403, "forbidden")
    assert shop.post(f"/api/orders/{order_id}/ship", json=PARCEL).code == "session_required"
    assert status_of(shop.database_url, order_id) == "PROCESSING"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"carrier": ""}, "carrier"), ({"carrier": 7}, "carrier"),
        ({"tracking_number": "\n"}, "tracking_number"),
        ({"tracking_number": "1" * 101}, "tracking_number"),
        ({"estimated_delivery": "2020-01-01"}, "estimated_delivery"),
        ({"estimated_delivery": "soon"}, "estimated_delivery"),
        ({"weight": 3}, "weight"),
    ],
)  # fmt: skip
def test_a_wrong_parcel_is_refused_by_field(
    shop: OrderingShop, staff: str, order_id: UUID, changes: dict[str, object], field: str
) -> None:
    answer = shop.post(f"/api/orders/{order_id}/ship", json=PARCEL | changes, token=staff)
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert status_of(shop.database_url, order_id) == "PROCESSING"


def test_a_delivery_needs_no_fields(shop: OrderingShop, staff: str, order_id: UUID) -> None:
    shop.post(f"/api/orders/{order_id}/ship", json=PARCEL, token=staff)
    answer = shop.post(f"/api/orders/{order_id}/deliver", json={"x": 1}, token=staff)
    assert (answer.status, answer.code) == (400, "validation_failed")
