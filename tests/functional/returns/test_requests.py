"""What customers may ask to return: whose order, which units, until when."""

from datetime import timedelta
from typing import Any

import pytest

from shop.domain.ids import new_id
from shop.domain.sessions import Role
from tests.support.builders import QUANTITY, Placed, place_order
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.paying import pay
from tests.support.payments import events_of, status_of
from tests.support.people import actions_on, token_of
from tests.support.returns import (
    ask,
    asked,
    delivered_order,
    statuses,
    step,
    units,
)
from tests.support.stock import query


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"lines": [], "reason": "r"},
        {"lines": "all", "reason": "r"},
        {"lines": [{"product_id": "x", "quantity": 1}], "reason": "r"},
        {"lines": [{"product_id": str(new_id()), "quantity": 1}], "reason": "r"},
        {"lines": [{"product_id": str(new_id()), "quantity": 0}], "reason": "r"},
        {"lines": [{"product_id": "$0", "quantity": 1}]},
        {"lines": [{"product_id": "$0", "quantity": 1}], "reason": ""},
        {"lines": [{"product_id": "$0", "quantity": 1}], "reason": " "},
        {"lines": [{"product_id": "$0", "quantity": 1}], "reason": "a\nb"},
        {"lines": [{"product_id": "$0", "quantity": 1}], "reason": "r", "amount": 1},
        {"lines": [{"product_id": "$0", "quantity": 1.5}], "reason": "r"},
        {"lines": [{"product_id": "$0", "quantity": -1}], "reason": "r"},
        {"lines": [{"product_id": "$0", "quantity": QUANTITY + 1}], "reason": "r"},
        {"lines": [{"product_id": "$0", "quantity": 1}] * 2, "reason": "r"},
        {"lines": [{"product_id": "$0", "quantity": 1, "restock": True}], "reason": "r"},
    ],
)
def test_garbage_requests_nothing(
    shop: Gateway, database: str, order: Placed, body: dict[str, Any]
) -> None:
    for line in body.get("lines", ()):
        if isinstance(line, dict) and line["product_id"] == "$0":
            line["product_id"] = str(order.products[0])
    answer = shop.post(
        f"/api/orders/{order.order_id}/returns",
        json=body,
        token=token_of(shop.container, user_id=order.user_id),
    )
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert statuses(database, order.order_id) == []


def test_whose_order_it_is(shop: Gateway, container: Container, order: Placed, staff: str) -> None:
    path = f"/api/orders/{order.order_id}/returns"
    stranger = token_of(container, Role.CUSTOMER)
    assert ask(shop, order, units(order, 0, 1), token=stranger).code == "order_not_found"
    assert shop.get(path, token=stranger).code == "order_not_found"
    body = {"lines": [units(order, 0, 1)], "reason": "r"}
    assert shop.post(path, json=body).code == "session_required"
    assert shop.post(path, json=body, query={"token": "guessed"}).code == "order_not_found"
    return_id = asked(shop, order, units(order, 0, 1))
    owner = token_of(container, user_id=order.user_id)
    for name, fields in (
        ("approve", {}), ("reject", {"reason": "r"}), ("receive", {}), ("refund", {}),
    ):  # fmt: skip
        assert step(shop, order, return_id, name, owner, **fields).code == "forbidden"
        assert step(shop, order, new_id(), name, staff, **fields).code == "return_not_found"
    other = delivered_order(container, products=1)
    assert step(shop, other, return_id, "approve", staff).code == "return_not_found"
    # Staff request one for a customer who called, and the audit log says so.
    assert ask(shop, order, units(order, 1, 1), token=staff).status == 201
    assert actions_on(shop, staff, order.order_id) == ["order.return_requested"]


@pytest.mark.parametrize("status", ["PENDING", "PAID", "CONFIRMED", "PROCESSING", "SHIPPED"])
def test_only_what_was_delivered_is_returned(
    shop: Gateway, container: Container, database: str, status: str
) -> None:
    placed = place_order(container)
    if status != "PENDING":
        assert pay(shop, placed).status == 200
    for moved in ("CONFIRMED", "PROCESSING", "SHIPPED"):
        if status_of(database, placed.order_id) == status:
            break
        query(database, "UPDATE orders SET status = %s WHERE id = %s", (moved, placed.order_id))
    answer = ask(shop, placed, units(placed, 0, 1))
    assert (answer.status, answer.code) == (409, "order_state_conflict")


def test_the_return_window(shop: Gateway, database: str, order: Placed) -> None:
    def delivered(days: int) -> None:
        query(
            database,
            "UPDATE order_timeline SET occurred_at = now() - %s WHERE status = 'DELIVERED'",
            (timedelta(days=days),),
        )

    delivered(31)
    answer = ask(shop, order, units(order, 0, 1))
    assert (answer.status, answer.code) == (409, "return_window_closed")
    delivered(29)
    assert ask(shop, order, units(order, 0, 1)).status == 201


def test_a_repeated_key_requests_once(shop: Gateway, database: str, order: Placed) -> None:
    owner = token_of(shop.container, user_id=order.user_id)
    first, again = (ask(shop, order, units(order, 0, 1), token=owner, key="k") for _ in range(2))
    assert first.json == again.json
    assert again.headers["idempotency-replayed"] == "true"
    assert ask(shop, order, units(order, 1, 1), token=owner, key="k").code == (
        "idempotency_key_reused"
    )
    assert statuses(database, order.order_id) == ["requested"]
    assert events_of(database, order.order_id).count("return.requested") == 1


def test_units_are_in_one_return(shop: Gateway, order: Placed, staff: str) -> None:
    first = asked(shop, order, units(order, 0, 1))
    answer = ask(shop, order, units(order, 0, 2))
    assert (answer.status, answer.code) == (409, "already_returned")
    asked(shop, order, units(order, 0, 1))
    assert ask(shop, order, units(order, 0, 1)).code == "already_returned"
    # A rejected return gives its units free.
    assert step(shop, order, first, "reject", staff, reason="worn").status == 200
    asked(shop, order, units(order, 0, 1))
