"""POST /api/payments/webhook, through the handler, on real servers and the Stripe fake."""

import itertools
import json
from typing import Any

import pytest

from tests.support.at_once import at_once
from tests.support.builders import HELD, RETURNED, TOTAL_MINOR, Placed, place_order
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.paying import deliver, pay, pay_with_check
from tests.support.payments import (
    KEY,
    StripeControl,
    event_of,
    events_of,
    paying_container,
    status_of,
    stock_of,
    timeline_of,
)
from tests.support.stock import query
from tests.support.wire import counting


def lose_the_answer(shop: Gateway, control: StripeControl, placed: Placed) -> dict[str, Any]:
    """Pay so that the charge is made and its response lost; return the intent."""
    control.fault("close", when="after")
    assert pay(shop, placed).code == "payment_outcome_unknown"
    return control.intents(placed.order_id)[0]


def test_a_success_whose_answer_was_lost(
    shop: Gateway,
    container: Container,
    control: StripeControl,
    database: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    placed = place_order(container)
    intent = lose_the_answer(shop, control, placed)
    assert status_of(database, placed.order_id) == "PAYMENT_PROCESSING"

    answer = deliver(shop, event_of("payment_intent.succeeded", intent))

    assert (answer.status, answer.json) == (200, {"outcome": "paid"})
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["route"], line["order_id"]) == ("/api/payments/webhook", str(placed.order_id))
    assert status_of(database, placed.order_id) == "PAID"
    assert events_of(database, placed.order_id) == ["order.paid"]
    paid = pay(shop, placed)
    assert (paid.status, paid.json["payment_intent_id"]) == (200, intent["id"])


def test_the_same_event_again(
    shop: Gateway, container: Container, control: StripeControl, database: str
) -> None:
    placed = place_order(container)
    payload = event_of("payment_intent.succeeded", lose_the_answer(shop, control, placed))
    outcomes = [deliver(shop, payload).json["outcome"] for _ in range(3)]
    assert outcomes == ["paid", "paid_before", "paid_before"]
    assert events_of(database, placed.order_id) == ["order.paid"]


def test_the_success_of_a_paid_order_takes_one_statement(
    shop: Gateway, container: Container, control: StripeControl, database: str
) -> None:
    """The usual case: the request has recorded the payment before the webhook arrives."""
    placed = place_order(container)
    pay(shop, placed)
    payload = event_of("payment_intent.succeeded", control.intents(placed.order_id)[0])
    with counting(container.database) as sent:
        assert deliver(shop, payload).json == {"outcome": "paid_before"}
    assert (len(sent.statements), sent.control) == (1, [])
    assert query(database, "SELECT count(*) FROM webhook_events") == [(0,)]


def test_every_order_of_events_ends_the_same(
    shop: Gateway, container: Container, control: StripeControl, database: str
) -> None:
    for order in itertools.permutations(["requires_action", "processing", "succeeded"]):
        placed = place_order(container)
        early = pay_with_check(shop, control, placed)
        control.authenticate(early["id"])
        late = control.intents(placed.order_id)[0]
        for kind in order:
            subject = late if kind == "succeeded" else {**early, "status": kind}
            assert deliver(shop, event_of(f"payment_intent.{kind}", subject)).status == 200
        assert timeline_of(database, placed.order_id) == ["PENDING", "PAYMENT_PROCESSING", "PAID"]
        assert events_of(database, placed.order_id) == ["order.paid"]
        assert control.kept_minor(placed.order_id) == TOTAL_MINOR


def test_a_failure_that_is_older_than_a_success(
    shop: Gateway, container: Container, control: StripeControl, database: str
) -> None:
    placed = place_order(container)
    intent = lose_the_answer(shop, control, placed)
    stale = {**intent, "status": "requires_payment_method"}
    answer = deliver(shop, event_of("payment_intent.payment_failed", stale))
    assert answer.json == {"outcome": "paid"}
    assert status_of(database, placed.order_id) == "PAID"


def test_a_failed_check(
    shop: Gateway, container: Container, control: StripeControl, database: str
) -> None:
    placed = place_order(container)
    intent_id = pay_with_check(shop, control, placed)["id"]
    control.authenticate(intent_id, "fail")
    failed = control.intents(placed.order_id)[0]
    assert deliver(shop, event_of("payment_intent.payment_failed", failed)).json == {
        "outcome": "declined"
    }
    assert status_of(database, placed.order_id) == "CANCELLED"
    assert stock_of(database, placed) == RETURNED
    cancelled = control.intents(placed.order_id)[0]
    assert cancelled["status"] == "canceled"
    # The event that the shop's own cancellation causes changes nothing.
    assert deliver(shop, event_of("payment_intent.canceled", cancelled)).status == 200
    assert events_of(database, placed.order_id).count("order.cancelled") == 1
    assert stock_of(database, placed) == RETURNED


def test_stripe_unavailable_while_a_failure_is_checked(
    shop: Gateway, container: Container, control: StripeControl, database: str
) -> None:
    placed = place_order(container)
    control.authenticate(pay_with_check(shop, control, placed)["id"], "fail")
    payload = event_of("payment_intent.payment_failed", control.intents(placed.order_id)[0])
    control.fault("close", "/v1/payment_intents/*", method="GET")
    assert deliver(shop, payload).status == 503
    assert status_of(database, placed.order_id) == "PAYMENT_PROCESSING"
    assert deliver(shop, payload).json == {"outcome": "declined"}


def test_a_payment_of_a_cancelled_order_is_refunded(
    shop: Gateway, container: Container, control: StripeControl, database: str
) -> None:
    placed = place_order(container)
    intent = lose_the_answer(shop, control, placed)
    query(
        database,
        "UPDATE orders SET status = 'PAYMENT_FAILED' WHERE id = %s;"
        "UPDATE orders SET status = 'CANCELLED' WHERE id = %s",
        (placed.order_id, placed.order_id),
    )

    answer = deliver(shop, event_of("payment_intent.succeeded", intent))

    assert answer.json == {"outcome": "refund_requested"}
    assert control.kept_minor(placed.order_id) == 0
    refunds = "SELECT order_id, amount_minor, status, reason FROM refunds"
    assert query(database, refunds) == [(placed.order_id, TOTAL_MINOR, "succeeded", "late_payment")]
    assert status_of(database, placed.order_id) == "CANCELLED"
    # The same event again, under another event id.
    assert deliver(shop, event_of("payment_intent.succeeded", intent)).json == {
        "outcome": "paid_before"
    }
    assert len(query(database, refunds)) == 1


@pytest.mark.parametrize("change", [{"amount": TOTAL_MINOR - 1}, {"currency": "eur"}])
def test_the_wrong_amount_never_pays(
    shop: Gateway, container: Container, control: StripeControl, database: str, change: Any
) -> None:
    placed = place_order(container)
    intent = lose_the_answer(shop, control, placed)
    answer = deliver(shop, event_of("payment_intent.succeeded", {**intent, **change}))
    assert answer.json == {"outcome": "wrong_amount"}
    if "amount" in change:
        # The forged event states one unit less than was charged, so that amount is refunded.
        assert control.kept_minor(placed.order_id) == 1
        control.refund(intent["id"])
    assert timeline_of(database, placed.order_id)[-2:] == ["PAYMENT_FAILED", "CANCELLED"]
    assert control.kept_minor(placed.order_id) == 0
    assert stock_of(database, placed) == RETURNED


def test_a_second_intent_for_a_paid_order_waits_for_staff(
    shop: Gateway, container: Container, control: StripeControl, stripe: str, database: str
) -> None:
    import stripe as sdk

    placed = place_order(container)
    pay(shop, placed)
    client = sdk.StripeClient(KEY, base_addresses={"api": stripe})
    client.v1.payment_intents.create(
        params={
            "amount": TOTAL_MINOR, "currency": "usd", "payment_method": "pm_card_visa",
            "confirm": True, "metadata": {"order_id": str(placed.order_id), "attempt": "1"},
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
    )  # fmt: skip
    outcomes = [
        deliver(shop, event_of("payment_intent.succeeded", intent)).json["outcome"]
        for intent in control.intents(placed.order_id)
    ]
    assert sorted(outcomes) == ["paid_before", "unexpected_payment"]
    # Nothing is refunded automatically; the payment is recorded.
    assert control.kept_minor(placed.order_id) == 2 * TOTAL_MINOR
    ((intent_id, amount),) = query(
        database, "SELECT payment_intent_id, amount_minor FROM unexpected_payments"
    )
    assert amount == TOTAL_MINOR
    assert query(database, "SELECT count(*) FROM refunds") == [(0,)]
    # Staff refund it in the dashboard, which is recorded.
    control.refund(intent_id)
    (charge,) = [c for c in control.charges(placed.order_id) if c["payment_intent"] == intent_id]
    assert deliver(shop, event_of("charge.refunded", charge)).json == {
        "outcome": "unexpected_payment_returned"
    }
    returned = "SELECT refunded_minor FROM unexpected_payments"
    assert query(database, returned) == [(TOTAL_MINOR,)]
    assert control.kept_minor(placed.order_id) == TOTAL_MINOR
    assert status_of(database, placed.order_id) == "PAID"
    assert stock_of(database, placed) == HELD


def test_a_payment_for_an_order_without_an_attempt(
    shop: Gateway, container: Container, control: StripeControl, stripe: str, database: str
) -> None:
    import stripe as sdk

    placed = place_order(container)
    client = sdk.StripeClient(KEY, base_addresses={"api": stripe})
    client.v1.payment_intents.create(
        params={
            "amount": 777, "currency": "usd", "payment_method": "pm_card_visa",
            "confirm": True, "metadata": {"order_id": str(placed.order_id), "attempt": "1"},
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
    )  # fmt: skip
    intent = control.intents(placed.order_id)[0]
    for outcome in ("unexpected_payment", "ignored"):
        answer = deliver(shop, event_of("payment_intent.succeeded", intent))
        assert answer.json == {"outcome": outcome}
    assert control.kept_minor(placed.order_id) == 777
    assert query(database, "SELECT order_id, amount_minor, currency FROM unexpected_payments") == [
        (placed.order_id, 777, "USD")
    ]
    assert status_of(database, placed.order_id) == "PENDING"


def test_a_refund_made_in_stripes_dashboard(
    shop: Gateway, container: Container, control: StripeControl, stripe: str, database: str
) -> None:
    import stripe as sdk

    placed = place_order(container, products=2)
    intent_id = pay(shop, placed).json["payment_intent_id"]
    client = sdk.StripeClient(KEY, base_addresses={"api": stripe})
    partial = client.v1.refunds.create(params={"payment_intent": intent_id, "amount": 100})
    charge = control.charges(placed.order_id)[0]
    assert deliver(shop, event_of("charge.refunded", charge)).json == {"outcome": "refunded"}
    assert status_of(database, placed.order_id) == "PAID"
    assert query(database, "SELECT amount_minor, external, provider_refund_id FROM refunds") == [
        (100, True, partial.id)
    ]

    client.v1.refunds.create(params={"payment_intent": intent_id})
    charge = control.charges(placed.order_id)[0]
    payload = event_of("charge.refunded", charge)
    assert [deliver(shop, payload).json["outcome"] for _ in range(2)] == [
        "refunded",
        "refunded_before",
    ]
    assert status_of(database, placed.order_id) == "CANCELLED"
    assert stock_of(database, placed) == RETURNED


def test_copies_at_the_same_time(
    shop: Gateway, container: Container, control: StripeControl, database: str, redis: str,
    stripe: str,
) -> None:  # fmt: skip
    placed = place_order(container)
    intent = lose_the_answer(shop, control, placed)
    payload = event_of("payment_intent.succeeded", intent)

    def run() -> str:
        with paying_container(database, redis, stripe) as own:
            return str(deliver(Gateway(own), payload).json["outcome"])

    outcomes = at_once([run] * 8)
    assert outcomes.count("paid") == 1
    assert set(outcomes) <= {"paid", "duplicate", "paid_before"}
    assert events_of(database, placed.order_id) == ["order.paid"]
