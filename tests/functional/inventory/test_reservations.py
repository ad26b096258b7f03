"""POST /api/inventory/reserve and /release, and the state machine's hold_order_stock."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from shop.domain.errors import InsufficientStock
from shop.domain.ids import new_id
from shop.domain.sessions import Role
from tests.support.builders import add_order, add_products, lapse
from tests.support.containers import NO_BROKER, Container, container_for
from tests.support.gateway import Gateway
from tests.support.people import token_of
from tests.support.stock import levels, query
from tests.support.wire import counting

SERVICE = "a service's token"


@pytest.fixture
def container(database: str, redis: str) -> Iterator[Container]:
    digest = hashlib.sha256(SERVICE.encode()).hexdigest()
    with container_for(database, redis, NO_BROKER, service_token_sha256=digest) as made:
        yield made


@pytest.fixture
def products(database: str) -> list[UUID]:
    return add_products(database, 5, 5)


def reserve(shop: Gateway, order_id: UUID, *lines: tuple[UUID, int], **more: Any) -> Any:
    items = [{"product_id": str(product), "quantity": quantity} for product, quantity in lines]
    body = {"order_id": str(order_id), "items": items, **more}
    return shop.post("/api/inventory/reserve", json=body, token=SERVICE)


def release(shop: Gateway, order_id: UUID) -> Any:
    return shop.post("/api/inventory/release", json={"order_id": str(order_id)}, token=SERVICE)


def test_reserving_again_gives_the_same_answer(
    shop: Gateway, database: str, products: list[UUID]
) -> None:
    first, second = products
    order_id = new_id()
    answer = reserve(shop, order_id, (first, 2), (second, 1), ttl=120)
    assert (answer.status, answer.json["status"]) == (200, "reserved")
    left = datetime.fromisoformat(answer.json["expires_at"]) - datetime.now(UTC)
    assert timedelta(seconds=115) < left <= timedelta(seconds=120)
    again = reserve(shop, order_id, (second, 1), (first, 2), ttl=600)
    assert again.json == answer.json
    assert shop.get(f"/api/stock/{first}").json["available"] == 3
    assert query(database, "SELECT event_type FROM outbox") == [("inventory.reserved",)]
    assert reserve(shop, order_id, (first, 1)).code == "reservation_conflict"


def test_ten_minutes_are_the_default(shop: Gateway, products: list[UUID]) -> None:
    answer = reserve(shop, new_id(), (products[0], 1))
    left = datetime.fromisoformat(answer.json["expires_at"]) - datetime.now(UTC)
    assert timedelta(seconds=595) < left <= timedelta(seconds=600)


def test_too_little_stock_names_the_lines(
    shop: Gateway, database: str, products: list[UUID]
) -> None:
    """A2 (medusa #16502) at the API: two lines of one product are one."""
    first, second = products
    answer = reserve(shop, new_id(), (first, 3), (second, 1), (first, 3))
    assert (answer.status, answer.code) == (400, "insufficient_stock")
    assert [error["field"] for error in answer.json["errors"]] == [f"items[{first}]"]
    assert "5 available, 6 wanted" in answer.json["errors"][0]["message"]
    assert query(database, "SELECT count(*) FROM reservations") == [(0,)]
    assert query(database, "SELECT count(*) FROM outbox") == [(0,)]


def test_releasing_is_repeatable(shop: Gateway, database: str, products: list[UUID]) -> None:
    """A3 (medusa #12401), A6 (medusa #13625)."""
    order_id = new_id()
    held = reserve(shop, order_id, (products[0], 2))
    for _ in range(3):
        answer = release(shop, order_id)
        assert answer.status == 200
        assert answer.json == {
            "reservation_id": held.json["reservation_id"],
            "order_id": str(order_id),
            "status": "released",
        }
    assert levels(database, products[0]) == (5, 0)
    types = [row[0] for row in query(database, "SELECT event_type FROM outbox ORDER BY sequence")]
    assert types == ["inventory.reserved", "inventory.released", "inventory.updated"]
    audited = query(
        database, "SELECT actor_role, action, subject_id, after FROM audit_log ORDER BY id"
    )
    units = {str(products[0]): 2}
    assert audited == [
        ("service", "stock.reserved", str(order_id), {"units": units}),
        ("service", "stock.released", str(order_id), {"reason": "released on request"}),
    ]


def test_an_order_that_never_held_anything(shop: Gateway) -> None:
    answer = release(shop, new_id())
    assert (answer.status, answer.code) == (404, "reservation_not_found")


def test_the_stock_of_a_paid_order_is_not_released(
    shop: Gateway, database: str, products: list[UUID]
) -> None:
    order_id = add_order(database)
    reserve(shop, order_id, (products[0], 1))
    query(database, "UPDATE reservations SET held_for_payment = true")
    for status in ("PAYMENT_PROCESSING", "PAID"):
        query(database, "UPDATE orders SET status = %s", (status,))
        answer = release(shop, order_id)
        assert (answer.status, answer.code) == (409, "order_state_conflict")
    assert levels(database, products[0]) == (5, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"items": []},
        {"items": None},
        {"items": [{"product_id": str(new_id())}]},
        {"items": [{"product_id": str(new_id()), "quantity": 0}]},
        {"items": [{"product_id": str(new_id()), "quantity": -1}]},
        {"items": [{"product_id": str(new_id()), "quantity": 10**12}]},
        {"items": [{"product_id": str(new_id()), "quantity": 1, "price": 1}]},
        {"items": [{"product_id": "x", "quantity": 1}]},
        {"items": [{"product_id": str(new_id()), "quantity": 1}] * 101},
        {"ttl": 59},
        {"ttl": 3601},
        {"ttl": "600"},
        {"order_id": "x"},
        {"extra": 1},
    ],
)
def test_wrong_bodies_are_refused(
    shop: Gateway, products: list[UUID], change: dict[str, Any]
) -> None:
    body = {
        "order_id": str(new_id()),
        "items": [{"product_id": str(products[0]), "quantity": 1}],
        **change,
    }
    answer = shop.post("/api/inventory/reserve", json=body, token=SERVICE)
    assert (answer.status, answer.code) == (400, "validation_failed")


def test_only_operators_may_reserve_and_release(shop: Gateway, container: Container) -> None:
    for path in ("/api/inventory/reserve", "/api/inventory/release"):
        assert shop.post(path, json={}).status == 401
        for role in (Role.GUEST, Role.CUSTOMER, Role.FINANCE):
            answer = shop.post(path, json={}, token=token_of(container, role))
            assert (answer.status, answer.code) == (403, "forbidden")
        assert shop.post(path, json={}, token=token_of(container, Role.STAFF)).status == 400


def test_the_state_machine_holds_the_stock_of_an_order(
    shop: Gateway, container: Container, database: str, products: list[UUID]
) -> None:
    command = {
        "order_id": str(add_order(database)),
        "items": [{"product_id": str(products[0]), "quantity": 5}],
        "expires_at": "2099-01-01T00:00:00Z",
        "correlation_id": str(new_id()),
    }
    with counting(container.database) as sent:
        held = shop.invoke("inventory/hold_order_stock", command)
    # Lock and hold, which records the event; there is no broker, so nothing is published.
    assert (len(sent.statements), len(sent.control)) == (2, 2)
    assert datetime.fromisoformat(held["expires_at"]) == datetime(2099, 1, 1, tzinfo=UTC)
    assert shop.invoke("inventory/hold_order_stock", command) == held
    with pytest.raises(InsufficientStock):
        shop.invoke("inventory/hold_order_stock", command | {"order_id": str(add_order(database))})


def test_the_stock_of_a_paid_order_is_confirmed_once(
    shop: Gateway, database: str, products: list[UUID]
) -> None:
    import base64

    import msgspec

    order_id = add_order(database)
    reserve(shop, order_id, (products[0], 2), (products[1], 1))
    body = {
        "event_id": str(new_id()),
        "event_type": "order.paid",
        "version": 1,
        "occurred_at": "2026-01-01T00:00:00Z",
        "correlation_id": "c",
        "order_id": str(order_id),
        "payment_intent_id": "pi_1",
    }
    message = {
        "basicProperties": {"messageId": body["event_id"], "headers": {}},
        "redelivered": False,
        "data": base64.b64encode(msgspec.json.encode(body)).decode(),
    }
    event = {
        "eventSource": "aws:rmq",
        "rmqMessagesByQueue": {"inventory.order.paid::/": [message, message]},
    }
    for _ in range(2):
        shop.invoke("inventory/on_order_paid", event)
    assert levels(database, products[0]) == (3, 0)
    recorded = "SELECT aggregate_id FROM outbox WHERE event_type = %s ORDER BY aggregate_id"
    updated = query(database, recorded, ("inventory.updated",))
    assert updated == [(str(product),) for product in products]
    assert query(database, recorded, ("inventory.confirmed",)) == [(str(order_id),)]
    (body,) = query(database, "SELECT body FROM outbox WHERE event_type = 'inventory.confirmed'")[0]
    assert body["items"] == [
        {"product_id": str(products[0]), "quantity": 2},
        {"product_id": str(products[1]), "quantity": 1},
    ]


def test_lapsed_holds_are_swept_on_schedule(
    shop: Gateway, database: str, products: list[UUID]
) -> None:
    reserve(shop, add_order(database), (products[0], 2))
    lapse(database)
    assert shop.get(f"/api/stock/{products[0]}").json["available"] == 5
    counts = shop.invoke("inventory/expire_reservations", {})
    assert counts == {"released": 1, "cancelled": 1}
