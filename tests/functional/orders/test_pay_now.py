"""Checkout with ``pay_now``: charged in the state machine, in every case as POST /api/payments/process."""

import uuid
from typing import Any
from uuid import UUID

import pytest

from tests.functional.orders.test_crashes import lose
from tests.support.builders import add_product
from tests.support.gateway import Response
from tests.support.orders import OrderingShop
from tests.support.payments import (
    StripeControl,
    event_of,
    events_of,
    signature,
    status_of,
    timeline_of,
)
from tests.support.products import set_on_hand
from tests.support.stock import levels, query

PAID = ["PENDING", "PAYMENT_PROCESSING", "PAID"]
STEPS = ["orders/create_order", "inventory/hold_order_stock", "payments/charge_order"]


@pytest.fixture
def control(stripe: str) -> StripeControl:
    return StripeControl(stripe)


@pytest.fixture
def shop(paying_shop: OrderingShop) -> OrderingShop:
    return paying_shop


@pytest.fixture
def phone(shop: OrderingShop) -> UUID:
    return add_product(shop.container.database, price_minor=5000)


@pytest.fixture
def token(shop: OrderingShop) -> str:
    return shop.shopper()


@pytest.fixture
def cart(shop: OrderingShop, token: str, phone: UUID) -> str:
    return shop.fill_cart(token, phone, quantity=2)


def buy(
    shop: OrderingShop, token: str, cart: str, method: str = "pm_card_visa", **options: Any
) -> Response:
    return shop.check_out(token, cart, pay_now=True, payment_method_id=method, **options)


def cart_of(shop: OrderingShop, token: str) -> list[tuple[str, int]]:
    items = shop.get("/api/cart", token=token).json["items"]
    return [(item["product_id"], item["quantity"]) for item in items]


def only_order(shop: OrderingShop) -> UUID:
    ((order_id,),) = query(shop.database_url, "SELECT id FROM orders")
    assert isinstance(order_id, UUID)
    return order_id


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


def test_without_it_nothing_is_charged(
    shop: OrderingShop, token: str, cart: str, control: StripeControl
) -> None:
    answer = shop.check_out(token, cart)
    assert (answer.status, answer.json["status"]) == (201, "PENDING")
    assert "payment_intent_id" not in answer.json
    assert control.intents(UUID(answer.json["order_id"])) == []


@pytest.mark.parametrize("value", ["true", 1, None])
def test_it_is_a_boolean(shop: OrderingShop, token: str, cart: str, value: object) -> None:
    answer = shop.check_out(token, cart, pay_now=value)
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert [error["field"] for error in answer.json["errors"]] == ["pay_now"]


def test_declined(
    shop: OrderingShop, token: str, phone: UUID, cart: str, control: StripeControl
) -> None:
    """Stock and cart are given back once; the same key gives the same refusal."""
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
    # The cart that was left as it was can be bought with another card.
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


def test_the_bank_asks(
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


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_unknown_outcome_goes_on_with_the_same_order(
    shop: OrderingShop, token: str, cart: str, control: StripeControl, when: str
) -> None:
    key = uuid.uuid4().hex
    control.fault("close", when=when)
    lost = buy(shop, token, cart, key=key)
    assert (lost.status, lost.code) == (503, "payment_outcome_unknown")
    assert lost.headers["retry-after"]
    order_id = only_order(shop)
    assert status_of(shop.database_url, order_id) == "PAYMENT_PROCESSING"

    answer = buy(shop, token, cart, key=key)

    assert (answer.status, answer.json["status"]) == (201, "PAID")
    assert answer.json["order_id"] == str(order_id)
    assert len(control.charges(order_id)) == 1
    assert timeline_of(shop.database_url, order_id) == PAID
    assert cart_of(shop, token) == []


def test_the_webhook_settles_an_unknown_outcome_and_the_repeat_finds_it(
    shop: OrderingShop, token: str, cart: str, control: StripeControl
) -> None:
    key = uuid.uuid4().hex
    control.fault("close", when="after")
    assert buy(shop, token, cart, key=key).status == 503
    order_id = only_order(shop)
    payload = event_of("payment_intent.succeeded", control.intents(order_id)[0])
    headers = {"Stripe-Signature": signature(payload)}
    assert shop.post("/api/payments/webhook", body=payload, headers=headers).status == 200

    answer = buy(shop, token, cart, key=key)

    assert (answer.status, answer.json["status"]) == (201, "PAID")
    assert len(control.charges(order_id)) == 1
    assert events_of(shop.database_url, order_id).count("order.paid") == 1


def test_stripe_unavailable_before_anything_is_charged(
    shop: OrderingShop, token: str, cart: str, control: StripeControl
) -> None:
    key = uuid.uuid4().hex
    control.fault("close", "/v1/payment_methods/*", method="GET", times=None)
    refused = buy(shop, token, cart, key=key)
    assert (refused.status, refused.code) == (503, "dependency_unavailable")
    assert status_of(shop.database_url, only_order(shop)) == "PENDING"
    control.clear_faults()
    answer = buy(shop, token, cart, key=key)
    assert (answer.status, answer.json["order_id"]) == (201, str(only_order(shop)))


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("function", STEPS)
@pytest.mark.parametrize("method", ["pm_card_visa", "pm_card_chargeDeclined"])
def test_a_step_without_an_answer_is_repeated_with_the_same_order(
    shop: OrderingShop, token: str, phone: UUID, cart: str, control: StripeControl, function: str,
    method: str, after: bool,
) -> None:  # fmt: skip
    """A4, A5: whatever step's answer is lost, one order and at most one charge."""
    key = uuid.uuid4().hex
    mend = lose(shop, function, after=after)
    assert buy(shop, token, cart, method, key=key).status in {402, 503}
    mend()

    answer = buy(shop, token, cart, method, key=key)

    order_id = only_order(shop)
    assert len(control.intents(order_id)) == 1
    recorded = events_of(shop.database_url, order_id)
    assert len(recorded) == len(set(recorded))
    if method == "pm_card_visa":
        assert (answer.status, answer.json["status"]) == (201, "PAID")
        assert timeline_of(shop.database_url, order_id) == PAID
        assert levels(shop.database_url, phone) == (10, 2)
        assert cart_of(shop, token) == []
    else:
        assert (answer.status, answer.code) == (402, "card_declined")
        assert status_of(shop.database_url, order_id) == "CANCELLED"
        assert levels(shop.database_url, phone) == (10, 0)
        assert cart_of(shop, token) == [(str(phone), 2)]


def test_a_repeat_after_the_order_has_moved_on_gives_the_same_answer(
    shop: OrderingShop, token: str, cart: str, control: StripeControl
) -> None:
    """The machine ended and its answer was lost; by the time of the repeat the order is CONFIRMED."""
    key = uuid.uuid4().hex
    shop.states.failure = {"status": "TIMED_OUT"}
    assert buy(shop, token, cart, key=key).status == 503
    shop.states.failure = None
    order_id = only_order(shop)
    shop.confirm(order_id)

    answer = buy(shop, token, cart, key=key)

    assert (answer.status, answer.json["status"]) == (201, "PAID")
    assert len(control.charges(order_id)) == 1
    assert status_of(shop.database_url, order_id) == "CONFIRMED"


def test_a_function_that_dies_while_it_charges_leaves_the_outcome_unknown(
    shop: OrderingShop, token: str, cart: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.states.failure = {"status": "FAILED", "error": "PaymentOutcomeUnknown", "cause": ""}
    answer = buy(shop, token, cart)
    assert (answer.status, answer.code) == (503, "payment_outcome_unknown")


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
