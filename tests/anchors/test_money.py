"""Failures of payments that users of other platforms report; tests show that they do not occur."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shop.contracts.http.payments import WEBHOOK_EVENTS
from shop.services.payments.reconciliation import reconcile
from tests.support.builders import QUANTITY, STOCK, TOTAL_MINOR, place_order
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.paying import call_at_once, deliver, pay, pay_with_check
from tests.support.payments import (
    StripeControl,
    event_of,
    events_of,
    paying_container,
    status_of,
    stock_of,
    timeline_of,
    wind_back,
)
from tests.support.people import token_of
from tests.support.stock import query


@pytest.mark.parametrize("keys", ["none", "one", "each its own"])
def test_a4_the_same_payment_twenty_times_at_once_is_one_charge(
    shop: Gateway, container: Container, control: StripeControl, keys: str
) -> None:
    """A4: double capture, duplicate payment intent (medusa #13301 #12790; saleor #19220 #14926)."""
    placed = place_order(container)
    token = token_of(container, user_id=placed.user_id)
    makers: dict[str, Callable[[int], str | None]] = {
        "none": lambda n: None,
        "one": lambda n: "k",
        "each its own": lambda n: f"k{n}",
    }
    key_of = makers[keys]

    answers = call_at_once(
        container, 20, lambda own, n: pay(own, placed, token=token, key=key_of(n))
    )

    for answer in answers:
        assert answer.status == 200 or answer.code == "request_in_progress", answer.text
        assert answer.status == 200 or answer.headers["retry-after"]
    assert pay(shop, placed, token=token, key=key_of(0)).json["status"] == "PAID"
    assert len(control.intents(placed.order_id)) == 1
    assert control.kept_minor(placed.order_id) == TOTAL_MINOR
    assert events_of(container.settings.database_url, placed.order_id) == ["order.paid"]


@pytest.mark.parametrize("lost", [False, True])
def test_a4_the_same_payment_a_day_later_is_one_charge(
    shop: Gateway, container: Container, control: StripeControl, lost: bool
) -> None:
    """A4: a repetition a day later, when the keys have expired at Stripe and in the shop."""
    placed = place_order(container)
    if lost:
        control.fault("close", when="after")
    first = pay(shop, placed, key="k")
    assert first.status == (503 if lost else 200)
    database = container.settings.database_url
    wind_back(database, placed.order_id, timedelta(hours=25))
    query(database, "UPDATE idempotency_keys SET created_at = created_at - interval '25 hours',"
          " locked_until = locked_until - interval '25 hours'")  # fmt: skip
    control.send("POST", "settings", {"clock_offset_seconds": 25 * 3600})

    again = pay(shop, placed, key="k")

    assert (again.status, again.json["status"]) == (200, "PAID")
    assert len(control.intents(placed.order_id)) == 1
    assert control.kept_minor(placed.order_id) == TOTAL_MINOR


def test_a5_the_order_and_its_payment_are_recorded_before_stripe_is_called(
    container: Container,
) -> None:
    """A5: charged without an order (medusa #13301 #4946).

    tests/integration/payments/test_crash_points.py walks every crash point.
    """
    placed = place_order(container)
    seen: list[tuple[Any, ...]] = []
    provider = container.payment_provider
    charge = provider.charge

    def watched(attempt: Any) -> Any:
        # Through a connection of its own: what it sees is committed.
        seen.extend(
            query(
                container.settings.database_url,
                "SELECT orders.status, payments.status, held_for_payment FROM orders"
                " JOIN payments ON payments.order_id = orders.id"
                " JOIN reservations ON reservations.order_id = orders.id",
            )
        )
        return charge(attempt)

    provider.charge = watched  # type: ignore[method-assign]
    assert pay(Gateway(container), placed).status == 200
    assert seen == [("PAYMENT_PROCESSING", "processing", True)]


def test_a5_the_customer_never_returns_and_no_webhook_arrives(
    shop: Gateway, container: Container, control: StripeControl
) -> None:
    """A5: the order is completed without the customer, who closed the browser (medusa #4946)."""
    placed = place_order(container)
    control.fault("close", when="after")
    assert pay(shop, placed).status == 503
    database = container.settings.database_url
    wind_back(database, placed.order_id, timedelta(minutes=1))
    reconcile(container.payment_provider, container.unit_of_work, seconds=10)
    assert status_of(database, placed.order_id) == "PAID"
    assert control.kept_minor(placed.order_id) == TOTAL_MINOR


@pytest.mark.parametrize("method", ["pm_card_chargeDeclined", "pm_card_authenticationRequired"])
def test_a6_every_failed_payment_returns_the_stock_once(
    shop: Gateway, container: Container, control: StripeControl, method: str
) -> None:
    """A6: compensation leaks stock (medusa #13625); here every caller repeats it."""
    placed = place_order(container, products=3)
    database = container.settings.database_url
    assert stock_of(database, placed) == {(STOCK, QUANTITY)}
    pay(shop, placed, method)
    intent = control.intents(placed.order_id)[0]
    if intent["status"] == "requires_action":
        control.authenticate(intent["id"], "fail")
    failed = control.intents(placed.order_id)[0]
    for _ in range(2):
        assert pay(shop, placed, method).status == 402
        assert deliver(shop, event_of("payment_intent.payment_failed", failed)).status == 200
        wind_back(database, placed.order_id, timedelta(minutes=1))
        reconcile(container.payment_provider, container.unit_of_work, seconds=10)
        assert stock_of(database, placed) == {(STOCK, 0)}
    assert events_of(database, placed.order_id).count("inventory.released") == 1


@pytest.mark.parametrize("seed", range(5))
def test_a7_webhooks_in_any_order_and_number_settle_once(
    shop: Gateway, container: Container, control: StripeControl, seed: int
) -> None:
    """A7: duplicate or out-of-order webhooks settle twice (saleor #9961 #10165; pinelab #620)."""
    placed = place_order(container)
    asked = pay_with_check(shop, control, placed)
    control.authenticate(asked["id"])
    done = control.intents(placed.order_id)[0]
    payloads = [
        event_of("payment_intent.created", {**asked, "status": "requires_payment_method"}),
        event_of("payment_intent.requires_action", asked),
        event_of("payment_intent.payment_failed", {**asked, "status": "requires_payment_method"}),
        event_of("payment_intent.processing", {**asked, "status": "processing"}),
        event_of("payment_intent.succeeded", done),
        event_of("payment_intent.succeeded", done),
        event_of("charge.succeeded", control.charges(placed.order_id)[0]),
    ]
    many = payloads * 3
    random.Random(seed).shuffle(many)
    for payload in many:
        assert deliver(shop, payload).status == 200

    database = container.settings.database_url
    assert timeline_of(database, placed.order_id) == ["PENDING", "PAYMENT_PROCESSING", "PAID"]
    assert events_of(database, placed.order_id) == ["order.paid"]
    assert control.kept_minor(placed.order_id) == TOTAL_MINOR
    stored = query(database, "SELECT event_type, count(*) FROM webhook_events GROUP BY event_type")
    # Events without a handler, or that change nothing, are acknowledged and not stored.
    assert {kind for kind, _ in stored} <= set(WEBHOOK_EVENTS)
    assert 1 <= sum(number for _, number in stored) <= 5
    assert query(database, "SELECT count(*) FROM refunds") == [(0,)]


def test_a7_the_webhook_arrives_before_the_response_is_recorded(
    shop: Gateway, container: Container, control: StripeControl
) -> None:
    """A7: the webhook arrives before the request has recorded Stripe's response."""
    placed = place_order(container)
    provider = container.payment_provider
    charge = provider.charge

    def overtaken(attempt: Any) -> Any:
        intent = charge(attempt)
        payload = event_of("payment_intent.succeeded", control.intents(placed.order_id)[0])
        settings = container.settings
        with paying_container(
            settings.database_url, settings.redis_url, settings.stripe_url
        ) as own:
            assert deliver(Gateway(own), payload).json == {"outcome": "paid"}
        return intent

    provider.charge = overtaken  # type: ignore[method-assign]
    answer = pay(shop, placed)
    assert (answer.status, answer.json["status"]) == (200, "PAID")
    assert events_of(container.settings.database_url, placed.order_id) == ["order.paid"]
