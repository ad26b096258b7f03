"""GET /api/finance/orders/{order_id}/cost: items that add up, and never a silent zero."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from shop.domain.ids import new_id
from shop.domain.orders import OrderStatus
from shop.services.finance import costs
from tests.support.builders import add_order
from tests.support.containers import Container
from tests.support.ledger import FinanceClient, LedgerBuilder
from tests.support.stock import query

_SECOND = timedelta(seconds=1)


@pytest.fixture
def _begun(ledger: LedgerBuilder) -> None:
    ledger.invocation(datetime.now(UTC) - timedelta(days=3), "platform/get_health")


def _placed(container: Container, at: datetime, **changes: Any) -> UUID:
    order_id = add_order(container.database, OrderStatus.PENDING, created_at=at, **changes)
    url = container.settings.database_url
    query(url, "UPDATE orders SET updated_at = created_at WHERE id = %s", (order_id,))
    query(url, "UPDATE order_timeline SET occurred_at = %s WHERE order_id = %s", (at, order_id))
    return order_id


@pytest.mark.usefixtures("_begun")
def test_every_item_of_an_order_in_time_order(
    container: Container, finance: FinanceClient, ledger: LedgerBuilder
) -> None:
    at, user = datetime.now(UTC) - timedelta(hours=1), new_id()
    order_id = _placed(container, at, user_id=user)
    others = sorted([new_id(), new_id()])
    ledger.invocation(at - 9 * _SECOND, "identity/create_session", user=user, api=True)
    ledger.invocation(at - 8 * _SECOND, "catalog/get_product", user=user, gb_seconds="0.125")
    ledger.invocation(at - 7 * _SECOND, "cart/add_item", user=user, cold_start=True, api=True)
    ledger.invocation(at - 6 * _SECOND, "cart/add_item", user=new_id())
    ledger.invocation(at + _SECOND, orders=[order_id], user=user, api=True)
    ledger.invocation(
        at + 5 * _SECOND, "inventory/on_order_paid", orders=[order_id, *others], redelivered=True
    )
    ledger.collected(at + timedelta(minutes=2))

    found = finance.read(f"orders/{order_id}/cost")

    assert found["order_id"] == str(order_id)
    assert found["currency"] == "USD"
    assert found["complete"] is True
    items = found["items"]
    assert sum(Decimal(item["amount"]) for item in items) == Decimal(found["total"])
    assert all(first["at"] <= second["at"] for first, second in pairwise(items))
    assert [flow["flow"] for flow in found["flows"]] == [
        "identity", "browse", "cart", "checkout", "fulfilment",
    ]  # fmt: skip
    totals = {flow["flow"]: Decimal(flow["total"]) for flow in found["flows"]}
    assert sum(totals.values()) == Decimal(found["total"])
    assert totals["browse"] == Decimal("0.0000022833375")
    assert totals["cart"] == Decimal("0.0000203667")
    # A third of 0.0000166667 and of 0.0000002, in fifteen places; its id is the lowest of the three.
    assert totals["fulfilment"] == Decimal("0.000005622233332")
    (shared,) = {item["shared_by"] for item in items if item["flow"] == "fulfilment"}
    assert shared == 3
    assert all(item["retry"] for item in items if item["flow"] == "fulfilment")
    assert [item["kind"] for item in items if item["cold_start"]] == ["lambda_duration"]


@pytest.mark.usefixtures("_begun")
def test_it_is_not_complete_before_its_logs_are_collected(
    container: Container, finance: FinanceClient, ledger: LedgerBuilder
) -> None:
    at = datetime.now(UTC) - timedelta(minutes=5)
    order_id = _placed(container, at)
    ledger.collected(at + 5 * _SECOND)

    found = finance.read(f"orders/{order_id}/cost")
    assert (found["complete"], found["total"], found["items"]) == (False, "0", [])

    ledger.invocation(at, orders=[order_id])
    ledger.collected(at + timedelta(minutes=2))
    found = finance.read(f"orders/{order_id}/cost")
    assert (found["complete"], found["total"]) == (True, "0.0000168667")


@pytest.mark.usefixtures("_begun")
def test_an_order_that_is_older_than_the_ledger(
    container: Container, finance: FinanceClient, ledger: LedgerBuilder
) -> None:
    order_id = _placed(container, datetime.now(UTC) - timedelta(days=5))
    ledger.invocation(datetime.now(UTC), "orders/ship_order", orders=[order_id])

    answer = finance.get(f"orders/{order_id}/cost")

    assert (answer.status, answer.code) == (404, "costs_not_recorded")
    assert "before the ledger begins" in answer.json["detail"]


@pytest.mark.usefixtures("_begun")
def test_an_order_whose_logs_were_lost_is_not_reported_as_free(
    container: Container, finance: FinanceClient, ledger: LedgerBuilder
) -> None:
    at = datetime.now(UTC) - timedelta(hours=1)
    order_id = _placed(container, at)
    ledger.collected(at + timedelta(minutes=30))

    answer = finance.get(f"orders/{order_id}/cost")

    assert (answer.status, answer.code) == (404, "costs_not_recorded")


def test_before_anything_is_collected(container: Container, finance: FinanceClient) -> None:
    order_id = _placed(container, datetime.now(UTC))

    answer = finance.get(f"orders/{order_id}/cost")

    assert (answer.status, answer.code) == (404, "costs_not_recorded")


@pytest.mark.usefixtures("_begun")
@pytest.mark.parametrize("order_id", [UUID(int=7), "no-id"])
def test_an_order_that_does_not_exist(finance: FinanceClient, order_id: object) -> None:
    answer = finance.get(f"orders/{order_id}/cost")

    assert (answer.status, answer.code) == (404, "order_not_found")


@pytest.mark.usefixtures("_begun")
def test_a_long_session_fits_into_an_answer(
    container: Container,
    finance: FinanceClient,
    ledger: LedgerBuilder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at, user = datetime.now(UTC) - timedelta(hours=1), new_id()
    order_id = _placed(container, at, user_id=user)
    for seconds in range(1, 9):
        ledger.invocation(at - seconds * _SECOND, "catalog/get_product", user=user, api=True)
    ledger.invocation(at, orders=[order_id])
    ledger.invocation(at + _SECOND, orders=[order_id])
    whole = finance.read(f"orders/{order_id}/cost")

    monkeypatch.setattr(costs, "MOST_ITEMS", 20)
    folded = finance.read(f"orders/{order_id}/cost")

    assert [item["count"] for item in whole["items"]] == [1] * 28
    assert sorted(item["count"] for item in folded["items"]) == [1, 1, 1, 1, 8, 8, 8]
    assert folded["total"] == whole["total"]
    assert folded["flows"] == whole["flows"]
    assert sum(Decimal(item["amount"]) for item in folded["items"]) == Decimal(folded["total"])
    for item in folded["items"]:
        assert Decimal(item["quantity"]) * Decimal(item["unit_price"]) == Decimal(item["amount"])
    assert sorted(folded["items"], key=lambda item: item["at"]) == folded["items"]
