"""Repeats of checkouts with ``pay_now`` whose response is lost or whose outcome is open."""

import uuid
from uuid import UUID

import pytest

from tests.functional.orders.test_crashes import lose
from tests.support.orders import OrderingShop
from tests.support.pay_now import PAID, STEPS, buy, cart_of, only_order
from tests.support.payments import (
    StripeControl,
    event_of,
    events_of,
    signature,
    status_of,
    timeline_of,
)
from tests.support.stock import levels


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_repeat_after_an_unknown_outcome_continues_the_same_order(
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
    """A4, A5: whichever step's response is lost, there is one order and at most one charge."""
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


def test_a_repeat_after_the_order_has_advanced_gets_the_same_response(
    shop: OrderingShop, token: str, cart: str, control: StripeControl
) -> None:
    """The response of the state machine was lost; by the time of the repeat the order is CONFIRMED."""
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


def test_a_function_that_crashes_while_it_charges_leaves_the_outcome_unknown(
    shop: OrderingShop, token: str, cart: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.states.failure = {"status": "FAILED", "error": "PaymentOutcomeUnknown", "cause": ""}
    answer = buy(shop, token, cart)
    assert (answer.status, answer.code) == (503, "payment_outcome_unknown")
