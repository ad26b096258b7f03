"""Metrics of the deployed stack."""

import json
from typing import Any

from tests.e2e.client import Shop
from tests.e2e.deployment import Stack


def _metrics(stack: Stack) -> dict[str, Any]:
    """Return the last value of each metric that the collector has written."""
    found = {}
    for line in stack.log("platform/collect_metrics"):
        if "_aws" in line:
            name = line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"]
            (found[name],) = line[name]
    return found


def test_a_purchase_is_in_the_metrics(stack: Stack, shop: Shop) -> None:
    before = shop.get("/api/metrics/business", token=shop.staff)
    token = shop.guest()
    order = shop.order(token, shop.product(stock=5, price=30.0), 2)
    assert shop.pay(token, order["order_id"]).status_code == 200
    shop.await_status(token, order["order_id"], "PROCESSING")

    after = shop.get("/api/metrics/business", token=shop.staff)
    assert after["orders_paid"] == before["orders_paid"] + 1
    assert after["units_sold"] == before["units_sold"] + 2
    assert round(after["revenue"] - before["revenue"], 2) == order["total"]

    answer = stack.aws("lambda").invoke(FunctionName=stack.function("platform/collect_metrics"))
    assert "FunctionError" not in answer, answer
    assert json.load(answer["Payload"])["dead"] >= 0
    metrics = _metrics(stack)
    assert metrics["RevenueDaily"] >= order["total"]
    assert metrics["AverageOrderValue"] > 0
    assert metrics["InventoryTurnover"] > 0
    assert metrics["DatabaseConnections"] > 0
    assert metrics["PaymentsInDoubt"] == 0
    assert {"QueueDepth", "DeadLettersWaiting"} <= set(metrics)
