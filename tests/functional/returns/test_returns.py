"""Returns of delivered units, from the customer's request to the refund."""

from collections.abc import Callable
from typing import Any

import pytest

from shop.domain.ids import new_id
from tests.support.builders import QUANTITY, STOCK, Placed, place_order
from tests.support.checks import violations
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.paying import pay
from tests.support.payments import StripeControl, events_of, status_of
from tests.support.people import actions_on, token_of
from tests.support.returns import (
    ask,
    asked,
    deliver_order,
    receive,
    statuses,
    step,
    units,
)
from tests.support.stock import levels


def test_from_the_request_to_the_refund(
    shop: Gateway, control: StripeControl, database: str, order: Placed, staff: str
) -> None:
    """A20: units are refunded from their frozen share, and restocked if staff say so."""
    first, second = order.products
    answer = ask(shop, order, units(order, 0, 1), units(order, 1, 2))
    assert (answer.status, answer.json["status"]) == (201, "requested")
    return_id = answer.json["return_id"]
    assert answer.json["lines"] == sorted(
        (
            {"product_id": str(product), "quantity": quantity, "restock": None}
            for product, quantity in ((first, 1), (second, 2))
        ),
        key=lambda line: str(line["product_id"]),
    )
    approved = step(shop, order, return_id, "approve", staff)
    assert (approved.status, approved.json["status"]) == (200, "approved")
    assert control.kept_minor(order.order_id) == order.total_minor

    received = receive(shop, order, return_id, staff, second)

    assert (received.status, received.json["status"]) == (200, "refunded"), received.text
    restocked = {line["product_id"]: line["restock"] for line in received.json["lines"]}
    assert restocked == {str(first): False, str(second): True}
    assert control.kept_minor(order.order_id) == order.total_minor - 3000
    assert levels(database, first) == (STOCK - QUANTITY, 0)
    assert levels(database, second) == (STOCK, 0)
    (refund,) = shop.get(f"/api/orders/{order.order_id}/refunds", token=staff).json["refunds"]
    assert refund["refund_id"] == received.json["refund_id"]
    assert (refund["return_id"], refund["amount"], refund["status"]) == (
        return_id, 30.00, "succeeded",
    )  # fmt: skip
    for token in (staff, token_of(shop.container, user_id=order.user_id)):
        assert shop.get(f"/api/orders/{order.order_id}/returns", token=token).json == {
            "returns": [received.json]
        }
        seen = shop.get(f"/api/orders/{order.order_id}", token=token).json
        assert seen["returns"] == [received.json]
        assert seen["payment"]["refunded"] == 30.00
    desk = shop.get(f"/api/admin/orders/{order.order_id}", token=staff).json
    assert desk["order"]["returns"] == [received.json]
    assert status_of(database, order.order_id) == "DELIVERED"
    assert [e for e in events_of(database, order.order_id) if e.startswith(("return", "order.ref"))] == [
        "return.requested", "return.approved", "return.received", "order.refunded",
    ]  # fmt: skip
    assert actions_on(shop, staff, order.order_id) == [
        "order.return_approved", "order.return_received", "order.refund_requested",
    ]  # fmt: skip
    assert violations(database) == []


def test_refunded_units_are_not_returned_and_returned_ones_not_refunded_otherwise(
    shop: Gateway, order: Placed, control: StripeControl, database: str, staff: str
) -> None:
    def refund(**body: Any) -> Any:
        path = f"/api/orders/{order.order_id}/refunds"
        return shop.post(path, json={"reason": "r", **body}, token=staff, key=str(new_id()))

    assert refund(lines=[units(order, 0, 1)]).status == 201
    assert ask(shop, order, units(order, 0, 2)).code == "already_returned"
    return_id = asked(shop, order, units(order, 0, 1))
    answer = refund(lines=[units(order, 0, 1)])
    assert (answer.status, answer.code) == (409, "return_in_progress")
    # An amount leaves less than the share of the unit.
    assert refund(amount=30.00).status == 201
    assert step(shop, order, return_id, "approve", staff).status == 200
    received = receive(shop, order, return_id, staff)
    assert received.json["status"] == "refunded"
    assert control.kept_minor(order.order_id) == 0
    assert ask(shop, order, units(order, 1, 1)).code == "already_refunded"
    assert violations(database) == []


def test_a_return_whose_money_went_back_meanwhile_is_refunded_without_a_refund(
    shop: Gateway, order: Placed, control: StripeControl, database: str, staff: str
) -> None:
    return_id = asked(shop, order, units(order, 0, 2))
    step(shop, order, return_id, "approve", staff)
    path = f"/api/orders/{order.order_id}/refunds"
    body = {"reason": "goodwill", "amount": 44.99}
    assert shop.post(path, json=body, token=staff, key="k").status == 201
    received = receive(shop, order, return_id, staff, order.products[0])
    assert (received.json["status"], received.json["refund_id"]) == ("refunded", None)
    assert levels(database, order.products[0]) == (STOCK, 0)
    assert violations(database) == []


@pytest.mark.parametrize(
    ("path", "name", "body", "code"),
    [
        ([], "receive", {}, "return_state_conflict"),
        ([], "refund", {}, "return_state_conflict"),
        (["approve"], "refund", {}, "return_state_conflict"),
        (["reject"], "approve", {}, "return_state_conflict"),
        (["reject"], "receive", {}, "return_state_conflict"),
        (["reject"], "reject", {"reason": "another"}, "return_state_conflict"),
        (["approve", "receive"], "approve", {}, "return_state_conflict"),
        (["approve", "receive"], "reject", {"reason": "late"}, "return_state_conflict"),
        (["approve"], "receive", {"lines": [{"product_id": "$1", "restock": True}]}, "validation_failed"),
        (["approve", "receive"], "receive", {"lines": [{"product_id": "$0", "restock": True}]},
         "return_state_conflict"),
        ([], "approve", {"reason": "x"}, "validation_failed"),
        ([], "reject", {}, "validation_failed"),
        ([], "reject", {"reason": ""}, "validation_failed"),
        (["approve"], "receive", {"lines": [{"product_id": "$0"}]}, "validation_failed"),
    ],
)  # fmt: skip
def test_steps_that_are_refused(
    shop: Gateway,
    database: str,
    order: Placed,
    staff: str,
    path: list[str],
    name: str,
    body: dict[str, Any],
    code: str,
) -> None:
    for line in body.get("lines", ()):
        if line["product_id"].startswith("$"):
            line["product_id"] = str(order.products[int(line["product_id"][1])])
    return_id = asked(shop, order, units(order, 0, 1))
    for done in path:
        fields = {"reason": "worn"} if done == "reject" else {}
        assert step(shop, order, return_id, done, staff, **fields).status == 200
    before = statuses(database, order.order_id)
    assert step(shop, order, return_id, name, staff, **body).code == code
    assert statuses(database, order.order_id) == before


def test_steps_that_are_repeated_change_nothing(
    shop: Gateway, order: Placed, control: StripeControl, database: str, staff: str
) -> None:
    first = order.products[0]
    return_id = asked(shop, order, units(order, 0, 1))
    rejected = asked(shop, order, units(order, 1, 1))
    steps: list[Callable[[], Any]] = [
        lambda: step(shop, order, rejected, "reject", staff, reason="worn"),
        lambda: step(shop, order, return_id, "approve", staff),
        lambda: receive(shop, order, return_id, staff, first),
        lambda: step(shop, order, return_id, "refund", staff),
    ]
    for take in steps:
        answers = [take() for _ in range(3)]
        assert {answer.status for answer in answers} == {200}
        assert len({answer.text for answer in answers}) == 1
    assert statuses(database, order.order_id) == ["refunded", "rejected"]
    assert control.kept_minor(order.order_id) == order.total_minor - 1000
    assert levels(database, first) == (STOCK - QUANTITY + 1, 0)
    recorded = [e for e in events_of(database, order.order_id) if e.startswith("return")]
    assert sorted(recorded) == [
        "return.approved", "return.received", "return.rejected", "return.requested",
        "return.requested",
    ]  # fmt: skip


def test_a_delivered_order_is_returned_whatever_its_owner_did_before(
    shop: Gateway, container: Container, database: str, staff: str
) -> None:
    """The last return takes what is left of its lines; the shipping stays with the shop."""
    placed = place_order(container)
    assert pay(shop, placed).status == 200
    deliver_order(container, placed.order_id)
    for _ in range(QUANTITY):
        return_id = asked(shop, placed, units(placed, 0, 1))
        step(shop, placed, return_id, "approve", staff)
        assert receive(shop, placed, return_id, staff).json["status"] == "refunded"
    owner = token_of(container, user_id=placed.user_id)
    seen = shop.get(f"/api/orders/{placed.order_id}", token=owner).json
    assert (seen["status"], seen["payment"]["refundable"]) == ("DELIVERED", 4.99)
    assert violations(database) == []
