"""Purchases through the API Gateway URL of the deployed stack."""

import time
from datetime import UTC, datetime

import pytest

from shop.contracts.http.payments import WEBHOOK_EVENTS
from tests.e2e.client import Shop
from tests.e2e.deployment import Stack, run
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("books")
_PATH = ["PENDING", "PAYMENT_PROCESSING", "PAID", "CONFIRMED", "PROCESSING"]


@pytest.mark.timeout(600)
def test_demo_runs_and_runs_again(stack: Stack) -> None:
    for _ in range(2):
        shown = run(stack.state, "demo").stdout
        # The chain of events, as logged by the functions.
        position = 0
        for step in (
            "event recorded  order.paid", "stock confirmed", "event recorded  inventory.confirmed",
            "order moved     CONFIRMED", "event recorded  order.confirmed", "e-mail sent",
            "order moved     PROCESSING", "SHIPPED", "DELIVERED", "CANCELLED", "make down",
        ):  # fmt: skip
            assert step in shown[position:], f"{step!r} is missing or early in:\n{shown}"
            position = shown.index(step, position)


def test_bank_requires_action(stack: Stack, shop: Shop) -> None:
    """3-D Secure: the provider's own webhook settles the payment."""
    token = shop.guest()
    product = shop.product(stock=5)
    order_id = shop.order(token, product, 2)["order_id"]
    answer = shop.pay(token, order_id, "pm_card_authenticationRequired")

    assert answer.status_code == 202
    assert answer.json()["status"] == "PAYMENT_PROCESSING"
    assert "_secret_" in answer.json()["client_secret"]
    intent = answer.json()["payment_intent_id"]
    assert shop.stock(product) == (5, 2, 3)

    stack.stripe("POST", f"/payment_intents/{intent}/authenticate", {"outcome": "succeed"})
    shop.await_status(token, order_id, "PROCESSING")

    assert shop.timeline(token, order_id) == _PATH
    assert shop.stock(product) == (3, 0, 3)
    assert len(stack.charges(order_id)) == 1
    deliveries = stack.stripe("GET", "/webhooks/deliveries")["data"]
    assert {delivery["status"] for delivery in deliveries if delivery["status"]} == {200}
    assert {delivery["type"] for delivery in deliveries} <= set(WEBHOOK_EVENTS)


def test_bank_requires_action_and_the_customer_fails(stack: Stack, shop: Shop) -> None:
    token = shop.guest()
    product = shop.product(stock=5)
    order_id = shop.order(token, product)["order_id"]
    intent = shop.pay(token, order_id, "pm_card_authenticationRequired").json()["payment_intent_id"]
    stack.stripe("POST", f"/payment_intents/{intent}/authenticate", {"outcome": "fail"})
    shop.await_status(token, order_id, "CANCELLED")

    assert shop.stock(product) == (5, 0, 5)
    assert stack.charges(order_id) == []


def test_cancelled_by_its_owner(stack: Stack, shop: Shop) -> None:
    """The charge is refunded and the stock released."""
    token = shop.guest()
    product = shop.product(stock=5)
    order_id = shop.order(token, product)["order_id"]
    assert shop.pay(token, order_id).status_code == 200
    shop.await_status(token, order_id, "PROCESSING")
    answer = shop.call("POST", f"/api/orders/{order_id}/cancel", {}, token=token)

    assert answer.status_code == 200
    shop.await_status(token, order_id, "CANCELLED")
    eventually(
        lambda: shop.stock(product),
        what="the stock is back",
        until=lambda levels: levels == (5, 0, 5),
    )
    (charge,) = stack.charges(order_id)
    assert charge["amount_refunded"] == charge["amount"]


def test_unpaid_order_expires(stack: Stack, shop: Shop) -> None:
    """A14: a hold lapses at its end, to the second; the schedule expires it later."""
    token = shop.guest()
    product = shop.product(stock=3)
    shop.get(f"/api/stock/{product}")
    with stack.environment_of("orders/create_order", SHOP_RESERVATION_TTL_SECONDS="8"):
        order = shop.order(token, product, 3)
    expires_at = datetime.fromisoformat(order["reservation_expires_at"])
    last_blocked, first_free = None, None
    while first_free is None:
        asked = datetime.now(UTC)
        available = shop.stock(product)[2]
        answered = datetime.now(UTC)
        if available == 0:
            last_blocked = asked
            assert asked.timestamp() < expires_at.timestamp() + 2, "the hold outlives its end"
        else:
            first_free = answered
        time.sleep(0.1)

    assert last_blocked is not None
    assert last_blocked < expires_at <= first_free
    # Whether or not the sweep has run: another buyer does not wait for it.
    assert shop.add(shop.guest(), product, 3)
    late = shop.pay(token, order["order_id"])
    assert late.status_code == 409, late.text
    assert stack.charges(order["order_id"]) == []

    shop.await_status(token, order["order_id"], "CANCELLED", seconds=90)
    assert shop.stock(product) == (3, 0, 3)
    swept = [line for line in stack.log("inventory/expire_reservations") if "counts" in line]
    assert any(sum(line["counts"].values()) for line in swept), swept
