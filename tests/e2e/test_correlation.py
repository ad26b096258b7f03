"""One correlation id runs from API Gateway through state machine, messages and e-mail."""

import uuid
from typing import Any

import pytest

from shop_local.functions import declared
from tests.e2e.client import ADDRESS, Shop
from tests.e2e.deployment import Stack, run
from tests.support.waiting import eventually

#: Functions that take part in a purchase that is paid at checkout.
_EXPECTED = {
    "orders/checkout", "orders/create_order", "inventory/hold_order_stock", "payments/charge_order",
    "inventory/on_order_paid", "orders/on_inventory_confirmed", "notifications/on_order_confirmed",
}  # fmt: skip


@pytest.mark.parametrize("pay_now", [True, False], ids=["pay at checkout", "pay later"])
def test_every_line_and_event_of_a_purchase_carries_one_correlation_id(
    stack: Stack, shop: Shop, pay_now: bool
) -> None:
    correlation_id = str(uuid.uuid4())
    token, product = shop.log_in(shop.customer()), shop.product(stock=5)
    body = {
        "cart_id": shop.add(token, product), "shipping_address": ADDRESS,
        "payment_method_id": "pm_card_visa", "pay_now": pay_now,
    }  # fmt: skip
    answer = shop.call(
        "POST", "/api/orders/checkout", body, token=token, key=uuid.uuid4().hex,
        X_Correlation_Id=correlation_id,
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    assert answer.headers["x-correlation-id"] == correlation_id
    order_id = answer.json()["order_id"]
    if not pay_now:
        # The order's correlation id replaces the client's.
        assert shop.pay(token, order_id).status_code == 200
    shop.await_status(token, order_id, "PROCESSING")

    def lines() -> dict[str, list[dict[str, Any]]]:
        found = {
            function.title: [
                line
                for line in stack.log(function.title)
                if order_id in (line.get("order_id"), *line.get("order_ids", ()))
            ]
            for function in declared()
        }
        return {title: entries for title, entries in found.items() if entries}

    expected = _EXPECTED - (set() if pay_now else {"payments/charge_order"})
    eventually(
        lambda: expected - set(lines()),
        what="no function is missing from the logs",
        until=lambda missing: not missing,
    )
    for title, entries in lines().items():
        for entry in entries:
            named = entry.get("correlation_ids") or [entry.get("correlation_id")]
            assert correlation_id in named, (title, entry)
    (sent,) = (
        line
        for line in lines()["notifications/on_order_confirmed"]
        if line["message"] == "e-mail sent"
    )
    assert sent["message_id"]
    events = stack.query("SELECT correlation_id FROM outbox WHERE aggregate_id = %s", (order_id,))
    assert events
    assert {found for (found,) in events} == {correlation_id}


def test_trace_prints_the_order_and_an_unknown_order_is_an_error(stack: Stack, shop: Shop) -> None:
    token, product = shop.guest(), shop.product(stock=5)
    order_id = shop.order(token, product)["order_id"]
    assert shop.pay(token, order_id).status_code == 200
    shop.await_status(token, order_id, "PROCESSING")

    shown = eventually(
        lambda: run(stack.state, "trace", order_id).stdout,
        what="the story is complete",
        until=lambda told: "order moved  PROCESSING" in told,
        seconds=120,
    )
    position = 0
    for step in (
        "POST /api/orders/checkout  201", "orders/checkout", "state machine checkout",
        "orders/create_order", "event order.created", "inventory/hold_order_stock",
        "POST /api/payments/process  200", "event order.paid", "inventory/on_order_paid",
        "event inventory.confirmed", "orders/on_inventory_confirmed", "event order.confirmed",
        "notifications/on_order_confirmed", "order moved  PROCESSING", "total",
    ):  # fmt: skip
        assert step in shown[position:], f"{step!r} is missing or early in:\n{shown}"
        position = shown.index(step, position)
    assert max(map(len, shown.splitlines())) <= 120
    assert "\x1b" not in shown

    unknown = run(stack.state, "trace", str(uuid.uuid4()), check=False)
    assert unknown.returncode == 1
    assert "There is no order" in unknown.stderr
    assert run(stack.state, "trace", "nonsense", check=False).returncode == 2


def test_the_costs_of_what_has_run_are_printed(stack: Stack, shop: Shop) -> None:
    shop.order(shop.guest(), shop.product(stock=1))
    shown = run(stack.state, "cost").stdout
    for part in ("by flow", "by function", "express_request", "PRESET=large", "The last order"):
        assert part in shown
    compared = run(stack.state, "what-if", "--memory", "512", "--arch", "arm64").stdout
    assert "orders/checkout" in compared
    assert "It assumes" in compared
    refused = run(stack.state, "what-if", "--memory", "64", check=False)
    assert refused.returncode == 2
    assert "MEMORY=64 is not between 128 and 10240 MB" in refused.stderr
