"""Checkout with ``pay_now``: charged in the state machine, in every case as POST /api/payments/process."""

import uuid
from uuid import UUID

import pytest

from tests.functional.orders.test_crashes import lose
from tests.support.orders import OrderingShop
from tests.support.pay_now import PAID, buy, cart_of, only_order
from tests.support.payments import (
    StripeControl,
    events_of,
    timeline_of,
)
from tests.support.products import set_on_hand
from tests.support.stock import levels


def test_paid(
    shop: OrderingShop, token: str, phone: UUID, cart: str, control: StripeControl
) -> None:
    answer = buy(shop, token, cart)

    assert (answer.status, answer.json["status"]) == (201, "PAID")
    order_id = UUID(answer.json["order_id"])
    (intent,) = control.intents(order_id)
    assert answer.json["payment_intent_id"] == intent["id"]
    assert "client_secret" not in answer.json
    assert answer.headers["location"] == f"/api/orders/{order_id}"
    assert control.kept_minor(order_id) == round(answer.json["total"] * 100)
    assert timeline_of(shop.database_url, order_id) == PAID
    assert events_of(shop.database_url, order_id) == [
        "order.created", "inventory.reserved", "order.paid",
    ]  # fmt: skip
    assert shop.states.paths == [
        ["CreateOrder", "IsPending", "HoldStock", "PayNow", "ChargeOrder", "Placed"]
    ]
    assert levels(shop.database_url, phone) == (10, 2)
    assert cart_of(shop, token) == []


def test_without_pay_now_nothing_is_charged(
    shop: OrderingShop, token: str, cart: str, control: StripeControl
) -> None:
    answer = shop.check_out(token, cart)
    assert (answer.status, answer.json["status"]) == (201, "PENDING")
    assert "payment_intent_id" not in answer.json
    assert control.intents(UUID(answer.json["order_id"])) == []


@pytest.mark.parametrize("value", ["true", 1, None])
def test_pay_now_is_a_boolean(shop: OrderingShop, token: str, cart: str, value: object) -> None:
    answer = shop.check_out(token, cart, pay_now=value)
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert [error["field"] for error in answer.json["errors"]] == ["pay_now"]


def test_declined(
    shop: OrderingShop, token: str, phone: UUID, cart: str, control: StripeControl
) -> None:
    """Stock and cart are returned once; the same key gets the same refusal."""
    key = uuid.uuid4().hex
    answer = buy(shop, token, cart, "pm_card_chargeDeclinedInsufficientFunds", key=key)

    assert (answer.status, answer.code) == (402, "card_declined")
    assert "(insufficient_funds)" in answer.json["detail"]
    order_id = only_order(shop)
    assert timeline_of(shop.database_url, order_id) == [
        "PENDING", "PAYMENT_PROCESSING", "PAYMENT_FAILED", "CANCELLED",
    ]  # fmt: skip
    assert sorted(events_of(shop.database_url, order_id)) == [
        "inventory.released", "inventory.reserved", "order.cancelled", "order.created",
        "order.payment_failed",
    ]  # fmt: skip
    assert levels(shop.database_url, phone) == (10, 0)
    assert control.kept_minor(order_id) == 0
    assert cart_of(shop, token) == [(str(phone), 2)]
    again = buy(shop, token, cart, "pm_card_chargeDeclinedInsufficientFunds", key=key)
    assert (again.status, again.text) == (402, answer.text)
    assert again.headers["idempotency-replayed"] == "true"
    # The unchanged cart can be bought with another card.
    assert buy(shop, token, cart).json["status"] == "PAID"
    assert cart_of(shop, token) == []


def test_not_enough_stock_is_not_charged(
    shop: OrderingShop, token: str, phone: UUID, cart: str, control: StripeControl
) -> None:
    set_on_hand(shop.container.database, phone, 1)
    answer = buy(shop, token, cart)
    assert (answer.status, answer.code) == (400, "insufficient_stock")
    assert control.intents(only_order(shop)) == []
    assert "ChargeOrder" not in shop.states.paths[0]
    assert len(cart_of(shop, token)) == 1


def test_an_unknown_payment_method(
    shop: OrderingShop, token: str, phone: UUID, cart: str, control: StripeControl
) -> None:
    """The order is cancelled before anything is charged; the field is named, and the cart is kept."""
    key = uuid.uuid4().hex
    mend = lose(shop, "orders/reject_order", after=True)
    assert buy(shop, token, cart, "pm_card_vsia", key=key).status == 503
    mend()
    answer = buy(shop, token, cart, "pm_card_vsia", key=key)

    assert (answer.status, answer.code) == (400, "validation_failed")
    assert [error["field"] for error in answer.json["errors"]] == ["payment_method_id"]
    order_id = only_order(shop)
    assert timeline_of(shop.database_url, order_id) == ["PENDING", "CANCELLED"]
    assert control.intents(order_id) == []
    assert levels(shop.database_url, phone) == (10, 0)
    assert cart_of(shop, token) == [(str(phone), 2)]
    assert buy(shop, token, cart).status == 201


def test_the_bank_requires_action(
    shop: OrderingShop, token: str, phone: UUID, cart: str, control: StripeControl
) -> None:
    key, method = uuid.uuid4().hex, "pm_card_authenticationRequired"
    answer = buy(shop, token, cart, method, key=key)

    assert (answer.status, answer.json["status"]) == (201, "PAYMENT_PROCESSING")
    order_id = UUID(answer.json["order_id"])
    (intent,) = control.intents(order_id)
    assert answer.json["client_secret"] == intent["client_secret"]
    assert answer.json["payment_intent_id"] == intent["id"]
    assert levels(shop.database_url, phone) == (10, 2)
    assert cart_of(shop, token) == []
    assert buy(shop, token, cart, method, key=key).text == answer.text

    control.authenticate(intent["id"])
    body = {"order_id": str(order_id), "payment_method_id": method}
    paid = shop.post("/api/payments/process", json=body, token=token)
    assert (paid.status, paid.json["status"]) == (200, "PAID")
    assert len(control.intents(order_id)) == 1


def test_an_execution_is_logged_with_what_it_is_billed(
    shop: OrderingShop, token: str, cart: str, capsys: pytest.CaptureFixture[str]
) -> None:
    import json

    order_id = buy(shop, token, cart).json["order_id"]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line[:1] == "{"]
    (line,) = [line for line in lines if line.get("message") == "execution"]
    assert line["order_id"] == order_id
    assert (line["billed_duration_ms"], line["billed_memory_mb"]) == (100, 64)
    assert line["execution_status"] == "SUCCEEDED"
