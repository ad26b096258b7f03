"""GET /api/finance/unit-economics: cost, fees and margin of an order, and the floor's share."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import pytest

from shop.domain.orders import OrderStatus
from tests.support.builders import add_order
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.ledger import SOURCE, VERSION, FinanceClient, LedgerBuilder, day
from tests.support.stock import query


class _Business:
    """Orders of one day, and their payments."""

    def __init__(self, container: Container, at: datetime) -> None:
        self.container, self.at = container, at
        self.url = container.settings.database_url

    def pay(
        self, subtotal: int, tax: int, *, fee: int | None = None, currency: str = "USD"
    ) -> UUID:
        order_id = add_order(
            self.container.database,
            OrderStatus.PAID,
            created_at=self.at,
            subtotal_minor=subtotal,
            tax_minor=tax,
            total_minor=subtotal + tax,
        )
        query(
            self.url,
            "INSERT INTO payments (id, order_id, status, amount_minor, currency, payment_method_id,"
            " payment_intent_id) VALUES (gen_random_uuid(), %s, 'succeeded', %s, 'USD', 'pm', %s)",
            (order_id, subtotal + tax, f"pi_{order_id}"),
        )
        if fee is not None:
            query(
                self.url,
                "INSERT INTO payment_fees VALUES (%s, 'txn_1', %s, %s)",
                (f"pi_{order_id}", fee, currency),
            )
        return order_id

    def refund(self, order_id: UUID, amount: int) -> None:
        query(
            self.url,
            "INSERT INTO refunds (payment_intent_id, order_id, amount_minor, reason, status)"
            " VALUES (%s, %s, %s, 'customer', 'succeeded')",
            (f"pi_{order_id}", order_id, amount),
        )


@pytest.fixture
def business(container: Container, noon: datetime) -> _Business:
    return _Business(container, noon)


@pytest.fixture
def _billed(ledger: LedgerBuilder, noon: datetime) -> None:
    for _ in range(3):
        ledger.invocation(noon, gb_seconds="10", api=True)
    ledger.refused(noon)


@pytest.mark.usefixtures("_billed")
def test_what_an_order_costs_and_earns(
    business: _Business, finance: FinanceClient, noon: datetime
) -> None:
    business.pay(10_000, 725, fee=341)
    refunded = business.pay(5_000, 0)
    business.refund(refunded, 5_000)
    add_order(business.container.database, created_at=noon)

    found = finance.read("unit-economics", from_=day(noon), to=day(noon, 1))

    assert found["orders"] == {"placed": 3, "paid": 2}
    # 30 GB-seconds, 3 invocations, 4 requests
    assert found["variable"] == {
        "total": "0.000514601",
        "requests": 4,
        "per_order": "0.0002573005",
        "per_1000_requests": "0.12865025",
    }
    assert found["revenue"] == {
        "currency": "USD",
        "charged": "157.25",
        "refunded": "50.00",
        "tax": "7.25",
        "net": "100.00",
    }
    fees = found["payment_fees"]
    assert (fees["basis"], fees["total"]) == ("mixed", "5.16")
    assert (fees["told_payments"], fees["told_amount"]) == (1, "3.41")
    # 2.9 % of 50.00 and 0.30: Stripe keeps the fee of a charge that is refunded
    assert (fees["estimated_payments"], fees["estimated_amount"]) == (1, "1.75")
    assert fees["list_price"]["source"] == SOURCE
    assert (fees["list_price"]["rate"], fees["list_price"]["fixed"]) == ("0.029", "0.3")
    assert found["margin"] == {
        "total": "94.839485399",
        "per_order": "47.4197426995",
        "unknown_because": None,
    }
    assert found["price_versions"] == [VERSION]


@pytest.mark.usefixtures("_billed")
def test_the_floor_and_its_share_at_each_volume(
    business: _Business, finance: FinanceClient, noon: datetime
) -> None:
    business.pay(10_000, 0, fee=320)

    floor = finance.read("unit-economics", from_=day(noon), to=day(noon, 1))["floor"]

    assert floor["monthly_total"] == "26.28"
    assert [item["name"] for item in floor["items"]] == ["SearchDomain, instance"]
    assert floor["not_declared"] == [
        "message broker", "database", "cache", "NAT gateway", "firewall", "secrets",
    ]  # fmt: skip
    assert "billed by broker-hour" in floor["notes"][0]
    assert "allocation key" in floor["notes"][0]
    shares = {volume["orders_per_month"]: volume for volume in floor["volumes"]}
    assert list(shares) == [1_000, 10_000, 100_000, 1_000_000]
    assert shares[1_000] == {
        "orders_per_month": 1_000,
        "floor_per_order": "0.02628",
        "cost_per_order": "0.026794601",
        "floor_share": "0.980794601",
        "margin_per_order": "96.773205399",
    } | {"floor_share": shares[1_000]["floor_share"]}
    for volume in shares.values():
        share = Decimal(volume["floor_per_order"]) / Decimal(volume["cost_per_order"])
        assert abs(share - Decimal(volume["floor_share"])) < Decimal("1e-12")


@pytest.mark.usefixtures("_billed")
def test_without_a_paid_order_nothing_is_divided(finance: FinanceClient, noon: datetime) -> None:
    found = finance.read("unit-economics", from_=day(noon), to=day(noon, 1))

    assert found["orders"] == {"placed": 0, "paid": 0}
    assert found["variable"]["per_order"] is None
    assert found["payment_fees"]["basis"] == "none"
    assert found["margin"]["per_order"] is None
    assert found["margin"]["total"] == "-0.000514601"
    assert {volume["cost_per_order"] for volume in found["floor"]["volumes"]} == {None}


@pytest.mark.usefixtures("_billed")
def test_all_fees_are_reported_by_stripe(
    business: _Business, finance: FinanceClient, noon: datetime
) -> None:
    business.pay(10_000, 0, fee=320)

    fees = finance.read("unit-economics", from_=day(noon), to=day(noon, 1))["payment_fees"]

    assert (fees["basis"], fees["total"], fees["estimated_payments"]) == (
        "balance_transaction", "3.20", 0,
    )  # fmt: skip


@pytest.mark.usefixtures("_billed")
def test_a_fee_in_another_currency_is_not_counted_as_one_in_the_shops(
    business: _Business, finance: FinanceClient, noon: datetime
) -> None:
    business.pay(10_000, 0, fee=320, currency="EUR")

    fees = finance.read("unit-economics", from_=day(noon), to=day(noon, 1))["payment_fees"]

    assert (fees["basis"], fees["total"]) == ("list_price", "3.20")
    assert fees["told_payments"] == 0


def test_a_price_that_is_missing_is_named(
    shop: Gateway, container: Container, finance: FinanceClient, noon: datetime
) -> None:
    LedgerBuilder(container.database, without=["stripe.card.fixed"]).invocation(noon)

    answer = finance.get("unit-economics")

    assert (answer.status, answer.code) == (500, "price_missing")
    assert "stripe.card.fixed" in answer.json["detail"]
    assert "us-east-1" in answer.json["detail"]
