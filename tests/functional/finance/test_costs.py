"""GET /api/finance/costs: exact sums."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from tests.support.ledger import VERSION, FinanceClient, LedgerBuilder, day


@pytest.fixture
def _billed(ledger: LedgerBuilder, noon: datetime) -> None:
    ledger.invocation(noon, "orders/checkout", gb_seconds="2.5", cold_start=True, api=True)
    ledger.invocation(noon, "orders/checkout", gb_seconds="0.3", redelivered=True, api=True)
    ledger.invocation(noon + timedelta(days=1), "notifications/on_order_confirmed", emails=2)
    ledger.refused(noon)
    ledger.collected(noon + timedelta(days=1, hours=12))


@pytest.mark.usefixtures("_billed")
def test_by_function_and_kind(finance: FinanceClient, noon: datetime) -> None:
    found = finance.read("costs", from_=day(noon), to=day(noon, 2))

    assert found["currency"] == "USD"
    assert found["price_versions"] == [VERSION]
    assert found["complete"]
    groups = {group["key"]: group for group in found["groups"]}
    # 2 e-mails, 1 GB-second, 1 invocation
    assert groups["notifications/on_order_confirmed"]["total"] == "0.0002168667"
    # 2.8 GB-seconds, 2 invocations and 2 requests
    assert groups["orders/checkout"]["total"] == "0.00005406676"
    assert groups["none"]["total"] == "0.0000035"
    assert found["total"] == "0.00027443346"
    kinds = {kind["kind"]: kind for kind in groups["orders/checkout"]["kinds"]}
    assert kinds["lambda_duration"] == {
        "kind": "lambda_duration",
        "items": 2,
        "quantity": "2.8",
        "unit": "GB-second",
        "amount": "0.00004666676",
        "cold_starts": 1,
        "cold_start_amount": "0.00004166675",
        "retries": 1,
        "retry_amount": "0.00000500001",
    }


@pytest.mark.usefixtures("_billed")
@pytest.mark.parametrize(
    ("group_by", "keys"),
    [
        ("function", ["notifications/on_order_confirmed", "orders/checkout", "none"]),
        ("flow", ["fulfilment", "checkout", "none"]),
        ("service", ["notifications", "orders", "none"]),
    ],
)
def test_groups_add_up_with_the_most_expensive_first(
    finance: FinanceClient, noon: datetime, group_by: str, keys: list[str]
) -> None:
    found = finance.read("costs", from_=day(noon), to=day(noon, 2), group_by=group_by)

    assert [group["key"] for group in found["groups"]] == keys
    assert sum(Decimal(group["total"]) for group in found["groups"]) == Decimal(found["total"])
    for group in found["groups"]:
        amounts = [Decimal(kind["amount"]) for kind in group["kinds"]]
        assert sum(amounts) == Decimal(group["total"])


@pytest.mark.usefixtures("_billed")
def test_by_day_in_order(finance: FinanceClient, noon: datetime) -> None:
    found = finance.read("costs", from_=day(noon), group_by="day")

    totals = [(group["key"], group["total"]) for group in found["groups"]]
    assert totals == [(day(noon), "0.00005756676"), (day(noon, 1), "0.0002168667")]


@pytest.mark.usefixtures("_billed")
def test_a_period_without_its_end(finance: FinanceClient, noon: datetime) -> None:
    until = f"{noon + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"

    assert finance.read("costs", from_=day(noon), to=until)["total"] == "0.00005756676"


@pytest.mark.usefixtures("_billed")
def test_a_period_that_is_not_collected_yet_says_so(
    finance: FinanceClient, ledger: LedgerBuilder, noon: datetime
) -> None:
    """The present day always is such a one: its amounts still grow."""
    assert finance.read("costs")["complete"] is False
    assert finance.read("costs", to=day(noon, 1))["complete"] is True
