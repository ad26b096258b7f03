"""Payments whose outcome is open: the bank requires action or is slow, or Stripe does not respond."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.builders import HELD, RETURNED, place_order
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.paying import pay, pay_with_check
from tests.support.payments import StripeControl, paying_container, status_of, stock_of

_HANGS = 4


@pytest.fixture
def container(database: str, redis: str, stripe: str) -> Iterator[Container]:
    """Stripe's answer is waited for as long as one fault lasts, less a second."""
    with paying_container(database, redis, stripe, stripe_timeout_seconds=_HANGS - 1) as made:
        yield made


def test_the_bank_requires_action(
    shop: Gateway, container: Container, control: StripeControl, database: str
) -> None:
    placed = place_order(container)

    first = pay(shop, placed, "pm_card_authenticationRequired", key="one")
    assert first.status == 202, first.text
    assert first.json["status"] == "PAYMENT_PROCESSING"
    intent = control.intents(placed.order_id)[0]
    assert first.json["client_secret"] == intent["client_secret"]

    waiting = pay(shop, placed, "pm_card_authenticationRequired", key="one")
    assert (waiting.status, waiting.text) == (202, first.text)
    assert pay(shop, placed, "pm_card_visa").code == "order_state_conflict"

    control.authenticate(intent["id"])
    done = pay(shop, placed, "pm_card_authenticationRequired", key="one")
    assert (done.status, done.json["status"]) == (200, "PAID")
    assert len(control.intents(placed.order_id)) == 1
    assert status_of(database, placed.order_id) == "PAID"


def test_the_customer_fails_the_banks_check(
    shop: Gateway, container: Container, control: StripeControl, database: str
) -> None:
    placed = place_order(container)
    intent = pay_with_check(shop, control, placed)
    control.authenticate(intent["id"], "fail")

    answer = pay(shop, placed, "pm_card_authenticationRequired")

    assert (answer.status, answer.code) == (402, "card_declined")
    assert status_of(database, placed.order_id) == "CANCELLED"
    assert stock_of(database, placed) == RETURNED
    # The client secret in the customer's browser is no longer valid.
    assert control.intents(placed.order_id)[0]["status"] == "canceled"


def test_the_bank_takes_its_time(
    shop: Gateway, container: Container, control: StripeControl, database: str
) -> None:
    control.send("POST", "settings", {"processing_seconds": 60})
    placed = place_order(container)
    answer = pay(shop, placed, "pm_card_processing")
    assert (answer.status, answer.json["status"]) == (202, "PAYMENT_PROCESSING")
    assert "client_secret" not in answer.json
    control.send("POST", f"payment_intents/{answer.json['payment_intent_id']}/settle", {})
    assert pay(shop, placed, "pm_card_processing").status == 200
    assert status_of(database, placed.order_id) == "PAID"


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "status", "status": 500},
        {"action": "status", "status": 500, "when": "after"},
        {"action": "status", "status": 429},
        {"action": "close"},
        {"action": "close", "when": "after"},
        {"action": "hang", "when": "after", "seconds": _HANGS},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
def test_stripe_fails_to_answer(
    shop: Gateway, container: Container, control: StripeControl, database: str, fault: Any
) -> None:
    placed = place_order(container)
    control.fault(**fault)

    answer = pay(shop, placed, key="a-key")

    assert (answer.status, answer.code) == (503, "payment_outcome_unknown")
    assert "retry-after" in answer.headers
    assert status_of(database, placed.order_id) == "PAYMENT_PROCESSING"
    assert stock_of(database, placed) == HELD
    control.clear_faults()
    again = pay(shop, placed, key="a-key")
    assert (again.status, again.json["status"]) == (200, "PAID")
    assert len(control.charges(placed.order_id)) == 1


def test_stripe_is_unavailable_before_anything_is_charged(
    shop: Gateway, container: Container, control: StripeControl, database: str
) -> None:
    placed = place_order(container)
    control.fault("close", "/v1/payment_methods/*", method="GET", times=2)
    answer = pay(shop, placed)
    assert (answer.status, answer.code) == (503, "dependency_unavailable")
    assert status_of(database, placed.order_id) == "PENDING"
    control.fault("close", "/v1/payment_methods/*", method="GET")
    assert pay(shop, placed).status == 200  # one connection that was lost while idle
