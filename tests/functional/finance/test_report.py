"""GET /api/finance/report: the page of the ledger's figures."""

from datetime import datetime

from shop.domain.orders import OrderStatus
from tests.support.builders import add_order
from tests.support.containers import Container
from tests.support.ledger import FinanceClient, LedgerBuilder, day, paid_at
from tests.support.pages import Page


def test_it_shows_the_period_and_the_one_before(
    container: Container, finance: FinanceClient, ledger: LedgerBuilder, noon: datetime
) -> None:
    ledger.invocation(noon, "orders/checkout", gb_seconds="3", api=True)
    ledger.invocation(noon.replace(hour=13), "catalog/get_product", api=True)
    order_id = add_order(container.database, OrderStatus.PAID, created_at=noon)
    paid_at(container.settings.database_url, order_id, noon)

    answer = finance.get("report", from_=day(noon), to=day(noon, 1))
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = Page(answer.text)
    assert page.problems == []
    assert {"orders/checkout", "catalog/get_product"} <= set(page.rows("function"))
    # 4 GB-seconds, 2 invocations and 2 requests; one order is paid
    assert page.rows("billed")["All"] == ["$0.07407", "$0.00007407", "100.0\xa0%"]
    assert "does not cover the period before" in page.text

    later = Page(finance.get("report", from_=day(noon, 1), to=day(noon, 2)).text)
    assert "does not cover" not in later.text
    assert later.rows("")["AWS by use"] == ["$0.0000741", "$0", "▼\xa0100.0\xa0%"]
    assert "The ledger holds no costs of this period." in later.text
